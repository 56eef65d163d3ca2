/** Both nodes announce a resync in the same words. */
export interface Resync {
  readonly role: 'SyncSource' | 'SyncTarget';
  readonly kib: number;
}

const ANNOUNCEMENT = /Began resync as (SyncSource|SyncTarget) \(will sync (\d+) KB/g;

export function lastResync(log: string): Resync | null {
  const match = [...log.matchAll(ANNOUNCEMENT)].pop();
  if (match === undefined) return null;
  return { role: match[1] === 'SyncSource' ? 'SyncSource' : 'SyncTarget', kib: Number(match[2]) };
}
