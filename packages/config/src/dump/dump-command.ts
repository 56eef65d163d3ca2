/** What `dump` prints and how it ends, for all resources or some. Sources: config.md 7.4 to 7.6, 8.1. */
import { EXIT_INVALID, EXIT_OK, EXIT_USAGE, isStacked, type ResourceSection } from '../model';
import type { LoadedConfiguration } from '../load';
import { dumpConfiguration, dumpResource, type DumpOptions } from './dump';
import { dumpConfigurationXml, dumpResourceXml } from './dump-xml';

export interface DumpRequest extends DumpOptions {
  /** `dump` or `dump-xml`. */
  readonly format: 'text' | 'xml';
  /** Resources by name; none: the whole configuration. */
  readonly names: readonly string[];
  /** `-d`: with inheritance applied, but otherwise as written. */
  readonly inheritance: 'shown' | 'hidden';
  /** Whether the own addresses must exist; a dry run that is not on a terminal skips it. */
  readonly addresses: 'checked' | 'unchecked';
}

export interface DumpResult {
  readonly stdout: string;
  /** Messages that the configuration has not reported itself. */
  readonly messages: readonly string[];
  readonly exitCode: number;
}

export function dump(config: LoadedConfiguration, request: DumpRequest): DumpResult {
  if (request.inheritance === 'shown' || request.detail === 'expanded') config.expand();
  if (config.isStopped) return { stdout: '', messages: [], exitCode: config.exitCode };
  return request.names.length === 0 ? dumpAll(config, request) : dumpNamed(config, request);
}

function dumpAll(config: LoadedConfiguration, request: DumpRequest): DumpResult {
  const { resources } = config.configuration;
  for (const resource of resources) {
    config.validate(resource);
    if (!config.isValid) return { stdout: '', messages: [], exitCode: EXIT_INVALID };
  }
  const candidates = request.addresses === 'checked' ? resources : [];
  const messages = candidates.flatMap((resource) =>
    isStacked(resource) ? [] : (config.missingOwnAddress(resource) ?? []),
  );
  if (messages.length > 0) return { stdout: '', messages, exitCode: EXIT_INVALID };
  return { stdout: writeAll(config, request), messages: [], exitCode: EXIT_OK };
}

function writeAll({ configuration }: LoadedConfiguration, request: DumpRequest): string {
  return request.format === 'xml'
    ? dumpConfigurationXml(configuration, request.detail)
    : dumpConfiguration(configuration, request);
}

function writeOne(resource: ResourceSection, request: DumpRequest): string {
  return request.format === 'xml' ? dumpResourceXml(resource, request.detail) : dumpResource(resource, request);
}

function dumpNamed(config: LoadedConfiguration, request: DumpRequest): DumpResult {
  const messages: string[] = [];
  let stdout = '';
  let exitCode = EXIT_OK;
  for (const name of request.names) {
    const resource = findLocal(config, name);
    if (resource === undefined) {
      messages.push(`'${name}' not defined in your config (for this host).`);
      exitCode = EXIT_USAGE;
      continue;
    }
    config.validate(resource);
    if (!config.isValid) return { stdout, messages, exitCode: EXIT_INVALID };
    const message = request.addresses === 'checked' ? config.missingOwnAddress(resource) : undefined;
    if (message !== undefined) messages.push(message);
    config.computePeers(resource);
    stdout += writeOne(resource, request);
  }
  return { stdout, messages, exitCode };
}

function findLocal(config: LoadedConfiguration, name: string): ResourceSection | undefined {
  const resource = config.find(name);
  return resource?.me === undefined ? undefined : resource;
}
