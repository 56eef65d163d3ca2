/**
 * One daemon per run directory: whoever holds `<runDir>/tsdrbdd.lock` may take over the control socket.
 *
 * flock, because the kernel drops it with its holder: a lock file with a process number in it would outlive a killed
 * daemon, and telling a stale one from a live one has a race of its own.
 */
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';

const LOCK_EX = 2;
const LOCK_NB = 4;

export interface RunLock {
  release(): void;
}

/** Null when another process, or another server of this process, holds it. */
export async function takeRunLock(runDir: string): Promise<RunLock | null> {
  const { default: koffi } = await import('koffi');
  const flock = koffi.load(null).func('int flock(int fd, int operation)') as (fd: number, operation: number) => number;
  const fd = openSync(join(runDir, 'tsdrbdd.lock'), 'a', 0o600);
  if (flock(fd, LOCK_EX | LOCK_NB) !== 0) {
    closeSync(fd);
    return null;
  }
  return { release: () => closeSync(fd) };
}
