/**
 * The threads of all disks. Whoever has calls to make borrows one, for as long as they are under way: a thread does one
 * disk's calls at a time, so that a disk that hangs holds up none but its own, and a disk with nothing to do has none
 * (a thread is 8 MiB; 200 idle resources with two each would be 3 GiB).
 *
 * Bound: above WORKER_COUNT a borrower waits for one to come back. Where none comes back for PATIENCE_MS, as with disks
 * that hang, or not soon enough, one more is started, and so on.
 */
import { type DiskWorker, startDiskWorker } from './disk-worker';

export const WORKER_COUNT = 12;
const PATIENCE_MS = 200;
const WAIT_MAX_MS = 2000;
/** Kept for the next one; more of them leave when SPARE_MS went by without their being needed. */
const SPARE_COUNT = 2;
const SPARE_MS = 5000;

export interface DiskWorkers {
  /** `take` gets a worker, at once if there is one. It holds the process alive until it is given back. */
  lend(take: (worker: DiskWorker) => void): void;
  giveBack(worker: DiskWorker): void;
}

export interface DiskWorkersDependencies {
  readonly start: (name: string) => DiskWorker;
}

export function createDiskWorkers({ start }: DiskWorkersDependencies): DiskWorkers {
  const free: DiskWorker[] = [];
  const waiting: { readonly take: (worker: DiskWorker) => void; readonly sinceMs: number }[] = [];
  let count = 0;
  let startedCount = 0;
  /** The least that were free since the last look. */
  let unneededCount = 0;
  let sweeping = false;
  let looking = false;
  let cameBack = false;

  const another = (): DiskWorker => {
    count += 1;
    startedCount += 1;
    return start(`disk ${startedCount}`);
  };

  const spare = (): DiskWorker | undefined => {
    for (let worker = free.pop(); worker !== undefined; worker = free.pop()) {
      if (!worker.isDead) return worker;
      count -= 1;
    }
    return undefined;
  };

  const hand = (take: (worker: DiskWorker) => void, worker: DiskWorker): void => {
    worker.hold('the process');
    take(worker);
  };

  const lookLater = (): void => {
    if (looking || waiting.length === 0) return;
    looking = true;
    cameBack = false;
    setTimeout(() => {
      looking = false;
      const [head] = waiting;
      if (head !== undefined && (!cameBack || performance.now() - head.sinceMs > WAIT_MAX_MS)) {
        waiting.shift();
        hand(head.take, another());
      }
      lookLater();
    }, PATIENCE_MS).unref();
  };

  const sweepLater = (): void => {
    if (sweeping || free.length <= SPARE_COUNT) return;
    sweeping = true;
    unneededCount = free.length;
    setTimeout(() => {
      sweeping = false;
      for (let left = unneededCount - SPARE_COUNT; left > 0; left--) {
        free.shift()?.end();
        count -= 1;
      }
      sweepLater();
    }, SPARE_MS).unref();
  };

  return {
    lend(take) {
      const worker = spare() ?? (count < WORKER_COUNT ? another() : undefined);
      unneededCount = Math.min(unneededCount, free.length);
      if (worker !== undefined) return hand(take, worker);
      waiting.push({ take, sinceMs: performance.now() });
      lookLater();
    },

    giveBack(worker) {
      cameBack = true;
      const next = waiting.shift()?.take;
      if (worker.isDead) {
        count -= 1;
        if (next !== undefined) hand(next, another());
      } else if (next !== undefined) {
        hand(next, worker);
      } else {
        worker.hold('nothing');
        free.push(worker);
        sweepLater();
      }
    },
  };
}

let shared: DiskWorkers | undefined;

/** Those of this process. */
export const diskWorkers = (): DiskWorkers => (shared ??= createDiskWorkers({ start: startDiskWorker }));
