/** Where a node's daemon is found. Two nodes on one machine have a run directory each. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'ini';

export const DEFAULT_RUN_DIR = '/run/tsdrbd';
export const DEFAULT_SETTINGS_PATH = '/etc/tsdrbd.ini';

/** Linux takes 107 bytes; a longer path would be cut off silently and end up somewhere else. */
export const SOCKET_PATH_BYTES_MAX = 107;

/** `TSDRBD_RUN_DIR`, else `run-dir` in the `[daemon]` section of the host's settings (docs/tsdrbd.ini.md), else the default. */
export function runDirOf(env: Readonly<Record<string, string | undefined>>): string {
  return env['TSDRBD_RUN_DIR'] || runDirSetting(env['TSDRBD_INI'] ?? DEFAULT_SETTINGS_PATH) || DEFAULT_RUN_DIR;
}

/** A file that cannot be read is the daemon's to complain about: it refuses to start with it. */
function runDirSetting(path: string): string | null {
  try {
    const { daemon }: { daemon?: { 'run-dir'?: unknown } } = parse(readFileSync(path, 'utf8'));
    const runDir = daemon?.['run-dir'];
    return typeof runDir === 'string' ? runDir : null;
  } catch {
    return null;
  }
}

export function controlSocketPath(runDir: string): string {
  return join(runDir, 'control.sock');
}

export function daemonLogPath(runDir: string): string {
  return join(runDir, 'tsdrbdd.log');
}
