/** What a command works with: the configuration as far as this host is concerned, and the means to carry out plans. */
import {
  bytesOf,
  isIgnored,
  isSameHost,
  isStacked,
  loadConfiguration,
  processSurroundings,
  resolveResource,
  type CliIo,
  type ConfigSource,
  type Configuration,
  type LoadedConfiguration,
  type ResolvedResource,
  type ResourceSection,
  type Viewer,
  type Surroundings,
} from '@tsdrbd/config';
import { AdmExit, EXIT } from './adm-exit';
import type { Invocation } from './command-line/invocation';
import { commandRow } from './commands/command-table';
import type { Directory } from './commands/resource-words';
import type { Target } from './commands/target';
import { Executor } from './execute/executor';
import { programsOf, type Programs, type TimeLimits } from './execute/programs';
import { isGiven } from './plan/emitted-options';
import { proxiesHere } from './plan/proxy';
import type { AdmSystem, ProgramNames } from './system';

export class RunContext {
  readonly programs: Programs;
  readonly executor: Executor;
  readonly directory: Directory;
  private readonly resolved = new Map<ResourceSection, ResolvedResource | null>();
  private diagnosticsTold = 0;

  constructor(
    readonly invocation: Invocation,
    private readonly config: LoadedConfiguration,
    readonly io: CliIo,
    readonly system: AdmSystem,
    readonly hostName: string,
  ) {
    this.tellDiagnostics();
    if (!isPlainDump(invocation)) {
      config.expand();
      this.tellDiagnostics();
      if (config.isStopped) throw new AdmExit(config.exitCode, '');
    }
    this.programs = programsOf(invocation.settings, io, system.names, {
      timeLimitsS: timeLimits(config.configuration),
      startProgram: system.startProgram,
    });
    this.executor = new Executor(this);
    this.directory = this.makeDirectory();
  }

  get names(): ProgramNames {
    return this.system.names;
  }

  get isOnTerminal(): boolean {
    return isTerminal(this.io);
  }

  get configuration(): Configuration {
    return this.config.configuration;
  }

  get isValid(): boolean {
    return this.config.isValid;
  }

  /** null: read from stdin. */
  get configFile(): string | null {
    return this.invocation.settings.configFile === '-' ? null : this.configuration.file;
  }

  /** The sections that concern this host. */
  get sections(): readonly ResourceSection[] {
    return this.configuration.resources.filter((section) => !isIgnored(section));
  }

  selectableResources(): readonly ResolvedResource[] {
    return this.selectable().flatMap((section) => this.resolve(section) ?? []);
  }

  /** What `all` means: stacked resources with -S, the others without. */
  selectable(): readonly ResourceSection[] {
    const { stacked } = this.invocation.settings;
    return this.sections.filter((section) => isStacked(section) === stacked && this.concerns(section));
  }

  /** The proxy commands see only what has a proxy here. */
  private concerns(section: ResourceSection): boolean {
    if (!this.isProxyCommand) return true;
    const resource = this.resolve(section);
    return resource?.connections.some((connection) => proxiesHere(connection, this.hostName).length > 0) ?? false;
  }

  /** null: this host takes no part in it, or only as a proxy. */
  resolve(section: ResourceSection): ResolvedResource | null {
    let resource = this.resolved.get(section);
    if (resource === undefined) {
      // dump shows what resync-after names, not the minor number that the engine is given.
      resource =
        (isDump(this.invocation) ? this.asWritten(section) : this.config.resolve(section, this.viewer)) ?? null;
      this.tellDiagnostics();
      this.resolved.set(section, resource);
    }
    return resource;
  }

  private asWritten(section: ResourceSection): ResolvedResource | undefined {
    this.config.computePeers(section);
    return resolveResource(section);
  }

  /** Errors: AdmExit 10, with what is wrong told before. */
  validate({ resource, origin }: Pick<Target, 'resource' | 'origin'>): void {
    const section = this.config.find(resource.name);
    if (section === undefined) return;
    this.checkSection(section);
    const problem = this.addressProblem(section, origin);
    if (problem !== null) throw new AdmExit(EXIT.config, problem);
  }

  /** The checks without the address. Errors: AdmExit 10, with what is wrong told before. */
  checkSection(section: ResourceSection): void {
    this.config.validate(section);
    this.tellDiagnostics();
    if (!this.isValid) throw new AdmExit(EXIT.config, '');
  }

  /** null: the address of this host is configured here, or it does not matter. Source: adm.md 1.11. */
  addressProblem(section: ResourceSection, origin: Target['origin']): string | null {
    const { command, settings, backendOptions } = this.invocation;
    if (commandRow(command).checksAddress !== true) return null;
    if (settings.dryRun && !isTerminal(this.io)) return null;
    if (command.startsWith('adjust') && isGiven(backendOptions, 'skip-net')) return null;
    if (isStacked(section) && !settings.stacked && origin === 'all') return null;
    return this.config.missingOwnAddress(section) ?? null;
  }

  computePeers(section: ResourceSection): void {
    this.config.computePeers(section);
  }

  private tellDiagnostics(): void {
    for (const { severity, text } of this.config.diagnostics.slice(this.diagnosticsTold)) {
      if (severity !== 'note' || this.invocation.settings.verbosity > 0) this.io.stderr.write(`${text}\n`);
    }
    this.diagnosticsTold = this.config.diagnostics.length;
  }

  /** This host runs a proxy for the resource, and nothing else of it. */
  isProxyOnly(name: string): boolean {
    return this.sections.find((section) => section.name === name)?.proxyOnly === true;
  }

  private refusal(name: string): string | null {
    if (!this.isProxyOnly(name) || this.isProxyCommand) return null;
    return `'${name}' ignored, since this host (${this.hostName}) is a proxy node, not a DRBD node.`;
  }

  /** A host that only runs a proxy takes no part in other commands. */
  private get viewer(): Viewer {
    return this.isProxyCommand || this.invocation.command.startsWith('adjust') ? 'proxy-host' : 'drbd-host';
  }

  get isProxyCommand(): boolean {
    return this.invocation.command === 'proxy-up' || this.invocation.command === 'proxy-down';
  }

  private makeDirectory(): Directory {
    const resolve = (section: ResourceSection | undefined) =>
      section === undefined || !this.concerns(section) ? null : this.resolve(section);
    return {
      find: (name) => resolve(this.sections.find((section) => section.name === name)),
      findMinor: (minor) =>
        resolve(this.sections.find(({ me }) => me?.volumes.some((volume) => volume.minor === minor))),
      refusal: (name) => this.refusal(name),
      isLocalHost: (name, { hosts }) =>
        isSameHost(name, this.hostName) ||
        hosts.some(({ isMe, names }) => isMe && names.some((candidate) => isSameHost(candidate, name))),
      sameHost: isSameHost,
    };
  }
}

/** Errors: AdmExit with what is wrong told before. */
export async function loadContext(
  invocation: Invocation,
  configFile: string,
  io: CliIo,
  system: AdmSystem,
): Promise<RunContext> {
  const hostName = bytesOf(io.env['__DRBD_NODE__'] ?? system.hostName);
  const source: ConfigSource =
    configFile === '-' ? { kind: 'stdin', text: await readAll(io) } : { kind: 'file', path: configFile };
  const surroundings: Surroundings = {
    ...processSurroundings({ env: io.env, isTerminal: isTerminal(io) }),
    nodeName: hostName,
    addressState: system.addressState,
  };
  const { testFiles, excludedFiles } = invocation.settings;
  const loaded = loadConfiguration({ source, testFiles, excludedFiles }, { reader: system.reader, surroundings });
  if (loaded.kind === 'refused') {
    const told = loaded.diagnostics.filter(({ severity }) => severity !== 'note' || invocation.settings.verbosity > 0);
    throw new AdmExit(loaded.exitCode, told.map(({ text }) => text).join('\n'));
  }
  return new RunContext(invocation, loaded.config, io, system, hostName);
}

/** It shows what the file says, before anything is inherited. */
function isPlainDump(invocation: Invocation): boolean {
  const { settings } = invocation;
  return isDump(invocation) && !settings.dryRun && settings.verbosity === 0;
}

function isDump({ command }: Invocation): boolean {
  return command === 'dump' || command === 'dump-xml';
}

function timeLimits({ global }: Configuration): TimeLimits {
  return {
    short: global.commandTimeoutShort,
    medium: global.commandTimeoutMedium,
    long: global.commandTimeoutLong,
    forever: 0,
  };
}

function isTerminal(io: CliIo): boolean {
  if (io.stdout.isTTY !== true) return false;
  const { stdin } = io;
  return 'isTTY' in stdin && stdin.isTTY === true;
}

async function readAll({ stdin }: CliIo): Promise<string> {
  let bytes = '';
  for await (const chunk of stdin) bytes += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('latin1');
  return bytes;
}
