/**
 * A regular file or block device as backing device, through the page cache.
 *
 * - Reads of cached pages are done at once with RWF_NOWAIT, which never sleeps; what is not cached goes to a reader
 *   thread. So do writes where the file system has RWF_NOWAIT for them (XFS, btrfs; not ext4, not block devices).
 * - Small writes are made at once while the disk is known to answer well (write-lease.ts).
 * - All other writes go to the device's writer thread, in order and in batches; flush, discard and the like have a
 *   thread of their own, because they may take seconds and a write need not wait for them.
 * - Completions come from `process.nextTick` or from a thread, never from inside the call.
 *
 * Why so: docs/decisions/0004-backing-writes.md.
 */
import { closeSync } from 'node:fs';
import type { AllocationExtent, BackingDevice, Completion } from './backing-device';
import { createCompletionQueue } from './completion-queue';
import { createDiskThread, type DiskThread } from './disk-thread';
import { readNow, writeNow } from './inline-io';
import { closeProbeFile } from './probe-file';
import { rangeError } from './range';
import { storageError } from './storage-error';
import { createWriteLease, type WriteLease } from './write-lease';
import {
  errnoName,
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  FALLOC_FL_ZERO_RANGE,
  isUnsupported,
  SEEK_DATA,
  SEEK_HOLE,
} from './system-calls';

export interface DiskDeviceOptions {
  readonly name: string;
  readonly kind: 'block' | 'file';
  readonly access: 'read-only' | 'read-write';
  readonly fd: number;
  readonly sizeBytes: number;
  readonly logicalBlockSizeBytes: number;
  readonly physicalBlockSizeBytes: number;
  readonly discardSupported: boolean;
  /**
   * `threads`: nothing may hold up the event loop. `inline`: all calls are made at once, for command line programs
   * that have nothing else to do, and for memory file systems, which never wait.
   */
  readonly blocking: 'threads' | 'inline';
  /** With it `threads` makes small writes at once while the disk answers well (write-lease.ts); -1 for none. */
  readonly probeFd: number;
  /** Bytes of the open device as they are now. */
  readonly sizeNow: () => number;
}

interface HeldWrite {
  readonly offsetBytes: number;
  readonly pieces: readonly Uint8Array[];
  readonly lengthBytes: number;
  readonly done: Completion;
}

/** Above this the copy itself, not the waiting, would hold up the event loop: about 10 us per 64 KiB. */
const NOWAIT_READ_MAX_BYTES = 128 * 1024;
const NOWAIT_WRITE_MAX_BYTES = 64 * 1024;
/** How many uncached reads one device has before the disk at once. */
const READER_COUNT_MAX = 4;
const ZERO_PIECE_BYTES = 1024 * 1024;
const ZERO_PIECES_MAX = 16;

export function createDiskDevice(options: DiskDeviceOptions): BackingDevice {
  const { name, fd, blocking } = options;
  let { sizeBytes } = options;
  const completions = createCompletionQueue();
  let nowaitReads = true;
  let nowaitWrites = true;
  let closed = false;
  let writer: DiskThread | undefined;
  let maintainer: DiskThread | undefined;
  const readers: DiskThread[] = [];

  const failure = (what: string, result: number, offsetBytes: number, lengthBytes: number) =>
    storageError(errnoName(result), `cannot ${what} ${lengthBytes} bytes at ${offsetBytes} of ${name}`);

  const writerThread = (): DiskThread => (writer ??= createDiskThread(fd));
  const maintainerThread = (): DiskThread => (maintainer ??= createDiskThread(fd));
  /** An idle reader, a new one, or the one with the shortest queue. */
  const readerThread = (): DiskThread => {
    let best: DiskThread | undefined;
    for (const reader of readers) {
      if (best === undefined || reader.pendingCount < best.pendingCount) best = reader;
    }
    if (best !== undefined && (best.pendingCount === 0 || readers.length === READER_COUNT_MAX)) return best;
    const started = createDiskThread(fd);
    readers.push(started);
    return started;
  };

  const lease =
    options.probeFd === -1
      ? null
      : createWriteLease(
          { probeFd: options.probeFd },
          {
            prober: maintainerThread,
            writingCount: () => writer?.pendingCount ?? 0,
            maintainingCount: () => maintainer?.pendingCount ?? 0,
            nowMs: () => performance.now(),
          },
        );

  /** Writes that go at once as soon as the writer thread, busy with earlier ones, is idle. */
  let held: HeldWrite[] = [];

  const writeOnThread = (
    offsetBytes: number,
    pieces: readonly Uint8Array[],
    lengthBytes: number,
    done: Completion,
  ): void => {
    const thread = writerThread();
    thread.transfer('write', offsetBytes, pieces, (result) => {
      done(result < 0 ? failure('write', result, offsetBytes, lengthBytes) : null);
      if (lease === null || held.length === 0 || thread.pendingCount > 0) return;
      const released = held;
      held = [];
      for (const write of released) writeByLease(lease, write);
    });
  };

  const writeByLease = (by: WriteLease, write: HeldWrite): void => {
    const { offsetBytes, pieces, lengthBytes, done } = write;
    switch (by.decide(offsetBytes, lengthBytes)) {
      case 'hold':
        held.push(write);
        return;
      case 'on-thread':
        return writeOnThread(offsetBytes, pieces, lengthBytes, done);
      case 'at-once': {
        const result = writeNow(fd, offsetBytes, pieces, lengthBytes, 'inline');
        const error =
          result === lengthBytes ? null : failure('write', Math.min(result, 0) || -5, offsetBytes, lengthBytes);
        return completions.push(done, error);
      }
    }
  };

  /**
   * Writes that may go at once wait for the end of the callback that made them, behind the sockets' own turn
   * (transport/tcp/framed-socket.ts), so that the peer has its copy while this one is made.
   */
  let turn: HeldWrite[] = [];
  const writeTurn = (by: WriteLease): void => {
    const writes = turn;
    turn = [];
    for (const write of writes) writeByLease(by, write);
  };
  const writeAtTurnEnd = (by: WriteLease, write: HeldWrite): void => {
    turn.push(write);
    if (turn.length === 1) process.nextTick(() => queueMicrotask(() => writeTurn(by)));
  };

  /** What is wrong with a request before it is tried. */
  const refusal = (what: string, offsetBytes: number, lengthBytes: number) =>
    closed
      ? storageError('EBADF', `cannot ${what}: ${name} is closed`)
      : rangeError(what, name, sizeBytes, offsetBytes, lengthBytes);
  const changeRefusal = (what: string, offsetBytes: number, lengthBytes: number) =>
    options.access === 'read-only'
      ? storageError('EROFS', `cannot ${what} ${lengthBytes} bytes at ${offsetBytes}: ${name} is open for reading only`)
      : refusal(what, offsetBytes, lengthBytes);

  const zeroes = (offsetBytes: number, lengthBytes: number, done: Completion): void => {
    const piece = Buffer.alloc(Math.min(ZERO_PIECE_BYTES, lengthBytes));
    const step = (at: number): void => {
      const left = offsetBytes + lengthBytes - at;
      if (left === 0) return done(null);
      const pieces: Uint8Array[] = [];
      let size = 0;
      while (size < left && pieces.length < ZERO_PIECES_MAX) {
        const part = piece.subarray(0, Math.min(piece.length, left - size));
        pieces.push(part);
        size += part.length;
      }
      device.write(at, pieces, (error) => (error === null ? step(at + size) : done(error)));
    };
    step(offsetBytes);
  };

  /** Tries the modes one after the other as long as the file system does not know them, then writes zeroes. */
  const clear = (
    what: string,
    modes: readonly number[],
    offsetBytes: number,
    lengthBytes: number,
    done: Completion,
  ): void => {
    const refused = changeRefusal(what, offsetBytes, lengthBytes);
    if (refused !== null || lengthBytes === 0) return completions.push(done, refused);
    const attempt = (index: number): void => {
      const mode = modes[index];
      if (mode === undefined) return zeroes(offsetBytes, lengthBytes, done);
      maintainerThread().fallocate(mode, offsetBytes, lengthBytes, (result) => {
        if (result >= 0) return done(null);
        if (isUnsupported(result)) return attempt(index + 1);
        done(failure(what, result, offsetBytes, lengthBytes));
      });
    };
    attempt(0);
  };

  const device: BackingDevice = {
    name,
    kind: options.kind,
    get sizeBytes() {
      return sizeBytes;
    },
    logicalBlockSizeBytes: options.logicalBlockSizeBytes,
    physicalBlockSizeBytes: options.physicalBlockSizeBytes,
    discardSupported: options.discardSupported,

    read(offsetBytes, into, done) {
      const refused = refusal('read', offsetBytes, into.length);
      if (refused !== null || into.length === 0) return completions.push(done, refused);
      if (blocking === 'inline' || (nowaitReads && into.length <= NOWAIT_READ_MAX_BYTES)) {
        const result = readNow(fd, offsetBytes, into, blocking);
        if (result === into.length) return completions.push(done, null);
        if (blocking === 'inline') {
          return completions.push(done, failure('read', Math.min(result, 0) || -5, offsetBytes, into.length));
        }
        if (isUnsupported(result)) nowaitReads = false;
      }
      readerThread().transfer('read', offsetBytes, [into], (result) =>
        done(result < 0 ? failure('read', result, offsetBytes, into.length) : null),
      );
    },

    write(offsetBytes, pieces, done) {
      let lengthBytes = 0;
      for (const piece of pieces) lengthBytes += piece.length;
      const refused = changeRefusal('write', offsetBytes, lengthBytes);
      if (refused !== null || lengthBytes === 0) return completions.push(done, refused);
      if (blocking === 'inline' || (nowaitWrites && lengthBytes <= NOWAIT_WRITE_MAX_BYTES)) {
        const result = writeNow(fd, offsetBytes, pieces, lengthBytes, blocking);
        if (result === lengthBytes) return completions.push(done, null);
        if (blocking === 'inline') {
          return completions.push(done, failure('write', Math.min(result, 0) || -5, offsetBytes, lengthBytes));
        }
        if (isUnsupported(result)) nowaitWrites = false;
      }
      if (lease === null) writeOnThread(offsetBytes, pieces, lengthBytes, done);
      else writeAtTurnEnd(lease, { offsetBytes, pieces, lengthBytes, done });
    },

    flush(done) {
      if (closed) return completions.push(done, storageError('EBADF', `cannot flush: ${name} is closed`));
      maintainerThread().flush((result) =>
        done(result < 0 ? storageError(errnoName(result), `cannot flush ${name}`) : null),
      );
    },

    discard(offsetBytes, lengthBytes, done) {
      clear('discard', [FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE], offsetBytes, lengthBytes, done);
    },

    writeZeroes(offsetBytes, lengthBytes, done) {
      const modes = [FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE];
      clear('write zeroes to', modes, offsetBytes, lengthBytes, done);
    },

    lookAtSize() {
      // A device that shrank under its user is lost anyway: its requests fail where there is nothing any more.
      if (!closed) sizeBytes = Math.max(sizeBytes, options.sizeNow());
    },

    allocation(offsetBytes, lengthBytes, done) {
      const refused = refusal('map', offsetBytes, lengthBytes);
      if (refused !== null) return completions.push(() => done(refused, []), null);
      const end = offsetBytes + lengthBytes;
      const extents: AllocationExtent[] = [];
      const step = (at: number): void => {
        if (at >= end || extents.length >= ALLOCATION_EXTENTS_MAX) return done(null, extents);
        maintainerThread().seek(SEEK_DATA, at, (data) => {
          // ENXIO: no data from here to the end.
          const dataAt = data < 0 && errnoName(data) === 'ENXIO' ? end : data;
          if (dataAt < 0) return done(null, [{ lengthBytes, kind: 'data' }]);
          if (dataAt > at) {
            const until = Math.min(dataAt, end);
            extents.push({ lengthBytes: until - at, kind: 'hole' });
            return step(until);
          }
          maintainerThread().seek(SEEK_HOLE, at, (hole) => {
            const until = hole < 0 ? end : Math.min(hole, end);
            extents.push({ lengthBytes: until - at, kind: 'data' });
            step(until);
          });
        });
      };
      step(offsetBytes);
    },

    close(done) {
      if (closed) return completions.push(done, null);
      closed = true;
      if (lease !== null) writeTurn(lease);
      const threads = [writer, maintainer, ...readers].filter((thread) => thread !== undefined);
      let left = threads.length;
      const finish = (): void => {
        try {
          closeSync(fd);
          closeProbeFile(options.probeFd);
          done(null);
        } catch (error) {
          done(storageError('EIO', `cannot close ${name}: ${String(error)}`));
        }
      };
      if (left === 0) return completions.push(finish, null);
      for (const thread of threads) thread.stop(() => (left -= 1) === 0 && finish());
    },
  };
  return device;
}

/** A badly fragmented file must not make one reply endless. */
const ALLOCATION_EXTENTS_MAX = 1024;
