import fc from 'fast-check';
import type { StorageError } from './backing-device';
import { createFaultyDevice, type FaultyDevice } from './faulty-device';

const SECTOR_BYTES = 512;
const SECTOR_COUNT = 64;

/** mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A clock that only moves when asked to. */
function createClock() {
  const due: { at: number; order: number; callback: () => void }[] = [];
  let now = 0;
  let order = 0;
  const step = (): boolean => {
    due.sort((a, b) => a.at - b.at || a.order - b.order);
    const next = due.shift();
    if (next === undefined) return false;
    now = next.at;
    next.callback();
    return true;
  };
  return {
    schedule: (delayMs: number, callback: () => void) => void due.push({ at: now + delayMs, order: order++, callback }),
    step,
    runAll: () => {
      while (step());
    },
  };
}

function createDisk(seed: number, rates: { writeErrorRate?: number } = {}) {
  const clock = createClock();
  const disk = createFaultyDevice(
    { name: 'sim', sizeBytes: SECTOR_COUNT * SECTOR_BYTES, delayMinMs: 0, delayMaxMs: 10, ...rates },
    { schedule: clock.schedule, random: randomFrom(seed) },
  );
  return { clock, disk };
}

const sectorValue = (disk: FaultyDevice, sector: number): number => {
  const data = disk.peek(sector * SECTOR_BYTES, SECTOR_BYTES);
  const value = data[0] ?? -1;
  if (!data.every((byte) => byte === value)) throw new Error(`sector ${sector} is mixed`);
  return value;
};

const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      sector: fc.nat(55),
      count: fc.integer({ min: 1, max: 8 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('flush' as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('step' as const) }) },
);

test('after a crash every sector holds a value that the contract allows, and stays readable', () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.array(action, { maxLength: 60 }),
      fc.constantFrom('process', 'power'),
      (seed, actions, what) => {
        const { clock, disk } = createDisk(seed);
        /** Per sector: values that may be there after a crash of this kind; the last completed one is first. */
        const allowed = Array.from({ length: SECTOR_COUNT }, () => ({ completed: [0], unfinished: new Set<number>() }));
        const busy = new Set<number>();
        let value = 0;
        for (const made of actions) {
          if (made.kind === 'step') clock.step();
          else if (made.kind === 'flush') {
            const before = allowed.map((sector) => sector.completed.length);
            disk.flush((error) => {
              if (error) return;
              // Only what was complete when the flush was called is certain now; later values may come on top.
              allowed.forEach((sector, i) => sector.completed.splice(0, (before[i] ?? 1) - 1));
              before.fill(1);
            });
            clock.runAll();
          } else {
            const range = Array.from({ length: made.count }, (_, i) => made.sector + i);
            // Overlapping writes are serialised by the caller.
            if (range.some((sector) => busy.has(sector))) continue;
            value = (value % 250) + 1;
            const written = value;
            range.forEach((sector) => {
              busy.add(sector);
              allowed[sector]?.unfinished.add(written);
            });
            disk.write(made.sector * SECTOR_BYTES, [Buffer.alloc(made.count * SECTOR_BYTES, written)], () =>
              range.forEach((sector) => {
                busy.delete(sector);
                allowed[sector]?.unfinished.delete(written);
                allowed[sector]?.completed.push(written);
              }),
            );
          }
        }
        disk.crash(what as 'process' | 'power');
        const after = allowed.map((_, sector) => sectorValue(disk, sector));
        after.forEach((found, i) => {
          const { completed, unfinished } = allowed[i] ?? { completed: [], unfinished: new Set<number>() };
          const possible = what === 'power' ? completed : completed.slice(-1);
          expect([...possible, ...unfinished]).toContain(found);
        });
        clock.runAll();
        expect(allowed.map((_, sector) => sectorValue(disk, sector))).toEqual(after);
      },
    ),
    { numRuns: 500 },
  );
});

test('a power cut does lose unflushed writes, and never flushed ones', () => {
  let lost = 0;
  for (let seed = 0; seed < 50; seed++) {
    const { clock, disk } = createDisk(seed);
    disk.write(0, [Buffer.alloc(512, 1)], () => {});
    clock.runAll();
    disk.flush(() => {});
    clock.runAll();
    disk.write(512, [Buffer.alloc(512, 2)], () => {});
    clock.runAll();
    disk.crash('power');
    expect(sectorValue(disk, 0)).toBe(1);
    if (sectorValue(disk, 1) === 0) lost += 1;
  }
  expect(lost).toBeGreaterThan(10);
  expect(lost).toBeLessThan(45);
});

test('the same seed gives the same history', () => {
  const history = (seed: number): string[] => {
    const { clock, disk } = createDisk(seed, { writeErrorRate: 0.3 });
    const lines: string[] = [];
    for (let i = 0; i < 20; i++) {
      disk.write(i * 1024, [Buffer.alloc(1024, i)], (error) => lines.push(`${i} ${error?.code ?? 'ok'}`));
    }
    clock.runAll();
    lines.push(JSON.stringify(disk.crash('power')));
    return lines;
  };
  expect(history(5)).toEqual(history(5));
  expect(history(5)).not.toEqual(history(6));
  expect(history(5).filter((line) => line.endsWith('EIO')).length).toBeGreaterThan(0);
});

test('a stalled disk completes nothing, and everything once it resumes', () => {
  const { clock, disk } = createDisk(1);
  const answers: (StorageError | null)[] = [];
  disk.stall();
  disk.write(0, [Buffer.alloc(512, 1)], (error) => answers.push(error));
  clock.runAll();
  expect(answers).toEqual([]);
  disk.resume();
  expect(answers).toEqual([null]);
});
