import fc from 'fast-check';
import { lockedRange, RangeLocks, type LockedRange } from './range-locks';

type Step =
  | { readonly kind: 'enter'; readonly start: number; readonly length: number }
  | { readonly kind: 'leave'; readonly which: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('enter' as const),
    // Around the seams of regions of 256 sectors.
    start: fc.oneof(fc.nat(800), fc.constantFrom(0, 248, 255, 256, 257, 504, 511, 512)),
    length: fc.oneof(fc.constantFrom(1, 8, 256), fc.integer({ min: 1, max: 700 })),
  }),
  fc.record({ kind: fc.constant('leave' as const), which: fc.nat(50) }),
);

interface Entered {
  readonly order: number;
  readonly range: LockedRange;
}

const overlap = (a: LockedRange, b: LockedRange): boolean => a.start < b.end && b.start < a.end;

test('overlapping ranges run one at a time, first come, first served, and all of them in the end', () => {
  let waits = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (workload) => {
      const locks = new RangeLocks();
      const present: Entered[] = [];
      const running: Entered[] = [];
      const ran: number[] = [];
      let entered = 0;

      const enter = (start: number, length: number): void => {
        const order = entered++;
        const range = lockedRange(start, start + length, () => {
          const self = { order, range };
          for (const other of running) expect(overlap(range, other.range)).toBe(false);
          // Whatever overlaps and came earlier has left.
          for (const other of present) expect(other.order < order && overlap(range, other.range)).toBe(false);
          running.push(self);
          ran.push(order);
        });
        present.push({ order, range });
        const free = !present.some((other) => other.order < order && overlap(range, other.range));
        locks.enter(range);
        // Nobody waits without need.
        expect(ran.includes(order)).toBe(free);
        if (!free) waits++;
      };
      const leave = (which: number): void => {
        const [gone] = running.splice(which % running.length, 1);
        if (gone === undefined) return;
        present.splice(
          present.findIndex(({ order }) => order === gone.order),
          1,
        );
        locks.leave(gone.range);
      };

      for (const one of workload) {
        if (one.kind === 'enter') enter(one.start, one.length);
        else if (running.length > 0) leave(one.which);
        expect(locks.size).toBe(present.length);
        for (const [start, end] of [
          [0, 1],
          [250, 260],
          [500, 900],
        ] as const) {
          expect(locks.overlaps(start, end)).toBe(present.some(({ range }) => range.start < end && start < range.end));
        }
      }
      while (running.length > 0) leave(0);
      expect([...ran].sort((a, b) => a - b)).toEqual(Array.from({ length: entered }, (_, i) => i));
      expect(locks.size).toBe(0);
      expect(locks.overlaps(0, 2000)).toBe(false);
    }),
    { numRuns: 300 },
  );
  expect(waits).toBeGreaterThan(0);
});
