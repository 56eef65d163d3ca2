/** Whether processes run that this one knows by their ids only. */
import { readFileSync } from 'node:fs';

/** Empty for a process that is gone, or about to be. */
export function commandLine(pid: number): string {
  return readProcess(pid, 'cmdline');
}

/**
 * Returns when a process has ended altogether. Before that its command line may be gone, but not yet its sockets, to
 * which somebody could connect by mistake. One whose exit code nobody asked for yet has ended.
 */
export async function ended(pid: number): Promise<void> {
  while (isThere(pid)) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

const POLL_MS = 20;

function isThere(pid: number): boolean {
  const state = /\) (\S)/.exec(readProcess(pid, 'stat'))?.[1];
  return state !== undefined && state !== 'Z' && state !== 'X';
}

function readProcess(pid: number, file: 'cmdline' | 'stat'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    // No such process.
    return '';
  }
}
