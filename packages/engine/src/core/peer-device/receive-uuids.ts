/** P_UUIDS arrived. Source: wire.md 5.4. */
import { Conn, Disk, Role, UuidFlag, type UuidsPacket } from '../../wire';
import { JUST_CREATED, sameGeneration } from '../uuid/generation';
import type { PeerDevice } from './peer-device';

export function receiveUuids(peerDevice: PeerDevice, packet: UuidsPacket): void {
  const { device, connection } = peerDevice;
  const { resource } = device;
  peerDevice.peerUuids = {
    current: packet.current,
    bitmap: packet.bitmap,
    history0: packet.history0,
    history1: packet.history1,
    dirtyBits: Number(packet.dirtyBits),
    flags: packet.flags,
  };
  const isConnecting = peerDevice.conn < Conn.Connected;
  if (
    device.diskState < Disk.Inconsistent &&
    device.diskState !== Disk.Negotiating &&
    resource.role === Role.Primary &&
    device.exposedUuid !== 0n &&
    !sameGeneration(device.exposedUuid, packet.current) &&
    // A peer whose copy applications see may begin a new generation after it.
    (isConnecting || peerDevice.pdsk === Disk.Diskless || !sameGeneration(device.exposedUuid, packet.bitmap))
  ) {
    connection.refuse(`Can only connect to data with current UUID=${device.exposedUuid.toString(16)}`);
    return;
  }
  const skipsInitialSync =
    peerDevice.conn === Conn.Connected &&
    connection.version >= 90 &&
    device.disk !== null &&
    peerDevice.uuids.current === JUST_CREATED &&
    (packet.flags & UuidFlag.SKIP_INITIAL_SYNC) !== 0n;
  if (skipsInitialSync) {
    resource.log('info', device.subject, 'Accepted new current UUID, preparing to skip initial sync');
    peerDevice.bitmap?.clearAll();
    peerDevice.setUuids({ ...peerDevice.uuids, current: packet.current, bitmap: 0n });
    device.disk?.writeBitmap(null, () => undefined);
    device.commitGeneration();
    resource.states.force(peerDevice, { disk: Disk.UpToDate, pdsk: Disk.UpToDate });
  }
  if (device.diskState < Disk.Inconsistent && device.diskState !== Disk.Negotiating)
    device.exposedUuid = packet.current;
}
