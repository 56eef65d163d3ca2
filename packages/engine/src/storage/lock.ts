/**
 * One user per backing device: a flock(2) on the inode, and for block devices the kernel's exclusive open as well,
 * which mounts, drbd.ko and device-mapper honour. Both end with the file descriptor, so also with SIGKILL.
 */
import { errnoName, LOCK_EX, LOCK_NB, systemCalls } from './system-calls';
import { storageError } from './storage-error';

/**
 * Takes the lock or throws a StorageError EBUSY. Two opens within one process exclude each other too.
 * Held until `fd` is closed.
 */
export function lockExclusively(fd: number, path: string): void {
  const result = systemCalls().flock(fd, LOCK_EX | LOCK_NB);
  if (result === 0) return;
  const code = errnoName(result);
  if (code === 'EAGAIN') throw inUse(path);
  throw storageError(code, `cannot lock ${path}`);
}

export const inUse = (path: string) =>
  storageError('EBUSY', `${path} is in use: another engine or program holds it open exclusively`);
