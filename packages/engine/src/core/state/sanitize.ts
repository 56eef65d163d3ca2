/**
 * What a proposed state implies for its other fields. Source: behaviour.md 1.8 and the clamp table 1.9, column 8.4.
 */
import { Conn, Disk, Role } from '../../wire';
import type { Fencing } from '../options';
import { isSyncState, type VolumeState } from './volume-state';

export interface SanitizeContext {
  /** What the disk is when negotiation with the peer is cut short; null: it becomes Diskless. */
  readonly diskIfNotNegotiated: { readonly disk: number; readonly pdsk: number } | null;
  /** The state that the change starts from. */
  readonly before: VolumeState;
  readonly fencing: Fencing;
  readonly onNoDataAccessible: 'io-error' | 'suspend-io';
}

export function sanitizeState(proposed: VolumeState, context: SanitizeContext): VolumeState {
  const { before } = context;
  const ns = { ...proposed };
  if (ns.conn < Conn.Connected) {
    ns.peerIsp = false;
    ns.peer = Role.Unknown;
    if (ns.pdsk > Disk.DUnknown || ns.pdsk < Disk.Inconsistent) ns.pdsk = Disk.DUnknown;
  }
  if (ns.conn === Conn.StandAlone && ns.disk === Disk.Diskless && ns.role === Role.Secondary) ns.aftrIsp = false;
  if (ns.conn > Conn.Connected && (ns.disk <= Disk.Failed || ns.pdsk <= Disk.Failed)) ns.conn = Conn.Connected;
  if (ns.conn < Conn.Connected && ns.disk === Disk.Negotiating) {
    ns.disk = context.diskIfNotNegotiated?.disk ?? Disk.Diskless;
    ns.pdsk = context.diskIfNotNegotiated?.pdsk ?? Disk.DUnknown;
  }
  if (ns.conn >= Conn.Connected && ns.conn < Conn.Ahead) {
    if (ns.disk === Disk.Consistent || ns.disk === Disk.Outdated)
      ns.disk = stillBehind(before, 'disk', ns) ?? Disk.UpToDate;
    if (ns.pdsk === Disk.Consistent || ns.pdsk === Disk.Outdated)
      ns.pdsk = stillBehind(before, 'pdsk', ns) ?? Disk.UpToDate;
  }
  const range = CLAMPS[ns.conn];
  if (range !== undefined) {
    ns.disk = clamp(ns.disk, range.disk);
    ns.pdsk = clamp(ns.pdsk, range.pdsk);
  }
  if (context.fencing === 'resource-and-stonith' && isUnfenced(ns) && !isUnfenced(before)) ns.suspFen = true;
  if (context.onNoDataAccessible === 'suspend-io' && hasNoData(ns) && !hasNoData(before)) ns.suspNod = true;
  if (isSyncState(ns.conn)) ns.conn = pausedOrNot(ns.conn, ns.userIsp || ns.peerIsp || ns.aftrIsp);
  return ns;
}

/**
 * Connecting tells that old knowledge of a copy's age is void: either it is equal, or a resync begins. A copy that waited
 * for a resync stays what it is when the source's disk fails. DRBD 8.4 calls it UpToDate then, and a diskless Primary
 * would read old data from it. (A peer that attaches meanwhile counts as Consistent until it says otherwise.)
 */
function stillBehind(before: VolumeState, which: 'disk' | 'pdsk', next: VolumeState): number | null {
  if (before.conn < Conn.Connected || before[which] >= Disk.UpToDate) return null;
  if (next[which] === before[which]) return next[which];
  if (which === 'disk' || next.pdsk !== Disk.Outdated) return null;
  return before.pdsk === Disk.Consistent ? Disk.Consistent : Disk.Outdated;
}

/** A Primary whose lost peer may still be current. */
const isUnfenced = ({ role, conn, pdsk }: VolumeState): boolean =>
  role === Role.Primary && conn < Conn.Connected && pdsk > Disk.Outdated;

/** A Primary without a current copy anywhere. */
const hasNoData = ({ role, disk, pdsk }: VolumeState): boolean =>
  role === Role.Primary && disk < Disk.UpToDate && pdsk < Disk.UpToDate;

interface Range {
  readonly disk: readonly [number, number];
  readonly pdsk: readonly [number, number];
}

const UP_TO_DATE = [Disk.UpToDate, Disk.UpToDate] as const;
const INCONSISTENT = [Disk.Inconsistent, Disk.Inconsistent] as const;
const TARGET: Range = { disk: [Disk.Inconsistent, Disk.Outdated], pdsk: UP_TO_DATE };
const SOURCE: Range = { disk: UP_TO_DATE, pdsk: [Disk.Inconsistent, Disk.Consistent] };

const CLAMPS: Readonly<Record<number, Range>> = {
  [Conn.WFBitMapT]: TARGET,
  [Conn.StartingSyncT]: TARGET,
  [Conn.WFSyncUUID]: TARGET,
  [Conn.Behind]: TARGET,
  [Conn.PausedSyncT]: TARGET,
  [Conn.SyncTarget]: { disk: INCONSISTENT, pdsk: UP_TO_DATE },
  [Conn.WFBitMapS]: SOURCE,
  [Conn.PausedSyncS]: SOURCE,
  [Conn.StartingSyncS]: SOURCE,
  [Conn.Ahead]: SOURCE,
  [Conn.SyncSource]: { disk: UP_TO_DATE, pdsk: INCONSISTENT },
  [Conn.VerifyS]: { disk: UP_TO_DATE, pdsk: UP_TO_DATE },
  [Conn.VerifyT]: { disk: UP_TO_DATE, pdsk: UP_TO_DATE },
};

const clamp = (value: number, [min, max]: readonly [number, number]): number => Math.min(Math.max(value, min), max);

function pausedOrNot(conn: number, paused: boolean): number {
  switch (conn) {
    case Conn.SyncSource:
    case Conn.PausedSyncS:
      return paused ? Conn.PausedSyncS : Conn.SyncSource;
    case Conn.SyncTarget:
    case Conn.PausedSyncT:
      return paused ? Conn.PausedSyncT : Conn.SyncTarget;
    default:
      return conn;
  }
}
