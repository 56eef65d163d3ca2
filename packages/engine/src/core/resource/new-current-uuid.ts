/** `new-current-uuid`: a new generation by command, also to skip the initial sync of two empty disks. Source: behaviour.md 3.9. */
import { Conn, Disk, UuidFlag } from '../../wire';
import type { Device } from '../device/device';
import { JUST_CREATED, clearBitmapUuid } from '../uuid/generation';
import { ERR, type Done } from './reply-codes';

export function newCurrentUuid(device: Device, mode: 'keep-bitmap' | 'clear-bitmap', done: Done): void {
  const { resource } = device;
  const { disk } = device;
  if (disk === null) return done(ERR.ERR_NO_DISK);
  const connected = device.peerDevices.filter(({ conn }) => conn >= Conn.Connected);
  const skips = connected.length > 0;
  if (skips && !(mode === 'clear-bitmap' && disk.superblock.currentUuid === JUST_CREATED))
    return done(ERR.ERR_CONNECTED);
  for (const peerDevice of device.peerDevices) peerDevice.setUuids(clearBitmapUuid(peerDevice.uuids));
  if (skips) resource.log('info', device.subject, 'Preparing to skip initial sync');
  device.newCurrentUuid();
  if (mode === 'clear-bitmap') for (const bitmap of disk.bitmaps) bitmap.clearAll();
  if (skips) {
    for (const peerDevice of connected) {
      peerDevice.sendUuids(UuidFlag.SKIP_INITIAL_SYNC);
      disk.updatePeer(peerDevice.connection.peerNodeId, { bitmapUuid: 0n });
      // The peer takes it over without an answer: what it said before is not true any more.
      if (peerDevice.peerUuids !== null)
        peerDevice.peerUuids = { ...peerDevice.peerUuids, ...peerDevice.uuids, dirtyBits: 0 };
      resource.states.force(peerDevice, { disk: Disk.UpToDate, pdsk: Disk.UpToDate });
    }
  }
  disk.writeBitmap(null, () => device.commitGeneration(() => done(ERR.NO_ERROR)));
}
