import fc from 'fast-check';
import {
  AL_EXTENT_FREE,
  AL_UPDATES_PER_TRANSACTION,
  alTransactionBlockOffset,
  encodeAlInitialised,
  encodeAlTransaction,
  replayActivityLog,
  type AlTransactionInput,
} from '../../metadata';
import { ActivityLog } from './activity-log';

const GEOMETRY = { stripes: 1, stripeSize4k: 8 } as const;
const BLOCK_BYTES = 4096;

/** The log on its disk, and a twin that knows nothing but slots and counters. */
class Bench {
  readonly log: ActivityLog;
  readonly area = new Uint8Array(GEOMETRY.stripeSize4k * BLOCK_BYTES);
  /** Extent by slot, as the stable transactions leave them. */
  readonly stable: number[];
  readonly references = new Map<number, number>();
  readonly transactions: AlTransactionInput[] = [];
  readonly running: { readonly first: number; readonly last: number }[] = [];
  waiting = 0;
  grantOrder: number[] = [];
  /** What the disk or the eviction still owes, one step at a time. */
  private step: (() => void) | null = null;
  private madeStable = new Set<number>();

  constructor(slotCount: number) {
    this.stable = new Array<number>(slotCount).fill(AL_EXTENT_FREE);
    for (let at = 0; at < this.area.length; at += BLOCK_BYTES) this.area.set(encodeAlInitialised(), at);
    this.log = new ActivityLog(slotCount, {
      beforeEviction: (extents, done) => {
        expect(extents.length).toBeGreaterThan(0);
        this.owe(() => {
          this.madeStable = new Set(extents);
          done();
        });
      },
      writeTransaction: (transaction, done) => {
        this.checkEvictions(transaction);
        this.owe(() => {
          this.write(transaction);
          done();
        });
      },
    });
  }

  acquire(first: number, last: number, ticket: number): void {
    const granted = (): void => {
      this.waiting--;
      this.grantOrder.push(ticket);
      for (let extent = first; extent <= last; extent++) {
        expect(this.stable).toContain(extent);
        this.references.set(extent, (this.references.get(extent) ?? 0) + 1);
      }
      this.running.push({ first, last });
    };
    this.waiting++;
    if (this.log.acquire(first, last, granted)) granted();
  }

  release(which: number): void {
    const [range] = this.running.splice(which % this.running.length, 1);
    if (range === undefined) return;
    for (let extent = range.first; extent <= range.last; extent++) {
      this.references.set(extent, (this.references.get(extent) ?? 0) - 1);
    }
    this.log.release(range.first, range.last);
  }

  /** The disk finishes one thing; false if nothing is under way. */
  advance(): boolean {
    const { step } = this;
    this.step = null;
    step?.();
    return step !== null;
  }

  /** A crash at this moment: what replay would mark covers whatever may be under way. */
  checkReplay(): void {
    const replay = replayActivityLog(this.area, GEOMETRY);
    const hot = replay.kind === 'updates' ? replay.hotExtents : new Set<number>();
    if (this.transactions.length > 0) expect(replay.kind).toBe('updates');
    for (const [extent, count] of this.references) {
      if (count > 0) expect([extent, hot.has(extent), this.log.isReferenced(extent)]).toEqual([extent, true, true]);
    }
  }

  private owe(step: () => void): void {
    // One transaction at a time.
    expect(this.step).toBeNull();
    this.step = step;
  }

  private checkEvictions({ updates }: AlTransactionInput): void {
    expect(updates.length).toBeGreaterThan(0);
    expect(updates.length).toBeLessThanOrEqual(AL_UPDATES_PER_TRANSACTION);
    for (const { slot, extent } of updates) {
      expect(extent).not.toBe(AL_EXTENT_FREE);
      const dropped = this.stable[slot] ?? AL_EXTENT_FREE;
      if (dropped === AL_EXTENT_FREE) continue;
      expect([dropped, this.references.get(dropped) ?? 0]).toEqual([dropped, 0]);
      expect([dropped, this.madeStable.has(dropped)]).toEqual([dropped, true]);
    }
    this.madeStable = new Set();
  }

  private write(transaction: AlTransactionInput): void {
    expect(transaction.transactionNumber).toBe(this.transactions.length);
    expect(transaction.context.extents).toEqual(
      this.stable.slice(transaction.context.slot, transaction.context.slot + transaction.context.extents.length),
    );
    const offset = alTransactionBlockOffset(transaction.transactionNumber, GEOMETRY.stripes, GEOMETRY.stripeSize4k);
    this.area.set(encodeAlTransaction(transaction), offset);
    for (const { slot, extent } of transaction.updates) this.stable[slot] = extent;
    this.transactions.push(transaction);
    const used = this.stable.filter((extent) => extent !== AL_EXTENT_FREE);
    expect(new Set(used).size).toBe(used.length);
  }
}

type Step =
  | { readonly kind: 'acquire'; readonly first: number; readonly count: number }
  | { readonly kind: 'release'; readonly which: number }
  | { readonly kind: 'disk' };

const steps = (extentCount: number): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({
          kind: fc.constant('acquire' as const),
          first: fc.nat(extentCount),
          count: fc.integer({ min: 1, max: 3 }),
        }),
      },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('release' as const), which: fc.nat(100) }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('disk' as const) }) },
    ),
    { maxLength: 120 },
  );

test.each([
  [7, 12],
  [7, 200],
  [67, 90],
  [1237, 5000],
])('%d slots, extents up to %d: safe at every moment, and everybody is served', (slotCount, extentCount) => {
  let evictions = 0;
  fc.assert(
    fc.property(steps(extentCount), (workload) => {
      const bench = new Bench(slotCount);
      let tickets = 0;
      for (const step of workload) {
        if (step.kind === 'acquire') bench.acquire(step.first, step.first + step.count - 1, tickets++);
        else if (step.kind === 'release') bench.release(step.which);
        else bench.advance();
        bench.checkReplay();
        expect(bench.log.usedCount).toBeLessThanOrEqual(slotCount);
      }
      // The healing act: the disk answers, writes end, nobody is left behind.
      for (let i = 0; bench.waiting > 0 || bench.running.length > 0; i++) {
        expect(i).toBeLessThan(2000);
        if (!bench.advance()) bench.release(0);
        bench.checkReplay();
      }
      expect(bench.grantOrder.length).toBe(tickets);
      const logged = bench.transactions.reduce((sum, { updates }) => sum + updates.length, 0);
      evictions += logged - bench.log.usedCount;
    }),
    { numRuns: 60 },
  );
  if (extentCount > 10 * slotCount) expect(evictions).toBeGreaterThan(0);
});

describe('one transaction for many', () => {
  test('what comes while one is written shares the next, up to 64 updates', () => {
    const bench = new Bench(257);
    for (let i = 0; i < 100; i++) bench.acquire(i, i, i);
    while (bench.advance());
    expect(bench.transactions.map(({ updates }) => updates.length)).toEqual([1, 64, 35]);
    expect(bench.grantOrder).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(bench.log.writeCount).toBe(3);
  });

  test('a log of more slots than one transaction describes stays whole while the ring goes round', () => {
    const bench = new Bench(1237);
    for (let i = 0; i < 1237; i++) bench.acquire(i, i, i);
    while (bench.advance());
    expect(bench.waiting).toBe(0);
    // One slot changes hands again and again: the updates of all others are overwritten, their context remains.
    const filled = bench.transactions.length;
    for (let i = 0; i < 3 * GEOMETRY.stripeSize4k; i++) {
      bench.release(0);
      bench.acquire(5000 + i, 5000 + i, 1237 + i);
      while (bench.advance());
      bench.checkReplay();
    }
    expect(bench.transactions.length).toBe(filled + 3 * GEOMETRY.stripeSize4k);
  });

  test('a hot extent costs no transaction, referenced or idle', () => {
    const bench = new Bench(7);
    bench.acquire(3, 3, 0);
    while (bench.advance());
    bench.acquire(3, 3, 1);
    expect(bench.grantOrder).toEqual([0, 1]);
    bench.release(0);
    bench.release(0);
    expect(bench.log.isHot(3)).toBe(true);
    bench.acquire(3, 3, 2);
    expect(bench.grantOrder).toEqual([0, 1, 2]);
    expect(bench.transactions.length).toBe(1);
  });

  test('an extent whose transaction is not stable is not granted to the next one either', () => {
    const bench = new Bench(7);
    bench.acquire(3, 3, 0);
    bench.acquire(3, 3, 1);
    expect(bench.grantOrder).toEqual([]);
    while (bench.advance());
    expect(bench.grantOrder).toEqual([0, 1]);
    expect(bench.transactions.length).toBe(1);
  });

  test('the least recently used extent leaves first, a referenced one never', () => {
    const bench = new Bench(7);
    for (let i = 0; i < 7; i++) bench.acquire(i, i, i);
    while (bench.advance());
    // 0 stays referenced; 2 is released before 1.
    bench.release(2);
    bench.release(1);
    bench.acquire(50, 50, 7);
    while (bench.advance());
    expect([0, 1, 2, 50].map((extent) => bench.log.isHot(extent))).toEqual([true, true, false, true]);
    bench.acquire(51, 52, 8);
    while (bench.advance());
    // Two are needed, one is idle: it waits.
    expect(bench.waiting).toBe(1);
    expect(bench.log.isHot(1)).toBe(true);
    bench.release(0);
    while (bench.advance());
    expect(bench.waiting).toBe(0);
  });

  test('a request wider than the log is refused, not forgotten', () => {
    const bench = new Bench(7);
    expect(() => bench.log.acquire(0, 7, () => undefined)).toThrow('a request over 8 activity-log extents');
    expect(() => bench.log.release(0, 0)).toThrow('extent 0 released once too often');
  });
});
