/** After both sides grew: who is the source for the blocks that neither had before. Source: wire.md 5.3 step 7. */
import { Conn, Disk, Role } from '../../wire';
import type { PeerDevice } from '../peer-device/peer-device';

export function resyncNewArea(peerDevice: PeerDevice): void {
  const { device, connection } = peerDevice;
  const { resource } = device;
  if (peerDevice.conn !== Conn.Connected) return;
  if (device.diskState < Disk.Inconsistent || peerDevice.pdsk < Disk.Inconsistent) return;
  const here = resource.role === Role.Primary;
  const there = connection.peerRole === Role.Primary;
  const isSource = here === there ? connection.resolvesConflicts : here;
  device.log('info', 'Resync of new storage after online grow');
  if (isSource) peerDevice.startSource(Conn.Connected);
  else resource.states.force(peerDevice, { conn: Conn.WFSyncUUID });
}
