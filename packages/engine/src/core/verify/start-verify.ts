/** The administrator's `verify`. Source: setup.md 2.5 (row verify), behaviour.md 7.7, wire.md 9. */
import { Conn, Disk, StateMask, StateResult as SS, packState } from '../../wire';
import type { PeerDevice } from '../peer-device/peer-device';
import { ERR, type Done } from '../resource/reply-codes';
import { NO_STATE } from '../state/no-state';
import { VERIFY_BLOCK_SECTORS, toldOfVerifyEnd } from './verify-run';

export interface VerifyRange {
  /** Absent: where the last run broke off. Sectors, rounded down to a block. */
  readonly startSector?: number;
  /** Absent: to the end. */
  readonly stopSector?: number;
}

export function startVerify(peerDevice: PeerDevice, range: VerifyRange, done: Done): void {
  const { device, connection, verifySource } = peerDevice;
  const { states } = device.resource;
  if (device.disk === null) return done(ERR.ERR_NO_DISK);
  if (range.stopSector !== undefined && !toldOfVerifyEnd(connection.version)) {
    connection.log('warn', 'the peer knows no stop sector of a verify: it will run to the end');
  }
  const stopSector = toldOfVerifyEnd(connection.version) ? (range.stopSector ?? null) : null;
  if (peerDevice.conn === Conn.VerifyS) {
    verifySource.stopSector = stopSector;
    return done(SS.SS_SUCCESS);
  }
  const alter = (view: { peerDevice: PeerDevice | null }) =>
    view.peerDevice === peerDevice ? { conn: Conn.VerifyS } : null;
  // Completed by the rules for a state, such a proposal would be none: say what is missing.
  if (peerDevice.conn >= Conn.Connected && device.diskState < Disk.Inconsistent) return done(SS.SS_NO_LOCAL_DISK);
  if (peerDevice.conn >= Conn.Connected && peerDevice.pdsk < Disk.Inconsistent) return done(SS.SS_NO_REMOTE_DISK);
  const verdict = states.check(alter);
  if (verdict < SS.SS_SUCCESS) return done(verdict);
  connection.stateRequests.request(
    peerDevice,
    StateMask.conn,
    packState({ ...NO_STATE, conn: Conn.VerifyS }),
    (retcode) => {
      if (retcode < SS.SS_SUCCESS) return done(SS.SS_CW_FAILED_BY_PEER);
      if (range.startSector !== undefined) {
        verifySource.nextStartSector = Math.floor(range.startSector / VERIFY_BLOCK_SECTORS) * VERIFY_BLOCK_SECTORS;
      }
      verifySource.stopSector = stopSector;
      done(states.request(alter));
    },
  );
}
