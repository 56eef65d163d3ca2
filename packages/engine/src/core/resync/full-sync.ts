/** One side's data is given up by command, and all of it comes from the other. Source: behaviour.md 7.8. */
import { Conn, Disk, Role, StateMask, StateResult as SS, packState } from '../../wire';
import type { Device } from '../device/device';
import type { PeerDevice } from '../peer-device/peer-device';
import { ERR, type Done } from '../resource/reply-codes';
import { NO_STATE } from '../state/no-state';

export function invalidate(device: Device, done: Done): void {
  const { resource } = device;
  const peerDevice = device.peerDevices.find(({ conn }) => conn >= Conn.Connected);
  if (peerDevice !== undefined) return fullSync(peerDevice, Conn.StartingSyncT, done);
  if (device.disk === null) return done(ERR.ERR_NO_DISK);
  const verdict = resource.states.request((view) =>
    view.device === device && resource.role === Role.Secondary ? { disk: Disk.Inconsistent } : null,
  );
  if (resource.role === Role.Primary) return done(SS.SS_NO_UP_TO_DATE_DISK);
  if (verdict < SS.SS_SUCCESS) return done(verdict);
  for (const bitmap of device.disk.bitmaps) bitmap.setAll();
  device.disk.writeBitmap(null, () => device.commitGeneration(() => done(SS.SS_SUCCESS)));
}

export function invalidateRemote(peerDevice: PeerDevice, done: Done): void {
  const { resource } = peerDevice.device;
  if (peerDevice.conn < Conn.Connected && (resource.role !== Role.Primary || peerDevice.device.disk === null))
    return done(SS.SS_NEED_CONNECTION);
  if (peerDevice.conn < Conn.Connected) {
    // The data is here: the peer will get all of it when it comes.
    const verdict = resource.states.force(peerDevice, { pdsk: Disk.Inconsistent });
    if (verdict < SS.SS_SUCCESS) return done(verdict);
    return peerDevice.setAllOutOfSync(() => done(SS.SS_SUCCESS));
  }
  fullSync(peerDevice, Conn.StartingSyncS, done);
}

function fullSync(peerDevice: PeerDevice, conn: number, done: Done): void {
  const { states } = peerDevice.device.resource;
  const alter = (view: { peerDevice: PeerDevice | null }) => (view.peerDevice === peerDevice ? { conn } : null);
  const verdict = states.check(alter);
  if (verdict < SS.SS_SUCCESS) return done(verdict);
  peerDevice.connection.stateRequests.request(
    peerDevice,
    StateMask.conn,
    packState({ ...NO_STATE, conn }),
    (retcode) => {
      if (retcode < SS.SS_SUCCESS) return done(SS.SS_CW_FAILED_BY_PEER);
      done(states.request(alter));
    },
  );
}
