/**
 * States as the peer sees them, turned into this node's view. Source: wire.md 10.1.
 */
import { Conn, StateMask, packState, unpackState } from '../../wire';

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
