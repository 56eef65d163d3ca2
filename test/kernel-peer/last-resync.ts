/** Both nodes announce a resync in the same words. */
export interface Resync {
  readonly role: 'SyncSource' | 'SyncTarget';
  readonly kib: number;
}

const ANNOUNCEMENT = /Began resync as (SyncSource|SyncTarget) \(will sync (\d+) KB/g;

/**
 * The newest resync that had something to move. A Primary that loses its peer for a moment begins a new generation of its
 * data even when it writes nothing, and the resync that follows is announced with 0 KB: a busy machine, which answers
 * pings too late, adds such a one behind the resync that a test is about.
 */
export function lastResync(log: string): Resync | null {
  const match = [...log.matchAll(ANNOUNCEMENT)].filter(([, , kib]) => kib !== '0').pop();
  if (match === undefined) return null;
  return { role: match[1] === 'SyncSource' ? 'SyncSource' : 'SyncTarget', kib: Number(match[2]) };
}
