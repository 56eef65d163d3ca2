import type { Completion, StorageError } from './backing-device';

/**
 * Runs completions of calls that were finished at once after the current callback, in order, for one `nextTick`
 * of all of them. A completion may start new calls that finish at once; after COMPLETIONS_PER_TURN of them the rest
 * waits for `setImmediate`, so that sockets and timers get their turn.
 */
export interface CompletionQueue {
  push(done: Completion, error: StorageError | null): void;
}

const COMPLETIONS_PER_TURN = 256;

export function createCompletionQueue(): CompletionQueue {
  const queue: (Completion | StorageError | null)[] = [];
  let scheduled = false;
  const drain = (): void => {
    const end = Math.min(queue.length, COMPLETIONS_PER_TURN * 2);
    let at = 0;
    try {
      while (at < end) {
        const done = queue[at] as Completion;
        const error = queue[at + 1] as StorageError | null;
        at += 2;
        done(error);
      }
    } finally {
      queue.splice(0, at);
      scheduled = queue.length > 0;
      if (scheduled) setImmediate(drain);
    }
  };
  return {
    push(done, error) {
      queue.push(done, error);
      if (scheduled) return;
      scheduled = true;
      process.nextTick(drain);
    },
  };
}
