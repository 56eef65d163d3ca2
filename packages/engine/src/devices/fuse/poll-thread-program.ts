/**
 * What the thread runs (a program for native/native-thread.ts) that waits until /dev/fuse has a request: Node cannot wait
 * for such a descriptor itself. The event loop reads, without sleeping, until there is nothing more; then it asks the
 * thread to wait again.
 *
 * Shared memory: two int32 counters, both wrapping at 2^31.
 */
export const CONTROL_BYTES = 8;
export const CONTROL = {
  /** How often the event loop asked to be told. */
  asked: 0,
  /** How often it was told. */
  told: 1,
} as const;

export interface PollThreadData {
  readonly shared: SharedArrayBuffer;
  readonly koffiPath: string;
  readonly fuseFd: number;
  /** Readable: the thread shall end. */
  readonly stopFd: number;
}

export function pollThreadProgram(load: NodeJS.Require): void {
  const { workerData } = load('node:worker_threads') as typeof import('node:worker_threads');
  const { shared, koffiPath, fuseFd, stopFd } = workerData as PollThreadData;
  const koffi = load(koffiPath) as typeof import('koffi');
  const poll = koffi.load('libc.so.6').func('int poll(void *fds, unsigned long count, int timeout)');

  const control = new Int32Array(shared);
  // struct pollfd: int fd, short events, short revents. POLLIN is 1.
  const pollFds = new Int32Array([fuseFd, 1, stopFd, 1]);
  const pollBytes = new Uint8Array(pollFds.buffer);

  let told = 0;
  for (;;) {
    if (Atomics.load(control, 0) === told) {
      Atomics.wait(control, 0, told);
      continue;
    }
    pollFds[1] = 1;
    pollFds[3] = 1;
    // -1 is a signal, nothing to read: the event loop finds that out.
    poll(pollBytes, 2, -1);
    if ((pollFds[3] as number) >> 16 !== 0) return;
    told = (told + 1) & 0x7fffffff;
    Atomics.store(control, 1, told);
    Atomics.notify(control, 1);
  }
}
