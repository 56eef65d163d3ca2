import fc from 'fast-check';
import { BARRIER_FLUSH_DELAY_MS, ReceiveEpochs, UNACKNOWLEDGED_WRITES_MAX, type ReceiveEpoch } from './receive-epochs';

/** A disk whose flush ends when the test says so, a clock that fires when the test says so. */
function bench() {
  const acks: string[] = [];
  const flushes: ((isStable: boolean) => void)[] = [];
  let unstableCount = 0;
  const timers: { delayMs: number; run: () => void; cancelled: boolean }[] = [];
  const epochs = new ReceiveEpochs({
    flush: (done) => void flushes.push(done),
    unstable: () => void unstableCount++,
    acknowledge: (barrier, setSize) => void acks.push(`${barrier}:${setSize}`),
    after: (delayMs, run) => {
      const timer = { delayMs, run, cancelled: false };
      timers.push(timer);
      return { cancel: () => void (timer.cancelled = true) };
    },
  });
  return {
    epochs,
    acks,
    flushCount: () => flushes.length,
    endFlush: (index = flushes.length - 1, isStable = true) => flushes[index]?.(isStable),
    unstableCount: () => unstableCount,
    pendingTimers: () => timers.filter(({ cancelled }) => !cancelled),
    fire: () => {
      for (const timer of timers.splice(0)) if (!timer.cancelled) timer.run();
    },
    writes: (count: number): ReceiveEpoch[] => Array.from({ length: count }, () => epochs.enter()),
    complete: (entered: readonly ReceiveEpoch[]) => entered.forEach((epoch) => epochs.completed(epoch)),
  };
}

describe('when a barrier is acknowledged (wire.md 6.7)', () => {
  test('after its writes are complete and a flush ended, with their number', () => {
    const { epochs, acks, writes, complete, fire, flushCount, endFlush, pendingTimers } = bench();
    const three = writes(3);
    epochs.barrier(7);
    complete(three.slice(1));
    expect(pendingTimers()).toEqual([]);
    complete(three.slice(0, 1));
    expect(pendingTimers().map(({ delayMs }) => delayMs)).toEqual([BARRIER_FLUSH_DELAY_MS]);
    expect(flushCount()).toBe(0);
    fire();
    expect([flushCount(), acks]).toEqual([1, []]);
    endFlush();
    expect(acks).toEqual(['7:3']);
  });

  test('never, if the flush failed or the disk is gone: the connection is to end', () => {
    const failed = bench();
    failed.complete(failed.writes(1));
    failed.epochs.barrier(7);
    failed.fire();
    failed.endFlush(0, false);
    expect([failed.acks, failed.unstableCount()]).toEqual([[], 1]);

    const gone = bench();
    gone.epochs.diskLost();
    expect(gone.unstableCount()).toBe(0);
    gone.writes(1);
    gone.epochs.diskLost();
    expect(gone.unstableCount()).toBe(1);
  });

  test('without a barrier nothing is flushed', () => {
    const { writes, complete, pendingTimers, flushCount } = bench();
    complete(writes(5));
    expect([pendingTimers(), flushCount()]).toEqual([[], 0]);
  });

  test('one flush serves all epochs that are complete when it begins, in order', () => {
    const { epochs, acks, writes, complete, fire, flushCount, endFlush } = bench();
    complete(writes(2));
    epochs.barrier(10);
    complete(writes(1));
    epochs.barrier(11);
    epochs.barrier(12);
    fire();
    endFlush();
    expect([acks, flushCount()]).toEqual([['10:2', '11:1', '12:0'], 1]);
  });

  test('an epoch that completes while a flush runs needs another', () => {
    const { epochs, acks, writes, complete, fire, flushCount, endFlush } = bench();
    complete(writes(1));
    epochs.barrier(1);
    fire();
    complete(writes(4));
    epochs.barrier(2);
    expect(flushCount()).toBe(1);
    endFlush();
    expect(acks).toEqual(['1:1']);
    fire();
    expect(flushCount()).toBe(2);
    expect(acks).toEqual(['1:1']);
    endFlush();
    expect(acks).toEqual(['1:1', '2:4']);
  });

  test('a younger complete epoch waits for the older one', () => {
    const { epochs, acks, writes, complete, fire, endFlush, flushCount } = bench();
    const old = writes(1);
    epochs.barrier(1);
    complete(writes(1));
    epochs.barrier(2);
    fire();
    expect([flushCount(), acks]).toEqual([0, []]);
    complete(old);
    fire();
    endFlush();
    expect(acks).toEqual(['1:1', '2:1']);
  });

  test('hurry: at once, where it would have waited a moment', () => {
    const { epochs, writes, complete, flushCount, pendingTimers } = bench();
    complete(writes(1));
    epochs.hurry();
    expect(flushCount()).toBe(0);
    epochs.barrier(1);
    expect([flushCount(), pendingTimers().length]).toEqual([0, 1]);
    epochs.hurry();
    expect([flushCount(), pendingTimers().length]).toEqual([1, 0]);
  });

  test('hurry before the last write completed counts still', () => {
    const { epochs, writes, complete, flushCount } = bench();
    const one = writes(1);
    epochs.barrier(1);
    epochs.hurry();
    expect(flushCount()).toBe(0);
    complete(one);
    expect(flushCount()).toBe(1);
  });

  test('hurry while a flush runs holds for what came after it began', () => {
    const { epochs, acks, writes, complete, flushCount, endFlush, fire } = bench();
    complete(writes(1));
    epochs.barrier(1);
    fire();
    complete(writes(1));
    epochs.barrier(2);
    epochs.hurry();
    endFlush();
    expect([flushCount(), acks]).toEqual([2, ['1:1']]);
    endFlush();
    expect(acks).toEqual(['1:1', '2:1']);
    // The hint is used up.
    complete(writes(1));
    epochs.barrier(3);
    expect(flushCount()).toBe(2);
  });

  test('many unacknowledged writes do not wait', () => {
    const { epochs, writes, complete, flushCount } = bench();
    complete(writes(UNACKNOWLEDGED_WRITES_MAX - 1));
    epochs.barrier(1);
    expect(flushCount()).toBe(0);
    complete(writes(1));
    epochs.barrier(2);
    expect(flushCount()).toBe(1);
  });

  test('a connection that went away acknowledges nothing', () => {
    const { epochs, acks, writes, complete, fire, endFlush, flushCount } = bench();
    complete(writes(1));
    epochs.barrier(1);
    fire();
    epochs.stop();
    endFlush();
    epochs.barrier(2);
    fire();
    expect([acks, flushCount()]).toEqual([[], 1]);
  });
});

test('whatever the order of completions, every barrier is acknowledged once, in order, after a flush that covers it', () => {
  type Step = 'write' | 'complete' | 'barrier' | 'hurry' | 'timer' | 'flushed';
  const step = fc.constantFrom<Step>('write', 'write', 'complete', 'complete', 'barrier', 'hurry', 'timer', 'flushed');
  fc.assert(
    fc.property(fc.array(fc.tuple(step, fc.nat(20)), { maxLength: 80 }), (workload) => {
      /** Per epoch: writes, and those still incomplete. */
      const twin: { writes: number; open: number; covered: boolean }[] = [{ writes: 0, open: 0, covered: false }];
      const acks: [number, number][] = [];
      const pending: { epoch: ReceiveEpoch; index: number }[] = [];
      let flushed: (() => void) | null = null;
      let timer: (() => void) | null = null;
      const epochs = new ReceiveEpochs({
        flush: (done) => {
          expect(flushed).toBeNull();
          const covers = twin.filter(({ open }, i) => open === 0 && i < twin.length - 1);
          flushed = () => {
            for (const epoch of covers) epoch.covered = true;
            done(true);
          };
        },
        unstable: () => undefined,
        acknowledge: (barrier, setSize) => {
          expect(twin[barrier]?.covered).toBe(true);
          acks.push([barrier, setSize]);
        },
        after: (_delayMs, run) => {
          timer = run;
          return { cancel: () => void (timer = null) };
        },
      });
      const run = (kind: Step, which: number): void => {
        const last = twin.length - 1;
        if (kind === 'write') {
          twin[last]!.writes++;
          twin[last]!.open++;
          pending.push({ epoch: epochs.enter(), index: last });
        } else if (kind === 'complete') {
          const [one] = pending.splice(which % Math.max(1, pending.length), 1);
          if (one === undefined) return;
          twin[one.index]!.open--;
          epochs.completed(one.epoch);
        } else if (kind === 'barrier') {
          twin.push({ writes: 0, open: 0, covered: false });
          epochs.barrier(last);
        } else if (kind === 'hurry') epochs.hurry();
        else if (kind === 'timer') {
          const fired = timer;
          timer = null;
          fired?.();
        } else {
          const end = flushed;
          flushed = null;
          end?.();
        }
      };
      for (const [kind, which] of workload) run(kind, which);
      while (pending.length > 0) run('complete', 0);
      run('barrier', 0);
      for (let i = 0; i < 200 && acks.length < twin.length - 1; i++) run(i % 2 === 0 ? 'timer' : 'flushed', 0);
      expect(acks).toEqual(twin.slice(0, -1).map(({ writes }, i) => [i, writes]));
    }),
    { numRuns: 300 },
  );
});
