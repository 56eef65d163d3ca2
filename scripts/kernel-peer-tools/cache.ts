/** Where the guest's kernel and file system are kept between runs: XDG_CACHE_HOME, else the checkout's node_modules. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');

export function cacheDirectory(): string {
  const base = process.env['XDG_CACHE_HOME'] || join(ROOT, 'node_modules/.cache');
  return join(base, 'tsdrbd-kernel-peer');
}

/** Identifies what was built by what it was built from. */
export function keyOf(inputs: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256');
  for (const input of inputs) hash.update(input).update('\0');
  return hash.digest('hex').slice(0, 16);
}

/**
 * The directory `name` of the cache, made by `build` if it is not there. It appears complete or not at all; when two
 * build it at the same time, the first one to finish wins and both use that.
 */
export async function cached(name: string, build: (directory: string) => Promise<void>): Promise<string> {
  const cache = cacheDirectory();
  const wanted = join(cache, name);
  if (existsSync(wanted)) return wanted;
  mkdirSync(cache, { recursive: true });
  removeLeftovers(cache);
  const temporary = mkdtempSync(join(cache, 'building-'));
  try {
    await build(temporary);
    renameUnlessThere(temporary, wanted);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return wanted;
}

function renameUnlessThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}

const LEFTOVER_AGE_MS = 60 * 60 * 1000;

/** What a killed build left: an unfinished directory that nobody touched for an hour. */
function removeLeftovers(cache: string): void {
  for (const entry of readdirSync(cache)) {
    const path = join(cache, entry);
    if (entry.startsWith('building-') && Date.now() - statSync(path).mtimeMs > LEFTOVER_AGE_MS) {
      rmSync(path, { recursive: true, force: true });
    }
  }
}
