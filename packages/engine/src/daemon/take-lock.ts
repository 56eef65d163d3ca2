/** A file as a lock that ends with its holder, also with SIGKILL. */
import { closeSync, openSync } from 'node:fs';
import type { HeldLock } from '../control/server';
import { StorageFailure, lockExclusively } from '../storage';

/** Null when somebody else holds it. The file stays. */
export function takeLock(path: string): HeldLock | null {
  const fd = openSync(path, 'a', 0o600);
  try {
    lockExclusively(fd, path);
  } catch (error) {
    closeSync(fd);
    if (error instanceof StorageFailure && error.code === 'EBUSY') return null;
    throw error;
  }
  return { release: () => closeSync(fd) };
}
