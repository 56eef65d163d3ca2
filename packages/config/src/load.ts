/** From a file name to a checked configuration. Phases and exit codes: config.md 0, 1.1. */
import {
  ConfigError,
  EXIT_CANNOT_OPEN,
  EXIT_INVALID,
  EXIT_OK,
  defaultGlobalSettings,
  type Configuration,
  type ConfigReader,
  type Diagnostic,
  type ResolvedResource,
  type ResourceSection,
  type Surroundings,
} from './model';
import { parseFile } from './parser/file';
import { isValid, newParseRun, type ParseRun } from './parser/parse-run';
import { expand } from './resolve/expand';
import { postParse } from './resolve/post-parse';
import { computePeers } from './resolve/peers';
import { resolveResource, type Viewer } from './resolve/resolved-resource';
import { resolveResyncAfter } from './resolve/resync-after';
import { missingOwnAddress, validateResource } from './resolve/validate';

/** `search`: the first file of DRBD's list that is there. */
export type ConfigSource =
  | { readonly kind: 'search' }
  | { readonly kind: 'file'; readonly path: string }
  /** Text of no file: relative includes start at the current directory. */
  | { readonly kind: 'stdin'; readonly text: string };

export interface LoadOptions {
  readonly source: ConfigSource;
  /** `-t`: read after the main file. */
  readonly testFiles?: readonly string[];
  /** `-E`: taken as read already. */
  readonly excludedFiles?: readonly string[];
}

export interface LoadDependencies {
  readonly reader: ConfigReader;
  readonly surroundings: Surroundings;
}

export type LoadResult =
  | { readonly kind: 'loaded'; readonly config: LoadedConfiguration }
  /** Nothing can be done with it; the messages say why. */
  | { readonly kind: 'refused'; readonly diagnostics: readonly Diagnostic[]; readonly exitCode: number };

/** Where the configuration is, if no file is named: the first that is there. Source: config.md 0. */
export const SEARCHED_FILES = [
  '/etc/drbd-90.conf',
  '/etc/drbd-84.conf',
  '/etc/drbd-83.conf',
  '/etc/drbd-82.conf',
  '/etc/drbd-08.conf',
  '/etc/drbd.conf',
];

export function loadConfiguration(options: LoadOptions, dependencies: LoadDependencies): LoadResult {
  const main = openMain(options.source, dependencies.reader);
  if (main.kind === 'refused') return main;
  const configuration: Configuration = {
    file: main.canonical,
    openedAs: main.openedAs,
    global: defaultGlobalSettings(),
    common: undefined,
    resources: [],
  };
  const run = newParseRun(configuration, dependencies);
  for (const path of options.excludedFiles ?? []) run.filesRead.add(run.reader.realpath(path));
  try {
    parseFile(run, main);
    for (const path of options.testFiles ?? []) parseTestFile(run, path);
    if (!isValid(run)) return { kind: 'refused', diagnostics: run.diagnostics, exitCode: EXIT_INVALID };
    postParse(run);
  } catch (error) {
    return refused(run, error);
  }
  return { kind: 'loaded', config: new LoadedConfiguration(run) };
}

interface MainFile {
  readonly kind: 'text';
  readonly text: string;
  readonly openedAs: string;
  readonly canonical: string;
}

type Refused = Extract<LoadResult, { kind: 'refused' }>;

function openMain(source: ConfigSource, reader: ConfigReader): MainFile | Refused {
  switch (source.kind) {
    case 'stdin':
      return { kind: 'text', text: source.text, openedAs: 'STDIN', canonical: 'STDIN' };
    case 'file': {
      const { path } = source;
      const read = reader.readFile(path);
      if (read.kind === 'text')
        return { kind: 'text', text: read.text, openedAs: path, canonical: reader.realpath(path) };
      const text =
        read.kind === 'directory' ? `Cannot parse directory '${path}' as config file.` : `Can not open '${path}'.`;
      return { kind: 'refused', diagnostics: [{ severity: 'stop', text }], exitCode: EXIT_CANNOT_OPEN };
    }
    case 'search': {
      for (const path of SEARCHED_FILES) {
        const read = reader.readFile(path);
        if (read.kind === 'text')
          return { kind: 'text', text: read.text, openedAs: path, canonical: reader.realpath(path) };
      }
      const text = "Can not open '/etc/drbd.conf': No such file or directory";
      return { kind: 'refused', diagnostics: [{ severity: 'stop', text }], exitCode: EXIT_INVALID };
    }
  }
}

function parseTestFile(run: ParseRun, path: string): void {
  const read = run.reader.readFile(path);
  if (read.kind !== 'text') throw new ConfigError(`Can not open '${path}'.`, EXIT_CANNOT_OPEN);
  const canonical = run.reader.realpath(path);
  parseFile(run, { text: read.text, openedAs: canonical, canonical });
}

function refused(run: ParseRun, error: unknown): Refused {
  // Anything else is a bug, not an event in the user's day.
  if (!(error instanceof ConfigError)) throw error;
  const last: Diagnostic[] = error.text === '' ? [] : [{ severity: 'stop', text: error.text }];
  return { kind: 'refused', diagnostics: [...run.diagnostics, ...last], exitCode: error.exitCode };
}

/** A configuration that could be read. It may still be invalid: `diagnostics` and `isValid` grow with each phase. */
export class LoadedConfiguration {
  private expanded = false;
  private stopped: number | undefined;
  private readonly withPeers = new Set<ResourceSection>();
  private readonly withMinors = new Set<ResourceSection>();

  constructor(private readonly run: ParseRun) {}

  get configuration(): Configuration {
    return this.run.configuration;
  }

  /** Everything to be said so far, in order. */
  get diagnostics(): readonly Diagnostic[] {
    return this.run.diagnostics;
  }

  get isValid(): boolean {
    return isValid(this.run);
  }

  /** The inheritance ran into something that ends every command at once. */
  get isStopped(): boolean {
    return this.stopped !== undefined;
  }

  /** What a command that uses a resource ends with if the configuration is the reason. */
  get exitCode(): number {
    return this.stopped ?? (this.isValid ? EXIT_OK : EXIT_INVALID);
  }

  /** Applies inheritance, once; every command but a plain `dump` needs it. */
  expand(): void {
    if (this.expanded) return;
    this.expanded = true;
    try {
      expand(this.run);
    } catch (error) {
      const { diagnostics, exitCode } = refused(this.run, error);
      this.run.diagnostics.splice(0, Infinity, ...diagnostics);
      this.stopped = exitCode;
    }
  }

  /** The checks of a resource that a command is about to use. */
  validate(resource: ResourceSection): void {
    validateResource(this.run, resource);
  }

  /** Finds the peers of a resource, once; it must be expanded for their options to be complete. */
  computePeers(resource: ResourceSection): void {
    if (this.withPeers.has(resource)) return;
    this.withPeers.add(resource);
    computePeers(resource);
  }

  /** The message about an own address that no interface has. */
  missingOwnAddress(resource: ResourceSection): string | undefined {
    if (this.configuration.global.disableIpVerification) return undefined;
    return missingOwnAddress(resource, this.run.surroundings);
  }

  /**
   * This host's view of a resource, with everything inherited and its peers found; undefined if this host takes no
   * part in it. Check `isValid` afterwards: inheritance may have found contradictions.
   */
  resolve(resource: ResourceSection, viewer?: Viewer): ResolvedResource | undefined {
    this.expand();
    this.computePeers(resource);
    if (!this.withMinors.has(resource)) {
      this.withMinors.add(resource);
      resolveResyncAfter(this.run, resource);
    }
    return resolveResource(resource, viewer);
  }

  /** The views of all resources that this host takes part in, in configuration order. */
  resolveAll(): readonly ResolvedResource[] {
    return this.configuration.resources.flatMap((resource) => this.resolve(resource) ?? []);
  }

  find(name: string): ResourceSection | undefined {
    return this.configuration.resources.find((resource) => resource.name === name);
  }
}
