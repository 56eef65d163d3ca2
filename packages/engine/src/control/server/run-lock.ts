/**
 * One daemon per run directory: whoever holds `<runDir>/tsdrbdd.lock` may take over the control socket.
 *
 * The lock must end with its holder however that ends, as flock(2) does: a lock file with a process number in it would
 * outlive a killed daemon, and telling a stale one from a live one has a race of its own. How it is taken is the
 * daemon's business; this room makes no system calls of its own.
 */
import { join } from 'node:path';

export interface HeldLock {
  release(): void;
}

/** Null when another process, or another server of this process, holds it. Throws what the operating system says. */
export type TakeLock = (path: string) => HeldLock | null;

export const runLockPath = (runDir: string): string => join(runDir, 'tsdrbdd.lock');
