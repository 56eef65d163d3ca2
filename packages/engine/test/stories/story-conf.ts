/**
 * The few words of drbd.conf that the recorded stories use: volumes, disk and net options. The real parser is
 * packages/config; this keeps the engine's tests free of it.
 */
import type { OptionValues } from '../../src/core';

export interface StoryVolume {
  readonly volume: number;
  readonly minor: number;
  /** Name of the backing disk: `vda`. */
  readonly disk: string;
}

export interface StoryConf {
  readonly volumes: readonly StoryVolume[];
  readonly net: OptionValues;
  readonly diskOptions: OptionValues;
  /** The story configures handlers. Without, the module's call ends with exit code 0 and nothing runs. */
  readonly handlers: boolean;
}

type Statement = { readonly words: readonly string[]; readonly body: readonly Statement[] | null };

export function parseStoryConf(text: string): StoryConf {
  const resource = statements(tokensOf(text)).find(({ words }) => words[0] === 'resource')?.body ?? [];
  const sections = (name: string): readonly Statement[] =>
    resource.filter(({ words, body }) => body !== null && words[0] === name).flatMap(({ body }) => body ?? []);
  const volumes = resource.filter(({ words }) => words[0] === 'volume');
  const diskOptions = optionsOf(sections('disk'));
  const { fencing, ...ofDisk } = diskOptions;
  return {
    volumes:
      volumes.length === 0
        ? [volumeOf(0, resource)]
        : volumes.map(({ words, body }) => volumeOf(Number(words[1]), body ?? [])),
    // `fencing` was a disk option in 8.4, and is a net option since 9.
    net: { ...optionsOf(sections('net')), ...(fencing === undefined ? {} : { fencing }) },
    diskOptions: ofDisk,
    handlers: sections('handlers').length > 0,
  };
}

function volumeOf(volume: number, body: readonly Statement[]): StoryVolume {
  const find = (name: string): readonly string[] =>
    body.find(({ words, body: inner }) => inner === null && words[0] === name)?.words ?? [];
  return {
    volume,
    minor: Number(find('device')[2] ?? 0),
    disk: (find('disk')[1] ?? '').replace('/dev/', ''),
  };
}

function optionsOf(body: readonly Statement[]): OptionValues {
  return Object.fromEntries(body.map(({ words: [name = '', value] }) => [name, optionValue(name, value)]));
}

/** As the control API carries them: numbers in the option's unit, flags as booleans. */
export function optionValue(name: string, value: string | undefined): string | number | boolean {
  if (value === undefined) return true;
  const [, digits, suffix] = /^(\d+)([kKMG]?)$/.exec(value) ?? [];
  if (digits === undefined) return value;
  // resync-rate counts KiB/s, size counts sectors.
  const unitBytes = name === 'resync-rate' ? 1024 : name === 'size' ? 512 : 1;
  const scale = { '': unitBytes, k: 1024, K: 1024, M: 1024 ** 2, G: 1024 ** 3 }[suffix ?? ''] ?? 1;
  return (Number(digits) * scale) / unitBytes;
}

function tokensOf(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|[{};]|[^\s{};"]+/g)].map(([token, quoted]) => quoted ?? token);
}

function statements(tokens: string[]): Statement[] {
  const found: Statement[] = [];
  let words: string[] = [];
  for (let token = tokens.shift(); token !== undefined && token !== '}'; token = tokens.shift()) {
    if (token === ';') {
      if (words.length > 0) found.push({ words, body: null });
      words = [];
    } else if (token === '{') {
      found.push({ words, body: statements(tokens) });
      words = [];
    } else words.push(token);
  }
  return found;
}
