/**
 * What the thread runs that waits for FUSE requests: read(2) on /dev/fuse sleeps, and the event loop must not.
 *
 * `receiveThreadProgram` is turned to text and evaluated in a worker thread, so that it needs no file of its own beside
 * a bundle. It must therefore use nothing from outside its own braces; `load` is the worker's `require`, by a name that
 * bundlers leave alone.
 *
 * Shared memory: CONTROL_BYTES of int32 counters, then RING_COUNT addresses (uint64), then RING_COUNT results (float64).
 * Position `n` of the ring is buffer number n modulo RING_COUNT: the event loop's until `offered` has passed it, the
 * thread's until `filled` has, then the event loop's again.
 */
export const CONTROL_BYTES = 64;
export const CONTROL = {
  /** How many buffers the event loop has offered, wrapping at 2^31. */
  offered: 0,
  /** How many the thread has filled, wrapping likewise. */
  filled: 1,
  /** 1: the event loop sleeps on `filled` and wants to be woken. */
  waiting: 2,
} as const;
export const RING_COUNT = 8;

export interface ReceiveThreadData {
  readonly shared: SharedArrayBuffer;
  readonly koffiPath: string;
  readonly controlBytes: number;
  readonly ringCount: number;
  readonly bufferBytes: number;
  readonly fuseFd: number;
  /** Readable: the thread shall end. */
  readonly stopFd: number;
}

export function receiveThreadProgram(load: NodeJS.Require): void {
  const { workerData } = load('node:worker_threads') as typeof import('node:worker_threads');
  const { shared, koffiPath, controlBytes, ringCount, bufferBytes, fuseFd, stopFd } = workerData as ReceiveThreadData;
  const koffi = load(koffiPath) as typeof import('koffi');
  const libc = koffi.load('libc.so.6');
  const read = libc.func('long read(int fd, uint64_t address, size_t length)');
  const poll = libc.func('int poll(void *fds, unsigned long count, int timeout)');

  const control = new Int32Array(shared, 0, controlBytes / 4);
  const addresses = new BigUint64Array(shared, controlBytes, ringCount);
  const results = new Float64Array(shared, controlBytes + ringCount * 8, ringCount);
  // struct pollfd: int fd, short events, short revents. POLLIN is 1.
  const pollFds = new Int32Array([fuseFd, 1, stopFd, 1]);
  const pollBytes = new Uint8Array(pollFds.buffer);

  let done = 0;
  for (;;) {
    const offered = Atomics.load(control, 0);
    if (offered === done) {
      Atomics.wait(control, 0, done);
      continue;
    }
    const index = done % ringCount;
    let result: number;
    for (;;) {
      result = read(fuseFd, addresses[index], bufferBytes) as number;
      if (result !== -1) break;
      const errno = koffi.errno();
      // A request that was taken back while it was read (ENOENT), or a signal (EINTR): the next one.
      if (errno === 2 || errno === 4) continue;
      result = -errno;
      if (errno !== 11) break;
      pollFds[1] = 1;
      pollFds[3] = 1;
      poll(pollBytes, 2, -1);
      if ((pollFds[3] as number) >> 16 !== 0) return;
    }
    results[index] = result;
    done = (done + 1) & 0x7fffffff;
    Atomics.store(control, 1, done);
    if (Atomics.load(control, 2) === 1) Atomics.notify(control, 1);
    if (result < 0) return;
  }
}

/** esbuild's keepNames wraps functions with `__name`, which does not exist in the worker. */
export const receiveThreadSource = (): string =>
  `const __name = (f) => f; (${receiveThreadProgram.toString()})(require);`;
