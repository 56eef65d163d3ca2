/**
 * States as the peer sees them, turned into this node's view. Source: wire.md 10.1.
 */
import { Conn, Disk, Role, StateMask, packState, unpackState, type StateFields } from '../../wire';

/** A mask or value of the peer, from its point of view to ours. Source: wire.md 10.1. */
export function translate(bits: number): number {
  const theirs = unpackState(bits);
  return packState({
    role: theirs.peer,
    peer: theirs.role,
    conn: CONN_AT_PEER[theirs.conn] ?? 0,
    disk: theirs.pdsk,
    pdsk: theirs.disk,
    susp: false,
    aftrIsp: theirs.aftrIsp,
    peerIsp: theirs.aftrIsp || theirs.userIsp,
    userIsp: theirs.userIsp,
    suspNod: false,
    suspFen: false,
  });
}

const CONN_AT_PEER: Readonly<Record<number, number>> = {
  [Conn.WFReportParams]: Conn.WFReportParams,
  [Conn.Connected]: Conn.Connected,
  [Conn.StartingSyncS]: Conn.StartingSyncT,
  [Conn.StartingSyncT]: Conn.StartingSyncS,
  [Conn.Disconnecting]: Conn.TearDown,
  [Conn.VerifyS]: Conn.VerifyT,
  31: 31,
};

/** P_STATE has room for numbers that are no states. */
export function isKnownState({ role, peer, conn, disk, pdsk }: StateFields): boolean {
  const known = (value: number, last: number): boolean => value <= last;
  return (
    known(role, Role.Secondary) &&
    known(peer, Role.Secondary) &&
    known(conn, Conn.Behind) &&
    known(disk, Disk.UpToDate) &&
    known(pdsk, Disk.UpToDate)
  );
}

/** What a peer has a reason to ask for; mask and value in this node's view. Its own role and disk, a resync, a verify. */
export function mayBeAsked(mask: number, value: number, conns: readonly number[]): boolean {
  const to = unpackState(value);
  const asks = (bits: number): boolean => (mask & bits) !== 0;
  if (asks(StateMask.role)) return false;
  if (asks(StateMask.conn) && !conns.includes(to.conn)) return false;
  // This node's disk is only ever asked to be outdated: by a Primary that leaves (behaviour.md 2.8).
  if (asks(StateMask.disk) && to.disk !== Disk.Outdated) return false;
  return !(asks(StateMask.pdsk) && to.pdsk > Disk.UpToDate) && !(asks(StateMask.peer) && to.peer > Role.Secondary);
}

/** `before` with what a request's mask names taken from its value; both in this node's view. */
export function overlay(
  before: {
    role: number;
    peer: number;
    conn: number;
    disk: number;
    pdsk: number;
    userIsp: boolean;
    peerIsp: boolean;
    aftrIsp: boolean;
  },
  mask: number,
  value: number,
) {
  const to = unpackState(value);
  const has = (bits: number): boolean => (mask & bits) === bits;
  return {
    role: has(StateMask.role) ? to.role : before.role,
    peer: has(StateMask.peer) ? to.peer : before.peer,
    conn: has(StateMask.conn) ? to.conn : before.conn,
    disk: has(StateMask.disk) ? to.disk : before.disk,
    pdsk: has(StateMask.pdsk) ? to.pdsk : before.pdsk,
    peerIsp: has(StateMask.peerIsp) ? to.peerIsp : before.peerIsp,
  };
}
