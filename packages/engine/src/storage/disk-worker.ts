/**
 * One thread that does blocking calls in order, fed in batches through shared memory.
 *
 * All requests of an event-loop turn wake the thread once; all that it has finished by the time the event loop
 * looks complete together. At depth 32 this costs a fraction of libuv's pool (docs/decisions/0004-backing-writes.md).
 *
 * The thread gets addresses, not copies: a request keeps its buffers referenced until it is complete.
 */
import { koffiPath, startNativeThread, waitAsync } from '../native';
import {
  CONTROL,
  CONTROL_BYTES,
  type DiskThreadData,
  diskThreadProgram,
  ENTRY_COUNT,
  ENTRY_FIELDS,
  FIELD,
  OPERATION,
  VECTORS_PER_ENTRY,
} from './disk-thread-program';
import { IOVEC_BYTES, systemCalls } from './system-calls';

/** The bytes moved, or what the call gave; minus errno when it failed. */
export type DiskCallDone = (result: number) => void;

export interface DiskCall {
  readonly operation: number;
  readonly fd: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** fallocate's mode, lseek's whence. */
  readonly argument: number;
  /** At most VECTORS_PER_ENTRY. */
  readonly pieces: readonly Uint8Array[];
  readonly done: DiskCallDone;
}

export interface DiskWorker {
  /** It has ended, or broke: what is submitted fails. */
  readonly isDead: boolean;
  submit(call: DiskCall): void;
  /** Its work keeps the process alive, or no longer does. */
  hold(how: 'the process' | 'nothing'): void;
  /** After the last request is complete. */
  end(): void;
}

const EIO = 5;
const COUNTER_MASK = 0x7fffffff;

export function startDiskWorker(name: string): DiskWorker {
  const calls = systemCalls();
  const vectorBytes = ENTRY_COUNT * VECTORS_PER_ENTRY * IOVEC_BYTES;
  const entriesBytes = ENTRY_COUNT * ENTRY_FIELDS * Float64Array.BYTES_PER_ELEMENT;
  const shared = new SharedArrayBuffer(CONTROL_BYTES + entriesBytes + vectorBytes);
  const control = new Int32Array(shared, 0, CONTROL_BYTES / Int32Array.BYTES_PER_ELEMENT);
  const entries = new Float64Array(shared, CONTROL_BYTES, ENTRY_COUNT * ENTRY_FIELDS);
  const vectors = new BigUint64Array(shared, CONTROL_BYTES + entriesBytes, ENTRY_COUNT * VECTORS_PER_ENTRY * 2);

  const workerData: DiskThreadData = {
    shared,
    koffiPath: koffiPath(),
    entryCount: ENTRY_COUNT,
    entryFields: ENTRY_FIELDS,
    controlBytes: CONTROL_BYTES,
    vectorsPerEntry: VECTORS_PER_ENTRY,
  };
  const worker = startNativeThread(name, diskThreadProgram, workerData);

  /** Submitted and not completed, by ring position; overflow waits in `queue`. */
  const inRing: (DiskCall | undefined)[] = new Array<DiskCall | undefined>(ENTRY_COUNT).fill(undefined);
  const queue: DiskCall[] = [];
  let queueHead = 0;
  let submitted = 0;
  let completed = 0;
  let ringCount = 0;
  let announceScheduled = false;
  let listening = false;
  let isDead = false;

  const announce = (): void => {
    announceScheduled = false;
    Atomics.store(control, CONTROL.submitted, submitted);
    Atomics.notify(control, CONTROL.submitted, 1);
    listen();
  };

  const place = (call: DiskCall): void => {
    const index = submitted % ENTRY_COUNT;
    const base = index * ENTRY_FIELDS;
    entries[base + FIELD.operation] = call.operation;
    entries[base + FIELD.fd] = call.fd;
    entries[base + FIELD.offsetBytes] = call.offsetBytes;
    entries[base + FIELD.lengthBytes] = call.lengthBytes;
    entries[base + FIELD.vectorCount] = call.pieces.length;
    entries[base + FIELD.argument] = call.argument;
    let at = index * VECTORS_PER_ENTRY * 2;
    for (const piece of call.pieces) {
      vectors[at++] = calls.address(piece);
      vectors[at++] = BigInt(piece.length);
    }
    inRing[index] = call;
    ringCount += 1;
    submitted = (submitted + 1) & COUNTER_MASK;
    if (!announceScheduled) {
      announceScheduled = true;
      process.nextTick(announce);
    }
  };

  const submit = (call: DiskCall): void => {
    if (isDead) {
      process.nextTick(call.done, -EIO);
    } else if (ringCount < ENTRY_COUNT) {
      place(call);
    } else {
      queue.push(call);
    }
  };

  const refill = (): void => {
    while (queueHead < queue.length && ringCount < ENTRY_COUNT) place(queue[queueHead++] as DiskCall);
    if (queueHead === queue.length) {
      queue.length = 0;
      queueHead = 0;
    }
  };

  /** Completes what the thread has finished. */
  const reap = (): void => {
    if (isDead) return;
    const finished = Atomics.load(control, CONTROL.completed);
    while (completed !== finished) {
      const index = completed % ENTRY_COUNT;
      const call = inRing[index] as DiskCall;
      const result = entries[index * ENTRY_FIELDS + FIELD.result] as number;
      inRing[index] = undefined;
      ringCount -= 1;
      completed = (completed + 1) & COUNTER_MASK;
      if (queue.length > 0) refill();
      call.done(result);
    }
  };

  const woken = (): void => {
    listening = false;
    Atomics.store(control, CONTROL.waiting, 0);
    reap();
    listen();
  };

  const listen = (): void => {
    if (listening || ringCount === 0 || isDead) return;
    listening = true;
    Atomics.store(control, CONTROL.waiting, 1);
    const wait = waitAsync(control, CONTROL.completed, completed);
    // Something finished meanwhile: look in the next turn, so that one busy thread cannot hold the event loop.
    if (wait.async) void wait.value.then(woken);
    else setImmediate(woken);
  };

  // Out of memory or a missing library: the requests fail as those of a broken disk, the engine goes on.
  const died = (): void => {
    if (isDead) return;
    // The news of its end may come before that of what it finished last.
    reap();
    isDead = true;
    const lost = [...inRing.filter((call) => call !== undefined), ...queue.slice(queueHead)];
    inRing.fill(undefined);
    queue.length = 0;
    queueHead = 0;
    ringCount = 0;
    for (const call of lost) call.done(-EIO);
  };
  worker.on('error', (error) => {
    process.emitWarning(`the disk thread "${name}" died: ${error.message}`, 'DiskThreadWarning');
    died();
  });
  worker.on('exit', died);

  return {
    get isDead() {
      return isDead;
    },
    submit,
    hold(how) {
      if (how === 'the process') worker.ref();
      else worker.unref();
    },
    end() {
      // The thread leaves without completing this one.
      submit({
        operation: OPERATION.stop,
        fd: -1,
        offsetBytes: 0,
        lengthBytes: 0,
        argument: 0,
        pieces: [],
        done: () => undefined,
      });
    },
  };
}
