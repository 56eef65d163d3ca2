import { Conn, Disk, Role, conns, disks, roles } from '../../wire';

/**
 * The state of one volume towards one peer, in the numbers of protocol 86 to 101. `conn` merges connection and
 * replication state, as DRBD 8.4 does: below Connected it is the connection's, above the peer device's.
 */
export interface VolumeState {
  readonly role: number;
  readonly peer: number;
  readonly conn: number;
  readonly disk: number;
  readonly pdsk: number;
  readonly userIsp: boolean;
  readonly peerIsp: boolean;
  readonly aftrIsp: boolean;
  /** I/O is held: no data accessible. */
  readonly suspNod: boolean;
  /** I/O is held: the peer is not known to be outdated. */
  readonly suspFen: boolean;
}

export const STATE_OF_NEW_VOLUME: VolumeState = {
  role: Role.Secondary,
  peer: Role.Unknown,
  conn: Conn.StandAlone,
  disk: Disk.Diskless,
  pdsk: Disk.DUnknown,
  userIsp: false,
  peerIsp: false,
  aftrIsp: false,
  suspNod: false,
  suspFen: false,
};

export const isSyncing = (conn: number): boolean =>
  conn === Conn.SyncSource || conn === Conn.SyncTarget || conn === Conn.PausedSyncS || conn === Conn.PausedSyncT;

/** In 16..21: writes carry MAY_SET_IN_SYNC (wire 6.4). */
export const isSyncState = (conn: number): boolean => conn >= Conn.SyncSource && conn <= Conn.PausedSyncT;

/** Reasons why a connection went away: only Unconnected or Disconnecting may follow (behaviour 1.3). */
export const isLossReason = (conn: number): boolean => conn >= Conn.Timeout && conn <= Conn.TearDown;

/** `conn( Unconnected -> Connecting ) disk( Attaching -> UpToDate )`, empty if nothing differs. */
export function formatChange(before: VolumeState, after: VolumeState): string {
  const parts: string[] = [];
  const part = (label: string, from: string, to: string): void => {
    if (from !== to) parts.push(`${label}( ${from} -> ${to} )`);
  };
  part('role', roles.name(before.role), roles.name(after.role));
  part('peer', roles.name(before.peer), roles.name(after.peer));
  part('conn', conns.name(before.conn), conns.name(after.conn));
  part('disk', disks.name(before.disk), disks.name(after.disk));
  part('pdsk', disks.name(before.pdsk), disks.name(after.pdsk));
  part('user_isp', String(Number(before.userIsp)), String(Number(after.userIsp)));
  part('peer_isp', String(Number(before.peerIsp)), String(Number(after.peerIsp)));
  part('aftr_isp', String(Number(before.aftrIsp)), String(Number(after.aftrIsp)));
  part('susp_nod', String(Number(before.suspNod)), String(Number(after.suspNod)));
  part('susp_fen', String(Number(before.suspFen)), String(Number(after.suspFen)));
  return parts.join(' ');
}
