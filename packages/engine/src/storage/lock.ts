/**
 * One user per backing device: a flock(2) on the inode, and for block devices the kernel's exclusive open as well,
 * which mounts, drbd.ko and device-mapper honour. Both end with the file descriptor, so also with SIGKILL.
 *
 * udev locks a block device too, shared, while it looks at it; and it does that whenever somebody closes one that was open for
 * writing, as tsdrbdmeta does just before an engine attaches it. That is waited for. Source: systemd's "Locking Block
 * Device Access".
 */
import { errnoName, LOCK_EX, LOCK_NB, LOCK_SH, LOCK_UN, systemCalls } from './system-calls';
import { storageError } from './storage-error';

/** It takes a tenth of a second, on a busy machine a few. */
const SHARED_MS_MAX = 5_000;
const RETRY_MS = 20;

/**
 * Takes the lock or throws a StorageError EBUSY. Two opens within one process exclude each other too. Held until `fd`
 * is closed. Blocks while somebody has it shared: for command line programs.
 */
export function lockExclusively(fd: number, path: string): void {
  for (let waitedMs = 0; !tryToLock(fd, path, waitedMs); waitedMs += RETRY_MS) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
  }
}

/** The same without blocking. */
export async function lockDevice(fd: number, path: string): Promise<void> {
  for (let waitedMs = 0; !tryToLock(fd, path, waitedMs); waitedMs += RETRY_MS) {
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** False: somebody has it shared, which is worth to be waited for. */
function tryToLock(fd: number, path: string, waitedMs: number): boolean {
  const result = systemCalls().flock(fd, LOCK_EX | LOCK_NB);
  if (result === 0) return true;
  const code = errnoName(result);
  if (code !== 'EAGAIN') throw storageError(code, `cannot lock ${path}`);
  if (waitedMs >= SHARED_MS_MAX || systemCalls().flock(fd, LOCK_SH | LOCK_NB) !== 0) throw inUse(path);
  systemCalls().flock(fd, LOCK_UN);
  return false;
}

export const inUse = (path: string) =>
  storageError('EBUSY', `${path} is in use: another engine or program holds it open exclusively`);
