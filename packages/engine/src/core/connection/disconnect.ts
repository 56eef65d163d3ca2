/** Leaves a peer for good, with its consent where that saves data from counting as current. Source: wire.md 10.4, behaviour.md 2.8. */
import { Conn, Disk, StateMask, StateResult as SS, packState } from '../../wire';
import type { Done } from '../resource/reply-codes';
import { NO_STATE } from '../state/no-state';
import type { Connection } from './connection';

export function disconnect(connection: Connection, mode: 'graceful' | 'forced', done: Done): void {
  const { states } = connection.resource;
  if (connection.conn === Conn.StandAlone) return done(SS.SS_ALREADY_STANDALONE);
  if (mode === 'forced' || connection.conn < Conn.WFReportParams || !connection.isUp) {
    connection.disconnectHard();
    return done(SS.SS_SUCCESS);
  }
  const verdict = states.check(
    (view) => (view.peerDevice?.connection === connection ? { conn: Conn.Disconnecting } : null),
    { connection, conn: Conn.Disconnecting },
  );
  if (verdict < SS.SS_SUCCESS && verdict !== SS.SS_PRIMARY_NOP) return done(verdict);
  const leave = (retcode: number): void => {
    if (retcode < SS.SS_SUCCESS) return done(retcode);
    connection.disconnectHard();
    done(SS.SS_SUCCESS);
  };
  const disconnecting = packState({ ...NO_STATE, conn: Conn.Disconnecting });
  if (verdict === SS.SS_PRIMARY_NOP) {
    const value = disconnecting | packState({ ...NO_STATE, pdsk: Disk.Outdated });
    connection.stateRequests.request('connection', StateMask.conn | StateMask.pdsk, value, (retcode) => {
      if (retcode >= SS.SS_SUCCESS) {
        states.make(
          (view) =>
            view.peerDevice?.connection === connection ? { conn: Conn.Disconnecting, pdsk: Disk.Outdated } : null,
          'forced',
          { connection, conn: Conn.Disconnecting },
        );
      }
      leave(retcode < SS.SS_SUCCESS ? SS.SS_CW_FAILED_BY_PEER : retcode);
    });
    return;
  }
  connection.stateRequests.request('connection', StateMask.conn, disconnecting, (retcode) => {
    if (retcode >= SS.SS_SUCCESS) return leave(retcode);
    // The peer is Primary and would lose good data: offer to be outdated.
    const value = disconnecting | packState({ ...NO_STATE, disk: Disk.Outdated });
    connection.stateRequests.request('connection', StateMask.conn | StateMask.disk, value, (second) => {
      if (second >= SS.SS_SUCCESS) {
        states.make(
          (view) =>
            view.peerDevice?.connection === connection && view.device.disk !== null ? { disk: Disk.Outdated } : null,
          'forced',
          { connection, conn: Conn.Disconnecting },
        );
      }
      leave(second < SS.SS_SUCCESS ? SS.SS_CW_FAILED_BY_PEER : second);
    });
  });
}
