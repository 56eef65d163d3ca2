import fc from 'fast-check';
import type { WriteLeg } from '../request/application-writes';
import { SendEpochs, type SendEpoch } from './send-epochs';

/** The epochs only count and keep legs; what is in one is the business of others. */
const LEG = {} as WriteLeg;

function bench(maxEpochSize = 2048, firstNumber = 1) {
  /** What goes out, in order: `w1` for a write in epoch 1, `B1` for its barrier. */
  const wire: string[] = [];
  let idleWanted = 0;
  let nowMs = 1000;
  const epochs = new SendEpochs(
    maxEpochSize,
    {
      sendBarrier: (number) => void wire.push(`B${number}`),
      nowMs: () => nowMs,
      scheduleIdle: () => void idleWanted++,
    },
    firstNumber,
  );
  const write = (): SendEpoch => {
    const epoch = epochs.enter();
    epoch.legs.push(LEG);
    wire.push(`w${epoch.number}`);
    return epoch;
  };
  return { epochs, wire, write, idleWanted: () => idleWanted, setNowMs: (ms: number) => void (nowMs = ms) };
}

describe('where barriers go (wire.md 6.7)', () => {
  test('before the next write after a completion', () => {
    const { epochs, wire, write } = bench();
    const first = write();
    write();
    epochs.writeCompleted(first);
    expect(wire).toEqual(['w1', 'w1']);
    write();
    expect(wire).toEqual(['w1', 'w1', 'B1', 'w2']);
  });

  test('a completion in an epoch that is closed already closes nothing else', () => {
    const { epochs, wire, write } = bench();
    const [first, second] = [write(), write()];
    epochs.writeCompleted(first);
    write();
    epochs.writeCompleted(second);
    write();
    expect(wire).toEqual(['w1', 'w1', 'B1', 'w2', 'w2']);
  });

  test('when the sender runs idle', () => {
    const { epochs, wire, write, idleWanted } = bench();
    const [first, second] = [write(), write()];
    epochs.idle();
    expect([wire, idleWanted()]).toEqual([['w1', 'w1'], 0]);
    epochs.writeCompleted(first);
    epochs.writeCompleted(second);
    expect(idleWanted()).toBe(1);
    epochs.idle();
    epochs.idle();
    expect(wire).toEqual(['w1', 'w1', 'B1']);
  });

  test('when the epoch is full', () => {
    const { wire, write } = bench(2);
    for (let i = 0; i < 5; i++) write();
    expect(wire).toEqual(['w1', 'w1', 'B1', 'w2', 'w2', 'B2', 'w3']);
  });

  test('when somebody waits for stability', () => {
    const { epochs, wire, write } = bench();
    const done = jest.fn();
    expect(epochs.whenStable(done)).toBe(false);
    write();
    expect(epochs.whenStable(done)).toBe(true);
    expect(wire).toEqual(['w1', 'B1']);
    // Nothing new was written: the same epoch serves the next one too.
    expect(epochs.whenStable(done)).toBe(true);
    expect(wire).toEqual(['w1', 'B1']);
    const [acknowledged] = epochs.acknowledged(1, 1) ?? [];
    expect(acknowledged?.waiters.length).toBe(2);
    expect(epochs.whenStable(done)).toBe(false);
    expect(done).not.toHaveBeenCalled();
  });

  test('numbers wrap at 2^32', () => {
    const { epochs, wire, write } = bench(1, 0xffffffff);
    write();
    write();
    expect(wire).toEqual(['w4294967295', 'B4294967295', 'w0']);
    expect(epochs.acknowledged(0xffffffff, 1)?.map(({ number }) => number)).toEqual([0xffffffff]);
  });
});

describe('acknowledgements', () => {
  test('only for the oldest open epoch, with the number of its writes', () => {
    const { epochs, write } = bench(2);
    for (let i = 0; i < 5; i++) write();
    expect(epochs.acknowledged(2, 2)).toBeNull();
    expect(epochs.acknowledged(1, 1)).toBeNull();
    expect(epochs.acknowledged(1, 2)?.map(({ legs }) => legs.length)).toEqual([2]);
    expect(epochs.acknowledged(1, 2)).toBeNull();
    expect(epochs.acknowledged(2, 2)?.map(({ number }) => number)).toEqual([2]);
    // Epoch 3 has no barrier yet.
    expect(epochs.acknowledged(3, 1)).toBeNull();
  });

  test('of an epoch with a write that was sent back may never come, or late', () => {
    const { epochs, write } = bench(2);
    const [first] = [write(), write(), write(), write(), write(), write(), write()];
    const numbers = (number: number, setSize: number) => epochs.acknowledged(number, setSize)?.map((one) => one.number);
    expect(numbers(2, 2)).toBeUndefined();
    if (first !== undefined) first.sentBackCount = 1;
    expect(numbers(3, 2)).toBeUndefined();
    expect(numbers(2, 2)).toEqual([1, 2]);
    expect(numbers(1, 1)).toEqual([]);
    expect(numbers(1, 1)).toBeUndefined();
    expect(numbers(3, 2)).toEqual([3]);
  });

  test('of an epoch with an unanswered write must come', () => {
    const { epochs, write } = bench(1);
    const [first] = [write(), write(), write()];
    if (first === undefined) throw new Error('no epoch');
    first.sentBackCount = 1;
    first.legs[0] = { pending: true } as WriteLeg;
    expect(epochs.acknowledged(2, 1)).toBeNull();
    expect(epochs.acknowledged(1, 0)?.length).toBe(1);
  });

  test('may count the writes that were sent back, or not', () => {
    for (const [setSize, fits] of [
      [0, false],
      [1, true],
      [2, true],
      [3, false],
    ] as const) {
      const { epochs, write } = bench(2);
      const [first] = [write(), write(), write()];
      if (first !== undefined) first.sentBackCount = 1;
      expect(epochs.acknowledged(1, setSize) !== null).toBe(fits);
    }
  });

  test('that may never come are not waited for', () => {
    const { epochs, write } = bench(1);
    const done = jest.fn();
    const [first, second] = [write(), write()];
    if (first === undefined || second === undefined) throw new Error('no epoch');
    expect(epochs.whenStable(done)).toBe(true);
    expect(epochs.oldestBarrierMs).toBe(1000);
    for (const epoch of [second, first]) {
      expect(done).not.toHaveBeenCalled();
      epoch.sentBackCount = 1;
      epochs.answered(epoch);
    }
    expect(done).toHaveBeenCalledTimes(1);
    expect(epochs.oldestBarrierMs).toBeNull();
    expect(epochs.whenStable(done)).toBe(false);
    write();
    expect(epochs.whenStable(done)).toBe(true);
  });

  test('the oldest barrier without one ages from when it was sent', () => {
    const { epochs, write, setNowMs } = bench(1);
    expect(epochs.oldestBarrierMs).toBeNull();
    write();
    setNowMs(2000);
    write();
    setNowMs(3000);
    write();
    expect(epochs.oldestBarrierMs).toBe(2000);
    epochs.acknowledged(1, 1);
    expect(epochs.oldestBarrierMs).toBe(3000);
  });

  test('a lost link gives back every epoch that is not known to be stable, oldest first', () => {
    const { epochs, write } = bench(2);
    for (let i = 0; i < 5; i++) write();
    epochs.acknowledged(1, 2);
    expect(epochs.lost().map(({ number, legs }) => [number, legs.length])).toEqual([
      [2, 2],
      [3, 1],
    ]);
    expect(epochs.oldestBarrierMs).toBeNull();
    expect(epochs.acknowledged(2, 2)).toBeNull();
  });
});

test('a write after a completion is in a later epoch, and a barrier stands between any two epochs', () => {
  type Step = 'write' | 'complete' | 'idle' | 'stable';
  const step = fc.constantFrom<Step>('write', 'write', 'write', 'complete', 'idle', 'stable');
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.tuple(step, fc.nat(20)), { maxLength: 80 }),
      (max, workload) => {
        const { epochs, wire, write } = bench(max);
        const incomplete: SendEpoch[] = [];
        let youngestCompleted = 0;
        for (const [kind, which] of workload) {
          if (kind === 'write') {
            const epoch = write();
            expect(epoch.number).toBeGreaterThan(youngestCompleted);
            incomplete.push(epoch);
          } else if (kind === 'complete') {
            const [epoch] = incomplete.splice(which % Math.max(1, incomplete.length), 1);
            if (epoch === undefined) continue;
            youngestCompleted = Math.max(youngestCompleted, epoch.number);
            epochs.writeCompleted(epoch);
          } else if (kind === 'idle') epochs.idle();
          else epochs.whenStable(() => undefined);
        }
        epochs.whenStable(() => undefined);
        // Every epoch: between one and `max` writes, then its barrier, numbers without a gap.
        let number = 1;
        const sizes: number[] = [];
        for (let at = 0; at < wire.length; number++) {
          let size = 0;
          while (wire[at] === `w${number}`) {
            at++;
            size++;
          }
          expect(size).toBeGreaterThan(0);
          expect(size).toBeLessThanOrEqual(max);
          expect(wire[at++]).toBe(`B${number}`);
          sizes.push(size);
        }
        sizes.forEach((size, i) =>
          expect(epochs.acknowledged(i + 1, size)?.map(({ number }) => number)).toEqual([i + 1]),
        );
      },
    ),
    { numRuns: 300 },
  );
});
