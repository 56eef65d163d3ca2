/**
 * The kernel's end of a FUSE mount: requests come in, replies go out.
 *
 * Each request arrives in a buffer of its own, as long as the longest request: only the pages that it fills cost memory.
 * Whoever keeps a part of one beyond the call holds it (`payload/`); it is used again when the last holder let go.
 */
import { closeSync, constants, openSync, writeSync, writevSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { letGoPiece, shareMemory, takeMemory } from '../../payload';
import { deviceSystemCalls, koffiPath } from '../system-calls';
import { OUT_HEADER_BYTES } from './numbers';
import {
  CONTROL,
  CONTROL_BYTES,
  RING_COUNT,
  receiveThreadSource,
  type ReceiveThreadData,
} from './receive-thread-program';

export interface FuseChannel {
  /** The descriptor that mount(2) is told. */
  readonly fd: number;
  /** `request` is valid during the call, and as long as it is held. */
  start(received: (request: Buffer) => void, ended: (minusErrno: number) => void): void;
  /** `body` may be left out; `minusErrno` 0 is success. */
  reply(requestId: bigint, minusErrno: number, body?: Uint8Array): void;
  /** A reply whose first OUT_HEADER_BYTES are left free: data that was read into place. */
  replyInPlace(requestId: bigint, reply: Buffer): void;
  /** Ends the thread; the mount is dead when the process and its children have closed the descriptor. */
  close(): void;
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

const COUNTER_MASK = 0x7fffffff;
/** Buffers that nobody uses and that are kept nevertheless. */
const SPARE_COUNT = 16;
/** Offered to the thread at a time. */
const OFFERED_COUNT = 4;

/** Throws where /dev/fuse cannot be opened. `requestMaxBytes`: headers and data of the longest one. */
export function openFuseChannel(requestMaxBytes: number): FuseChannel {
  const calls = deviceSystemCalls();
  const fd = openSync('/dev/fuse', constants.O_RDWR | constants.O_NONBLOCK);
  const stopFd = calls.eventFd();
  const shared = new SharedArrayBuffer(CONTROL_BYTES + RING_COUNT * 16);
  const control = new Int32Array(shared, 0, CONTROL_BYTES / Int32Array.BYTES_PER_ELEMENT);
  const addresses = new BigUint64Array(shared, CONTROL_BYTES, RING_COUNT);
  const results = new Float64Array(shared, CONTROL_BYTES + RING_COUNT * 8, RING_COUNT);

  const spare: Buffer[] = [];
  const inRing: (Buffer | undefined)[] = new Array<Buffer | undefined>(RING_COUNT).fill(undefined);
  let offered = 0;
  let filled = 0;
  let isClosed = false;
  let worker: Worker | null = null;

  const freshBuffer = (): Buffer => {
    const buffer = Buffer.allocUnsafeSlow(requestMaxBytes);
    shareMemory(buffer.buffer, () => {
      if (spare.length < SPARE_COUNT) spare.push(buffer);
    });
    return buffer;
  };

  const offer = (): void => {
    const before = offered;
    while (((offered - filled) & COUNTER_MASK) < OFFERED_COUNT) {
      const known = spare.pop();
      if (known !== undefined) takeMemory(known.buffer);
      const buffer = known ?? freshBuffer();
      const index = offered % RING_COUNT;
      inRing[index] = buffer;
      addresses[index] = calls.address(buffer);
      offered = (offered + 1) & COUNTER_MASK;
    }
    if (offered === before) return;
    Atomics.store(control, CONTROL.offered, offered);
    Atomics.notify(control, CONTROL.offered, 1);
  };

  // Thread and loop meet at exit: a thread that sleeps in read(2) would hold up the end of the process.
  const stopThread = (): void => {
    const one = new BigUint64Array([1n]);
    writeSync(stopFd, new Uint8Array(one.buffer));
  };

  const stop = (): void => {
    if (isClosed) return;
    isClosed = true;
    process.off('exit', stopThread);
    stopThread();
  };

  return {
    fd,
    start(received, ended) {
      const workerData: ReceiveThreadData = {
        shared,
        koffiPath: koffiPath(),
        controlBytes: CONTROL_BYTES,
        ringCount: RING_COUNT,
        bufferBytes: requestMaxBytes,
        fuseFd: fd,
        stopFd,
      };
      const thread = new Worker(receiveThreadSource(), {
        eval: true,
        name: 'fuse',
        workerData,
        resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
      });
      worker = thread;
      thread.unref();
      process.on('exit', stopThread);

      const finish = (minusErrno: number): void => {
        if (isClosed) return;
        stop();
        ended(minusErrno);
      };
      const reap = (): void => {
        const now = Atomics.load(control, CONTROL.filled);
        while (filled !== now && !isClosed) {
          const index = filled % RING_COUNT;
          const buffer = inRing[index] as Buffer;
          const result = results[index] as number;
          inRing[index] = undefined;
          filled = (filled + 1) & COUNTER_MASK;
          if (result < 0) return finish(result);
          const request = buffer.subarray(0, result);
          received(request);
          letGoPiece(request);
        }
        if (!isClosed) offer();
      };
      const listen = (): void => {
        if (isClosed) return;
        Atomics.store(control, CONTROL.waiting, 1);
        const wait = waitAsync(control, CONTROL.filled, filled);
        if (wait.async) void wait.value.then(woken);
        else setImmediate(woken);
      };
      const woken = (): void => {
        Atomics.store(control, CONTROL.waiting, 0);
        reap();
        listen();
      };
      const EIO = 5;
      thread.on('error', (error) => {
        process.emitWarning(`the FUSE thread died: ${error.message}`, 'FuseThreadWarning');
        finish(-EIO);
      });
      offer();
      listen();
    },
    reply(requestId, minusErrno, body) {
      if (isClosed) return;
      const header = Buffer.alloc(OUT_HEADER_BYTES);
      header.writeUInt32LE(OUT_HEADER_BYTES + (body?.length ?? 0), 0);
      header.writeInt32LE(minusErrno, 4);
      header.writeBigUInt64LE(requestId, 8);
      send(body === undefined ? [header] : [header, body]);
    },
    replyInPlace(requestId, reply) {
      if (isClosed) return;
      reply.writeUInt32LE(reply.length, 0);
      reply.writeInt32LE(0, 4);
      reply.writeBigUInt64LE(requestId, 8);
      send([reply]);
    },
    close() {
      stop();
      const closeAll = (): void => {
        closeSync(fd);
        closeSync(stopFd);
      };
      if (worker === null) return closeAll();
      // The descriptors must not become another file's while the thread may still read.
      worker.once('exit', closeAll);
    },
  };

  function send(pieces: readonly Uint8Array[]): void {
    try {
      writevSync(fd, pieces);
    } catch (error) {
      // ENOENT: whoever asked was killed and does not wait any more. ENODEV: the mount is gone.
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code !== 'ENOENT' && code !== 'ENODEV' && code !== 'EINVAL') throw error;
    }
  }
}
