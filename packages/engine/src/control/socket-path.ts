/** Where a node's daemon is found. Two nodes on one machine have a run directory each. */
import { join } from 'node:path';

export const DEFAULT_RUN_DIR = '/run/tsdrbd';

/** Linux takes 107 bytes; a longer path would be cut off silently and end up somewhere else. */
export const SOCKET_PATH_BYTES_MAX = 107;

export function runDirOf(env: Readonly<Record<string, string | undefined>>): string {
  return env['TSDRBD_RUN_DIR'] || DEFAULT_RUN_DIR;
}

export function controlSocketPath(runDir: string): string {
  return join(runDir, 'control.sock');
}

export function daemonLogPath(runDir: string): string {
  return join(runDir, 'tsdrbdd.log');
}
