/**
 * One thread that does one device's blocking calls in order, fed in batches through shared memory.
 *
 * All requests of an event-loop turn wake the thread once; all that it has finished by the time the event loop
 * looks complete together. At depth 32 this costs a fraction of libuv's pool (docs/decisions/0004-backing-writes.md),
 * and a device that hangs holds up this thread alone.
 *
 * The thread gets addresses, not copies: a request keeps its buffers referenced until it is complete.
 */
import { Worker } from 'node:worker_threads';
import {
  CONTROL,
  CONTROL_BYTES,
  type DiskThreadData,
  diskThreadSource,
  ENTRY_COUNT,
  ENTRY_FIELDS,
  FIELD,
  OPERATION,
  VECTORS_PER_ENTRY,
} from './disk-thread-program';
import { IOVEC_BYTES, koffiPath, systemCalls } from './system-calls';

/** The bytes moved, or what the call gave; minus errno when it failed. */
export type DiskCallDone = (result: number) => void;

export interface DiskThread {
  /** Requests that are not complete yet. */
  readonly pendingCount: number;
  /** Fills or stores all pieces. */
  transfer(direction: 'read' | 'write', offsetBytes: number, pieces: readonly Uint8Array[], done: DiskCallDone): void;
  /** Reads through another descriptor of the same file. */
  probe(fd: number, offsetBytes: number, into: Uint8Array, done: DiskCallDone): void;
  flush(done: DiskCallDone): void;
  fallocate(mode: number, offsetBytes: number, lengthBytes: number, done: DiskCallDone): void;
  seek(whence: number, offsetBytes: number, done: DiskCallDone): void;
  /** Once, after the last request is complete; `done` when the thread is gone and the file may be closed. */
  stop(done: () => void): void;
}

interface DiskCall {
  readonly operation: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly argument: number;
  readonly pieces: readonly Uint8Array[];
  readonly done: DiskCallDone;
}

/** ES2024's Atomics.waitAsync, which Node 20 has and the compiler's library does not know yet. */
interface AtomicsWithWaitAsync {
  waitAsync(
    array: Int32Array,
    index: number,
    value: number,
  ): { readonly async: false; readonly value: string } | { readonly async: true; readonly value: Promise<string> };
}
const { waitAsync } = Atomics as unknown as AtomicsWithWaitAsync;

const EIO = 5;
const COUNTER_MASK = 0x7fffffff;
const noPieces: readonly Uint8Array[] = [];

export function startDiskThread(name: string, fd: number): DiskThread {
  const calls = systemCalls();
  const vectorBytes = ENTRY_COUNT * VECTORS_PER_ENTRY * IOVEC_BYTES;
  const entriesBytes = ENTRY_COUNT * ENTRY_FIELDS * Float64Array.BYTES_PER_ELEMENT;
  const shared = new SharedArrayBuffer(CONTROL_BYTES + entriesBytes + vectorBytes);
  const control = new Int32Array(shared, 0, CONTROL_BYTES / Int32Array.BYTES_PER_ELEMENT);
  const entries = new Float64Array(shared, CONTROL_BYTES, ENTRY_COUNT * ENTRY_FIELDS);
  const vectors = new BigUint64Array(shared, CONTROL_BYTES + entriesBytes, ENTRY_COUNT * VECTORS_PER_ENTRY * 2);

  const workerData: DiskThreadData = {
    shared,
    fd,
    koffiPath: koffiPath(),
    entryCount: ENTRY_COUNT,
    entryFields: ENTRY_FIELDS,
    controlBytes: CONTROL_BYTES,
    vectorsPerEntry: VECTORS_PER_ENTRY,
  };
  const worker = new Worker(diskThreadSource(), {
    eval: true,
    name,
    workerData,
    // The program is one loop over preallocated memory; a small heap keeps an idle device cheap.
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
  });

  /** Submitted and not completed, by ring position; overflow waits in `queue`. */
  const inRing: (DiskCall | undefined)[] = new Array<DiskCall | undefined>(ENTRY_COUNT).fill(undefined);
  const queue: DiskCall[] = [];
  let queueHead = 0;
  let submitted = 0;
  let completed = 0;
  let ringCount = 0;
  let announceScheduled = false;
  let listening = false;
  let dead: number | null = null;

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
    if (dead !== null) {
      process.nextTick(call.done, -dead);
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
    if (dead !== null) return;
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
    if (listening || ringCount === 0 || dead !== null) return;
    listening = true;
    Atomics.store(control, CONTROL.waiting, 1);
    const wait = waitAsync(control, CONTROL.completed, completed);
    // Something finished meanwhile: look in the next turn, so that one busy device cannot hold the event loop.
    if (wait.async) void wait.value.then(woken);
    else setImmediate(woken);
  };

  // Out of memory or a missing library: the requests fail as those of a broken disk, the engine goes on.
  const died = (): void => {
    if (dead !== null) return;
    // The news of its end may come before that of what it finished last.
    reap();
    dead = EIO;
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
    get pendingCount() {
      return ringCount + queue.length - queueHead;
    },
    transfer(direction, offsetBytes, pieces, done) {
      const operation = OPERATION[direction];
      if (pieces.length <= VECTORS_PER_ENTRY) {
        submit({ operation, offsetBytes, lengthBytes: totalBytes(pieces), argument: 0, pieces, done });
        return;
      }
      const parts: (readonly Uint8Array[])[] = [];
      for (let i = 0; i < pieces.length; i += VECTORS_PER_ENTRY) parts.push(pieces.slice(i, i + VECTORS_PER_ENTRY));
      let left = parts.length;
      let moved = 0;
      let failure = 0;
      const partDone: DiskCallDone = (result) => {
        if (result < 0) failure ||= result;
        else moved += result;
        left -= 1;
        if (left === 0) done(failure || moved);
      };
      let at = offsetBytes;
      for (const part of parts) {
        const lengthBytes = totalBytes(part);
        submit({ operation, offsetBytes: at, lengthBytes, argument: 0, pieces: part, done: partDone });
        at += lengthBytes;
      }
    },
    probe(probeFd, offsetBytes, into, done) {
      const { read: operation } = OPERATION;
      submit({ operation, offsetBytes, lengthBytes: into.length, argument: probeFd, pieces: [into], done });
    },
    flush(done) {
      submit({ operation: OPERATION.flush, offsetBytes: 0, lengthBytes: 0, argument: 0, pieces: noPieces, done });
    },
    fallocate(mode, offsetBytes, lengthBytes, done) {
      submit({ operation: OPERATION.fallocate, offsetBytes, lengthBytes, argument: mode, pieces: noPieces, done });
    },
    seek(whence, offsetBytes, done) {
      submit({ operation: OPERATION.lseek, offsetBytes, lengthBytes: 0, argument: whence, pieces: noPieces, done });
    },
    stop(done) {
      if (dead !== null) {
        process.nextTick(done);
        return;
      }
      // The thread leaves without completing this one; its exit does.
      submit({ operation: OPERATION.stop, offsetBytes: 0, lengthBytes: 0, argument: 0, pieces: noPieces, done });
    },
  };
}

function totalBytes(pieces: readonly Uint8Array[]): number {
  let sum = 0;
  for (const piece of pieces) sum += piece.length;
  return sum;
}
