/** A backing device in memory, sparse, so that a simulated disk may be terabytes large. Deterministic: every
 *  completion goes through the injected `defer`. */
import type { BackingDevice, Completion } from './backing-device';
import { rangeError } from './range';

export const CHUNK_BYTES = 64 * 1024;

export interface MemoryDeviceOptions {
  readonly name: string;
  readonly sizeBytes: number;
  readonly logicalBlockSizeBytes?: number;
  readonly physicalBlockSizeBytes?: number;
}

export interface MemoryDeviceDependencies {
  /** Runs the callback later, in order; `process.nextTick` or the simulator's scheduler. */
  readonly defer: (callback: () => void) => void;
}

export interface MemoryDevice extends BackingDevice {
  /** The bytes as they are now, for checkers. */
  peek(offsetBytes: number, lengthBytes: number): Uint8Array;
  /** Changes the bytes at once, without a request. */
  poke(offsetBytes: number, data: Uint8Array): void;
  /** How much memory the device takes. */
  readonly allocatedBytes: number;
}

export function createMemoryDevice(options: MemoryDeviceOptions, { defer }: MemoryDeviceDependencies): MemoryDevice {
  const { name, sizeBytes } = options;
  const chunks = new Map<number, Uint8Array>();

  /** Calls `visit` for every chunk of the range: chunk number, where in it, how much, and how far into the range. */
  const eachChunk = (
    offsetBytes: number,
    lengthBytes: number,
    visit: (chunkNumber: number, start: number, length: number, done: number) => void,
  ): void => {
    for (let done = 0; done < lengthBytes;) {
      const at = offsetBytes + done;
      const chunkNumber = Math.floor(at / CHUNK_BYTES);
      const start = at - chunkNumber * CHUNK_BYTES;
      const length = Math.min(CHUNK_BYTES - start, lengthBytes - done);
      visit(chunkNumber, start, length, done);
      done += length;
    }
  };

  const load = (offsetBytes: number, into: Uint8Array): void =>
    eachChunk(offsetBytes, into.length, (chunkNumber, start, length, done) => {
      const chunk = chunks.get(chunkNumber);
      if (chunk === undefined) into.fill(0, done, done + length);
      else into.set(chunk.subarray(start, start + length), done);
    });

  const store = (offsetBytes: number, data: Uint8Array): void =>
    eachChunk(offsetBytes, data.length, (chunkNumber, start, length, done) => {
      let chunk = chunks.get(chunkNumber);
      if (chunk === undefined) chunks.set(chunkNumber, (chunk = new Uint8Array(CHUNK_BYTES)));
      chunk.set(data.subarray(done, done + length), start);
    });

  const clear = (offsetBytes: number, lengthBytes: number): void =>
    eachChunk(offsetBytes, lengthBytes, (chunkNumber, start, length) => {
      if (length === CHUNK_BYTES) chunks.delete(chunkNumber);
      else chunks.get(chunkNumber)?.fill(0, start, start + length);
    });

  const within = (what: string, offsetBytes: number, lengthBytes: number, done: Completion, act: () => void): void => {
    const error = rangeError(what, name, sizeBytes, offsetBytes, lengthBytes);
    defer(() => {
      if (error === null) act();
      done(error);
    });
  };

  return {
    name,
    kind: 'memory',
    sizeBytes,
    logicalBlockSizeBytes: options.logicalBlockSizeBytes ?? 512,
    physicalBlockSizeBytes: options.physicalBlockSizeBytes ?? 4096,
    discardSupported: true,
    get allocatedBytes() {
      return chunks.size * CHUNK_BYTES;
    },
    read: (offsetBytes, into, done) => within('read', offsetBytes, into.length, done, () => load(offsetBytes, into)),
    write(offsetBytes, pieces, done) {
      const lengthBytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
      within('write', offsetBytes, lengthBytes, done, () => {
        let at = offsetBytes;
        for (const piece of pieces) {
          store(at, piece);
          at += piece.length;
        }
      });
    },
    flush: (done) => defer(() => done(null)),
    discard: (offsetBytes, lengthBytes, done) =>
      within('discard', offsetBytes, lengthBytes, done, () => clear(offsetBytes, lengthBytes)),
    writeZeroes: (offsetBytes, lengthBytes, done) =>
      within('write zeroes', offsetBytes, lengthBytes, done, () => clear(offsetBytes, lengthBytes)),
    close: (done) => defer(() => done(null)),
    peek(offsetBytes, lengthBytes) {
      const into = new Uint8Array(lengthBytes);
      load(offsetBytes, into);
      return into;
    },
    poke: store,
  };
}
