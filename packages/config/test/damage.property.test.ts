/**
 * Bytes of valid files are damaged: the loader neither throws nor hangs, and what it refuses it refuses with a message
 * that says where.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { dump, loadConfiguration, memoryReader, type Diagnostic, type Surroundings } from '../src';
import { CONFIGS, recordingHost } from './golden-cases';

const FILES_DAMAGED = 20_000;
const SLOWEST_MS = 5_000;

const surroundings: Surroundings = recordingHost('alice');

const validFiles = readdirSync(CONFIGS)
  .filter((name) => name.endsWith('.conf') && !name.startsWith('invalid'))
  .map((name) => readFileSync(join(CONFIGS, name)))
  .filter((bytes) => isAccepted(bytes.toString('utf8')));

function isAccepted(text: string): boolean {
  const loaded = load(text);
  return loaded.kind === 'loaded' && loaded.config.isValid;
}

function load(text: string) {
  const reader = memoryReader({ '/drbd.conf': text });
  return loadConfiguration({ source: { kind: 'file', path: '/drbd.conf' } }, { reader, surroundings });
}

type Damage =
  | { readonly kind: 'flip'; readonly mask: number }
  | { readonly kind: 'set'; readonly byte: number }
  | { readonly kind: 'delete'; readonly count: number }
  | { readonly kind: 'insert'; readonly bytes: Uint8Array }
  | { readonly kind: 'repeat'; readonly count: number }
  | { readonly kind: 'cut-off' };

const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), mask: fc.integer({ min: 1, max: 255 }) }),
  fc.record({
    kind: fc.constant('set' as const),
    byte: fc.constantFrom(...Buffer.from('{};"\\#:[] \n\0\xff0z', 'latin1')),
  }),
  fc.record({ kind: fc.constant('delete' as const), count: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ kind: fc.constant('insert' as const), bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }) }),
  fc.record({ kind: fc.constant('repeat' as const), count: fc.integer({ min: 1, max: 200 }) }),
  fc.constant({ kind: 'cut-off' as const }),
);

function damaged(bytes: Uint8Array, at: number, what: Damage): Uint8Array {
  const offset = Math.floor(at * bytes.length);
  const [before, rest] = [bytes.subarray(0, offset), bytes.subarray(offset)];
  switch (what.kind) {
    case 'flip':
      return Buffer.concat([before, Buffer.from([(bytes[offset] ?? 0) ^ what.mask]), rest.subarray(1)]);
    case 'set':
      return Buffer.concat([before, Buffer.from([what.byte]), rest.subarray(1)]);
    case 'delete':
      return Buffer.concat([before, rest.subarray(what.count)]);
    case 'insert':
      return Buffer.concat([before, what.bytes, rest]);
    case 'repeat':
      return Buffer.concat([before, rest.subarray(0, what.count), rest]);
    case 'cut-off':
      return before;
  }
}

/** Messages of DRBD that name a resource or an option instead of a line. */
const WITHOUT_LINE = [
  /^Resource name is (empty|invalid)/,
  /^"connection-mesh" \(for "/,
  /^Could not get drbd-module-version/,
  / is not a valid number$/,
  /^Cannot open|^Can not open/,
];

function isLocated({ text }: Diagnostic): boolean {
  return /^\S+:\d+: /.test(text) || WITHOUT_LINE.some((pattern) => pattern.test(text));
}

/** What is wrong, and whether each of it says where. */
function examine(text: string): 'accepted' | 'refused' {
  const loaded = load(text);
  if (loaded.kind === 'loaded') {
    const { config } = loaded;
    const options = { nodeName: 'alice', names: [], addresses: 'unchecked' } as const;
    dump(config, { ...options, format: 'text', detail: 'written', inheritance: 'hidden' });
    config.resolveAll();
    dump(config, { ...options, format: 'xml', detail: 'expanded', inheritance: 'shown' });
  }
  const diagnostics = loaded.kind === 'loaded' ? loaded.config.diagnostics : loaded.diagnostics;
  const errors = diagnostics.filter(({ severity }) => severity === 'stop' || severity === 'late');
  const isRefused = loaded.kind === 'refused' || loaded.config.exitCode !== 0;
  expect(errors.length > 0).toBe(isRefused);
  expect(errors.filter((diagnostic) => !isLocated(diagnostic))).toEqual([]);
  return isRefused ? 'refused' : 'accepted';
}

it('has enough valid files to damage', () => {
  expect(validFiles.length).toBeGreaterThan(80);
});

it(`${FILES_DAMAGED} damaged files are read, or refused with a message that says where`, () => {
  const seen = { accepted: 0, refused: 0 };
  let slowestMs = 0;
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: validFiles.length - 1 }),
      fc.array(fc.tuple(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), damage), {
        minLength: 1,
        maxLength: 3,
      }),
      (index, damages) => {
        const start = performance.now();
        const valid = validFiles[index] ?? Buffer.alloc(0);
        const bytes = damages.reduce<Uint8Array>((current, [at, what]) => damaged(current, at, what), valid);
        seen[examine(Buffer.from(bytes).toString('utf8'))] += 1;
        slowestMs = Math.max(slowestMs, performance.now() - start);
      },
    ),
    { numRuns: FILES_DAMAGED },
  );
  expect(slowestMs).toBeLessThan(SLOWEST_MS);
  // Damage that nobody notices, or that everybody does, would not try much.
  expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(FILES_DAMAGED / 20);
}, 120_000);
