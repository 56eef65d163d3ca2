/**
 * One tsdrbdmeta at a time per minor: a file that holds the process id of its owner, created exclusively. A file
 * whose owner is gone is taken over. Source of place and text: metadata.md 6.3 step 3.
 */
import { mkdirSync, openSync, closeSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { EXIT, MetaExit } from '../meta-exit';

export interface MinorLock {
  release(): void;
}

const WAIT_MS = 1000;
const RETRY_MS = 50;

export async function acquireMinorLock(path: string): Promise<MinorLock> {
  for (let waitedMs = 0; ; waitedMs += RETRY_MS) {
    const attempt = tryToTake(path);
    if (attempt.kind === 'taken') return { release: () => unlinkSync(path) };
    // Without a place for locks (no root, no run directory) there is nobody to keep out either.
    if (attempt.kind === 'no-place') return { release: () => undefined };
    if (waitedMs >= WAIT_MS) {
      throw new MetaExit(EXIT.usage, `lock on ${path} currently held by pid:${attempt.pid}`);
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

type Attempt =
  { readonly kind: 'taken' } | { readonly kind: 'no-place' } | { readonly kind: 'held'; readonly pid: number };

function tryToTake(path: string): Attempt {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const fd = openSync(path, 'wx', 0o600);
    writeSync(fd, `${process.pid}\n`);
    closeSync(fd);
    return { kind: 'taken' };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return { kind: 'no-place' };
  }
  const pid = ownerOf(path);
  // 0: its owner is just writing it.
  if (pid === 0 || isAlive(pid)) return { kind: 'held', pid };
  unlinkSync(path);
  return tryToTake(path);
}

function ownerOf(path: string): number {
  try {
    return Number.parseInt(readFileSync(path, 'utf8'), 10) || 0;
  } catch {
    // Released in between: the next attempt will tell.
    return 0;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
