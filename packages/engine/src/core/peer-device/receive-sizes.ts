/** P_SIZES arrived: both nodes agree on the smaller size. Source: wire.md 5.3, behaviour.md 11.2. */
import { Conn, DdsFlag, Disk, Role, type SizesPacket } from '../../wire';
import { fitDevice } from '../resize/fit-device';
import { resyncNewArea } from '../resize/resync-new-area';
import type { PeerDevice } from './peer-device';

export function receiveSizes(peerDevice: PeerDevice, packet: SizesPacket): void {
  const { device, connection } = peerDevice;
  peerDevice.peerDiskSectors = packet.diskSectors;
  peerDevice.peerMaxBioBytes = packet.maxBioSizeBytes;
  const handshaking = peerDevice.conn === Conn.WFReportParams;
  const { disk } = device;
  if (disk === null) {
    takeSizeWithoutDisk(peerDevice, packet);
    return;
  }
  const own = device.diskOptions.sizeSectors;
  const user = handshaking ? smallerNonZero(own, packet.userSectors) : packet.userSectors;
  const sizeOf = (ownSectors: number): number =>
    agreedSize({
      own: ownSectors,
      peer: packet.diskSectors,
      agreed: disk.superblock.effectiveSizeSectors,
      user,
    });
  const size = sizeOf(disk.maxSectors);
  const wouldShrink = size < device.sizeSectors && device.diskState >= Disk.Outdated;
  if (wouldShrink && (peerDevice.conn < Conn.Connected || peerDevice.pdsk === Disk.Diskless)) {
    connection.refuse("The peer's disk size is too small!");
    return;
  }
  device.setUserSize(user);
  const noResync = (packet.ddsFlags & DdsFlag.NO_RESYNC) !== 0;
  const diskSectors = disk.maxSectors;
  const { session } = connection;
  const newArea = noResync ? 'clean' : 'out-of-sync';
  const place = handshaking ? 'stays' : 'follows-the-disk';
  fitDevice(device, { sizeOf, newArea, place }, (fitted) => {
    if (fitted === null || session !== connection.session || peerDevice.conn <= Conn.WFReportParams) return;
    if (packet.currentSectors !== fitted.sizeSectors || disk.maxSectors !== diskSectors) {
      peerDevice.sendSizes(packet.ddsFlags);
    }
    const isNewArea = peerDevice.newAreaWaits || (fitted.grew && peerDevice.conn === Conn.Connected);
    peerDevice.newAreaWaits = false;
    if (isNewArea && !noResync) resyncNewArea(peerDevice);
  });
}

/** Sectors; 0 where nobody knows. */
export function agreedSize(known: { own: number; peer: number; agreed: number; user: number }): number {
  const { own, peer, agreed, user } = known;
  let size: number;
  if (own > 0 && peer > 0) size = Math.min(own, peer);
  else if (agreed > 0) size = Math.min(agreed, own > 0 ? own : agreed, peer > 0 ? peer : agreed);
  else size = own > 0 ? own : peer;
  return user > 0 && user <= size ? user : size;
}

function takeSizeWithoutDisk(peerDevice: PeerDevice, packet: SizesPacket): void {
  const { device, connection } = peerDevice;
  const size = packet.currentSectors || packet.userSectors || packet.diskSectors;
  if (size === 0 || size === device.sizeSectors) return;
  if (packet.diskSectors === 0 && device.sizeSectors > 0) return;
  if (size < device.sizeSectors && device.resource.role === Role.Primary) {
    connection.refuse("The peer's size is smaller than what this Primary has shown");
    return;
  }
  device.setSize(size);
}

function smallerNonZero(a: number, b: number): number {
  if (a === 0) return b;
  return b === 0 ? a : Math.min(a, b);
}
