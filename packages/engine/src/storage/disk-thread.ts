/**
 * A device's blocking calls of one kind, in order, on a thread that is borrowed while there are any (disk-workers.ts).
 */
import { OPERATION, VECTORS_PER_ENTRY } from './disk-thread-program';
import type { DiskCall, DiskCallDone, DiskWorker } from './disk-worker';
import { diskWorkers, type DiskWorkers } from './disk-workers';

export type { DiskCallDone } from './disk-worker';

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
  /** Once, after the last request; `done` when that is complete and the file may be closed. */
  stop(done: () => void): void;
}

const noPieces: readonly Uint8Array[] = [];

export function createDiskThread(fd: number, workers: DiskWorkers = diskWorkers()): DiskThread {
  let worker: DiskWorker | null = null;
  let pendingCount = 0;
  /** Made before a worker was free. */
  let early: DiskCall[] = [];
  let stopped: (() => void) | null = null;

  const take = (lent: DiskWorker): void => {
    worker = lent;
    const calls = early;
    early = [];
    for (const call of calls) lent.submit(call);
  };

  const finished = (done: DiskCallDone, result: number): void => {
    pendingCount -= 1;
    if (pendingCount === 0 && worker !== null) {
      const idle = worker;
      worker = null;
      workers.giveBack(idle);
    }
    done(result);
    if (pendingCount === 0 && stopped !== null) {
      const tell = stopped;
      stopped = null;
      tell();
    }
  };

  const submit = (call: Omit<DiskCall, 'fd'> & { readonly fd?: number }): void => {
    const { done } = call;
    const submitted: DiskCall = { fd, ...call, done: (result) => finished(done, result) };
    pendingCount += 1;
    if (worker !== null) return worker.submit(submitted);
    early.push(submitted);
    if (early.length === 1) workers.lend(take);
  };

  return {
    get pendingCount() {
      return pendingCount;
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
      submit({ operation, fd: probeFd, offsetBytes, lengthBytes: into.length, argument: 0, pieces: [into], done });
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
      if (pendingCount === 0) process.nextTick(done);
      else stopped = done;
    },
  };
}

function totalBytes(pieces: readonly Uint8Array[]): number {
  let sum = 0;
  for (const piece of pieces) sum += piece.length;
  return sum;
}
