/**
 * The kernel's end of a FUSE mount: requests come in, replies go out.
 *
 * A request is read into a buffer as long as the longest request: only the pages that it fills cost memory. Whoever keeps
 * a part of it beyond the call holds it (`payload/`); the buffer is used again when the last holder let go.
 */
import { closeSync, constants, openSync, writeSync, writevSync } from 'node:fs';
import type { Worker } from 'node:worker_threads';
import { koffiPath, startNativeThread, waitAsync } from '../../native';
import { letGoPiece, shareMemory, takeMemory } from '../../payload';
import { deviceSystemCalls } from '../system-calls';
import { MINUS, OUT_HEADER_BYTES } from './numbers';
import { CONTROL, CONTROL_BYTES, pollThreadProgram, type PollThreadData } from './poll-thread-program';

export interface FuseChannel {
  /** The descriptor that mount(2) is told. */
  readonly fd: number;
  /** `request` is valid during the call, and as long as it is held. `ended`: the mount is gone. */
  start(received: (request: Buffer) => void, ended: (minusErrno: number) => void): void;
  /** `minusErrno` 0 is success. */
  reply(to: RequestId, minusErrno: number, body?: Uint8Array): void;
  /** A reply whose first OUT_HEADER_BYTES are left free: data that was read into place. */
  replyInPlace(to: RequestId, reply: Buffer): void;
  /** Ends the thread; the mount is dead when the process and its children have closed the descriptor. */
  close(): void;
}

/** A 64-bit number as two halves: it only travels back. */
export interface RequestId {
  readonly low: number;
  readonly high: number;
}

const COUNTER_MASK = 0x7fffffff;
/** Buffers that nobody uses and that are kept nevertheless. */
const SPARE_COUNT = 16;
/** Requests taken before others have their turn in the event loop. */
const REQUESTS_PER_TURN = 64;
/** Short bodies are put behind their header, so that one plain write(2) sends both. */
const JOINED_BODY_MAX_BYTES = 256;

/** Throws where /dev/fuse cannot be opened. `requestMaxBytes`: headers and data of the longest one. */
export function openFuseChannel(requestMaxBytes: number): FuseChannel {
  const calls = deviceSystemCalls();
  const fd = openSync('/dev/fuse', constants.O_RDWR | constants.O_NONBLOCK);
  const stopFd = calls.eventFd();
  const shared = new SharedArrayBuffer(CONTROL_BYTES);
  const control = new Int32Array(shared);
  const spare: Buffer[] = [];
  const joined = Buffer.alloc(OUT_HEADER_BYTES + JOINED_BODY_MAX_BYTES);
  let asked = 0;
  let isClosed = false;
  let worker: Worker | null = null;

  const takeBuffer = (): Buffer => {
    const known = spare.pop();
    if (known !== undefined) {
      takeMemory(known.buffer);
      return known;
    }
    const buffer = Buffer.allocUnsafeSlow(requestMaxBytes);
    shareMemory(buffer.buffer, () => {
      if (spare.length < SPARE_COUNT) spare.push(buffer);
    });
    return buffer;
  };

  // Thread and loop meet at exit: a thread that sleeps in poll(2) would hold up the end of the process.
  const stopThread = (): void => void writeSync(stopFd, new Uint8Array(new BigUint64Array([1n]).buffer));

  const stop = (): void => {
    if (isClosed) return;
    isClosed = true;
    process.off('exit', stopThread);
    if (worker !== null) stopThread();
  };

  const send = (write: () => void): void => {
    if (isClosed) return;
    try {
      write();
    } catch (error) {
      // ENOENT: whoever asked was killed and does not wait any more. ENODEV: the mount is gone.
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code !== 'ENOENT' && code !== 'ENODEV') throw error;
    }
  };

  return {
    fd,
    start(received, ended) {
      const workerData: PollThreadData = { shared, koffiPath: koffiPath(), fuseFd: fd, stopFd };
      const thread = startNativeThread('fuse', pollThreadProgram, workerData);
      worker = thread;
      thread.unref();
      process.on('exit', stopThread);

      const finish = (minusErrno: number): void => {
        if (isClosed) return;
        stop();
        ended(minusErrno);
      };
      const drain = (): void => {
        for (let n = 0; n < REQUESTS_PER_TURN && !isClosed; n++) {
          const buffer = takeBuffer();
          const result = calls.read(fd, buffer);
          if (result >= 0) {
            const request = buffer.subarray(0, result);
            received(request);
            letGoPiece(request);
            continue;
          }
          letGoPiece(buffer);
          // A request that was taken back while it was read (ENOENT), or a signal: the next one.
          if (result === MINUS.ENOENT || result === MINUS.EINTR) continue;
          if (result === MINUS.EAGAIN) return askThread();
          return finish(result);
        }
        if (!isClosed) setImmediate(drain);
      };
      const askThread = (): void => {
        const before = asked;
        asked = (asked + 1) & COUNTER_MASK;
        Atomics.store(control, CONTROL.asked, asked);
        Atomics.notify(control, CONTROL.asked, 1);
        const wait = waitAsync(control, CONTROL.told, before);
        if (wait.async) void wait.value.then(drain);
        else setImmediate(drain);
      };
      thread.on('error', (error) => {
        process.emitWarning(`the FUSE thread died: ${error.message}`, 'FuseThreadWarning');
        finish(MINUS.EIO);
      });
      askThread();
    },
    reply(to, minusErrno, body) {
      if (body !== undefined && body.length > JOINED_BODY_MAX_BYTES) {
        const header = putHeader(Buffer.alloc(OUT_HEADER_BYTES), to, minusErrno, OUT_HEADER_BYTES + body.length);
        return send(() => void writevSync(fd, [header, body]));
      }
      const lengthBytes = OUT_HEADER_BYTES + (body?.length ?? 0);
      putHeader(joined, to, minusErrno, lengthBytes);
      if (body !== undefined) joined.set(body, OUT_HEADER_BYTES);
      send(() => void writeSync(fd, joined, 0, lengthBytes));
    },
    replyInPlace(to, reply) {
      putHeader(reply, to, 0, reply.length);
      send(() => void writeSync(fd, reply));
    },
    close() {
      stop();
      const closeAll = (): void => {
        closeSync(fd);
        closeSync(stopFd);
      };
      // The descriptors must not become another file's while the thread may still wait for them.
      if (worker === null || worker.threadId === -1) closeAll();
      else worker.once('exit', closeAll);
    },
  };
}

/** u32 length, i32 minus errno, u64 request id. */
function putHeader(into: Buffer, to: RequestId, minusErrno: number, lengthBytes: number): Buffer {
  into.writeUInt32LE(lengthBytes, 0);
  into.writeInt32LE(minusErrno, 4);
  into.writeUInt32LE(to.low, 8);
  into.writeUInt32LE(to.high, 12);
  return into;
}
