/** No input makes the loader throw, hang or lose its temper: mutated valid files end in messages and an exit code. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { dump, loadConfiguration, memoryReader } from '../src';
import { CONFIGS, recordingHost } from './golden-cases';

const files = readdirSync(CONFIGS)
  .filter((name) => name.endsWith('.conf'))
  .map((name) => readFileSync(join(CONFIGS, name), 'utf8'));

const MUTATIONS = 6000;

/** Pieces that change what the parser does next. */
const pieces = fc.constantFrom(
  ...['{', '}', ';', '"', '\\', '#', '\n', ':', '[', ']', ' ', 'é', '\0', '-', '9999999999', 'x'.repeat(200)],
  ...['skip', 'volume 0 {', 'disk', 'net {', 'on alice', 'include "*";', 'resource', 'connection {', 'path {'],
  ...['host alice', 'address 10.0.0.1:1', 'floating', 'template-file "a";', 'stacked-on-top-of r0 {', 'proxy on a {'],
  ...['_this_host {', 'resync-after r0/1;', 'no-', '::', 'ipv6 [fd::1]:1', 'hosts alice bob;', 'common {'],
);

interface Edit {
  readonly at: number;
  readonly deleted: number;
  readonly piece: string;
}

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  deleted: fc.integer({ min: 0, max: 12 }),
  piece: fc.oneof(pieces, fc.constant('')),
});

function mutate(text: string, edits: readonly Edit[]): string {
  return edits.reduce((current, { at, deleted, piece }) => {
    const offset = Math.floor(at * current.length);
    return current.slice(0, offset) + piece + current.slice(offset + deleted);
  }, text);
}

function play(text: string): number {
  const reader = memoryReader({ '/etc/drbd.conf': text, '/etc/a': text });
  const loaded = loadConfiguration(
    { source: { kind: 'file', path: '/etc/drbd.conf' } },
    { reader, surroundings: recordingHost('alice') },
  );
  if (loaded.kind === 'refused') {
    expect(loaded.diagnostics.some(({ severity }) => severity === 'stop' || severity === 'late')).toBe(true);
    return loaded.exitCode;
  }
  const options = { nodeName: 'alice', names: [], addresses: 'unchecked' } as const;
  dump(loaded.config, { ...options, format: 'text', detail: 'written', inheritance: 'hidden' });
  loaded.config.resolveAll();
  dump(loaded.config, { ...options, format: 'xml', detail: 'expanded', inheritance: 'shown' });
  return loaded.config.exitCode;
}

it('answers every mutated configuration with an exit code', () => {
  const seen = new Set<number>();
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: files.length - 1 }),
      fc.array(edit, { minLength: 0, maxLength: 5 }),
      (index, edits) => {
        seen.add(play(mutate(files[index] ?? '', edits)));
      },
    ),
    { numRuns: MUTATIONS },
  );
  // The mutations are worth something only if some files survive them and others do not.
  expect([...seen].sort((a, b) => a - b)).toEqual(expect.arrayContaining([0, 10]));
});

it('answers any text at all with an exit code', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
      expect([0, 1, 10, 20]).toContain(play(text));
    }),
    { numRuns: 1000 },
  );
});

it('gives up on deep nesting without exhausting the stack', () => {
  expect(play(`resource r { ${'skip { '.repeat(100_000)}`)).toBe(10);
});
