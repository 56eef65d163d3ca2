/**
 * What a disk worker runs (a program for native/native-thread.ts), and the memory it shares with the event loop.
 *
 * Shared memory: CONTROL_BYTES of int32 counters, then ENTRY_COUNT entries of ENTRY_FIELDS doubles, then the
 * iovec tables, VECTORS_PER_ENTRY each. Entry `n` of the ring is submission number n modulo ENTRY_COUNT. An entry is
 * the event loop's until `submitted` has passed it, the thread's until `completed` has, then the event loop's again.
 */
export const CONTROL_BYTES = 64;
export const CONTROL = {
  /** How many entries the event loop has handed over, wrapping at 2^31. */
  submitted: 0,
  /** How many the thread has finished, wrapping likewise. */
  completed: 1,
  /** 1: the event loop sleeps on `completed` and wants to be woken. */
  waiting: 2,
} as const;

/** Bounds what may be under way on one thread; the rest waits in the event loop's own queue. */
export const ENTRY_COUNT = 256;
export const ENTRY_FIELDS = 7;
export const FIELD = {
  operation: 0,
  offsetBytes: 1,
  lengthBytes: 2,
  vectorCount: 3,
  argument: 4,
  result: 5,
  fd: 6,
} as const;
/** 1 MiB in socket chunks of 64 KiB, badly aligned, needs 17. */
export const VECTORS_PER_ENTRY = 32;

export const OPERATION = { read: 0, write: 1, flush: 2, fallocate: 3, lseek: 4, stop: 5 } as const;

export interface DiskThreadData {
  readonly shared: SharedArrayBuffer;
  readonly koffiPath: string;
  readonly entryCount: number;
  readonly entryFields: number;
  readonly controlBytes: number;
  readonly vectorsPerEntry: number;
}

export function diskThreadProgram(load: NodeJS.Require): void {
  const { workerData } = load('node:worker_threads') as typeof import('node:worker_threads');
  const { shared, koffiPath, entryCount, entryFields, controlBytes, vectorsPerEntry } = workerData as DiskThreadData;
  const koffi = load(koffiPath) as typeof import('koffi');
  const libc = koffi.load('libc.so.6');
  const preadv = libc.func('long preadv64(int fd, void *iov, int count, int64_t offset)');
  const pwritev = libc.func('long pwritev64(int fd, void *iov, int count, int64_t offset)');
  const fdatasync = libc.func('int fdatasync(int fd)');
  const fallocate = libc.func('int fallocate64(int fd, int mode, int64_t offset, int64_t length)');
  const lseek = libc.func('int64_t lseek64(int fd, int64_t offset, int whence)');

  const control = new Int32Array(shared, 0, controlBytes / 4);
  const entries = new Float64Array(shared, controlBytes, entryCount * entryFields);
  const vectorsAt = controlBytes + entryCount * entryFields * 8;
  const vectors = new BigUint64Array(shared, vectorsAt, entryCount * vectorsPerEntry * 2);
  const tables: Uint8Array[] = [];
  for (let i = 0; i < entryCount; i++)
    tables.push(new Uint8Array(shared, vectorsAt + i * vectorsPerEntry * 16, vectorsPerEntry * 16));
  const EIO = 5;

  // Moves all bytes of an entry or fails. A short transfer (a signal, a file system that ran full half-way) is
  // continued from where it ended; nothing moved at all means end of file, an error for a device.
  const transfer = (call: typeof preadv, index: number, base: number): number => {
    let table = tables[index] as Uint8Array;
    let first = index * vectorsPerEntry * 2;
    let count = entries[base + 3] as number;
    let offset = entries[base + 1] as number;
    const length = entries[base + 2] as number;
    const file = entries[base + 6] as number;
    let moved = 0;
    for (;;) {
      const n = call(file, table, count, offset) as number;
      if (n === length - moved) return length;
      if (n === -1) {
        const errno = koffi.errno();
        if (errno === 4) continue; // EINTR
        return -errno;
      }
      if (n === 0) return -EIO;
      moved += n;
      offset += n;
      let skip = BigInt(n);
      while (skip > 0n) {
        const size = vectors[first + 1] as bigint;
        if (skip < size) {
          vectors[first] = (vectors[first] as bigint) + skip;
          vectors[first + 1] = size - skip;
          break;
        }
        skip -= size;
        first += 2;
        count -= 1;
        table = table.subarray(16);
      }
    }
  };

  let done = 0;
  for (;;) {
    let submitted = Atomics.load(control, 0);
    if (submitted === done) {
      Atomics.wait(control, 0, done);
      continue;
    }
    while (done !== submitted) {
      const index = done % entryCount;
      const base = index * entryFields;
      const fd = entries[base + 6] as number;
      let result: number;
      switch (entries[base]) {
        case 0:
          result = transfer(preadv, index, base);
          break;
        case 1:
          result = transfer(pwritev, index, base);
          break;
        case 2:
          result = fdatasync(fd) as number;
          if (result === -1) result = -koffi.errno();
          break;
        case 3:
          result = fallocate(fd, entries[base + 4], entries[base + 1], entries[base + 2]) as number;
          if (result === -1) result = -koffi.errno();
          break;
        case 4:
          result = lseek(fd, entries[base + 1], entries[base + 4]) as number;
          if (result === -1) result = -koffi.errno();
          break;
        default:
          return;
      }
      entries[base + 5] = result;
      done = (done + 1) & 0x7fffffff;
      Atomics.store(control, 1, done);
      // The flag is the event loop's to clear: taken away here, between its being set and the wait that follows, it would
      // be missing for the entry after this one, and nobody would wake the loop. Nobody waiting costs no system call.
      if (Atomics.load(control, 2) === 1) Atomics.notify(control, 1);
      submitted = Atomics.load(control, 0);
    }
  }
}
