import { nameTable } from './name-table';

/** after-sb-0pri, -1pri, -2pri and rr-conflict as P_PROTOCOL carries them; names as in drbd.conf. Source: wire.md 5.1. */
export const AfterSb = {
  disconnect: 0,
  'discard-younger-primary': 1,
  'discard-older-primary': 2,
  'discard-zero-changes': 3,
  'discard-least-changes': 4,
  'discard-local': 5,
  'discard-remote': 6,
  consensus: 7,
  'discard-secondary': 8,
  'call-pri-lost-after-sb': 9,
  'violently-as0p': 10,
  /** rr-conflict only, DRBD 9. */
  'retry-connect': 11,
  /** rr-conflict only, DRBD 9. */
  'auto-discard': 12,
} as const;

export type AfterSbName = keyof typeof AfterSb;
export const afterSbs = nameTable(AfterSb);

/** What the peer's value means here: discard-local at one end is discard-remote at the other. */
export function mirrorAfterSb(value: number): number {
  if (value === AfterSb['discard-local']) return AfterSb['discard-remote'];
  if (value === AfterSb['discard-remote']) return AfterSb['discard-local'];
  return value;
}
