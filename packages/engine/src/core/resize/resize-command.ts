/** The administrator's `resize`. Source: setup.md 2.4 (row resize), behaviour.md 11.4, wire.md 5.3. */
import { MdFlag, hasFlags } from '../../metadata';
import { Conn, DdsFlag, Role } from '../../wire';
import type { Device } from '../device/device';
import type { AlStriping } from '../device/local-disk';
import { agreedSize } from '../peer-device/receive-sizes';
import { ERR, type Done } from '../resource/reply-codes';
import { fitDevice } from './fit-device';

export interface ResizeRequest {
  /** Absent or 0: as large as the backing disks allow. */
  readonly sizeSectors?: number;
  readonly assumePeerHasSpace?: boolean;
  readonly assumeClean?: boolean;
  readonly alStripes?: number;
  readonly alStripeSizeKib?: number;
}

const AL_BYTES_MIN = 32 * 1024;
const AL_BYTES_MAX = 16 * 1024 ** 3;

export function resize(device: Device, request: ResizeRequest, done: Done): void {
  const { disk, resource } = device;
  if (disk === null) return done(ERR.ERR_NO_DISK);
  if (device.peerDevices.some(({ conn }) => conn > Conn.Connected)) return done(ERR.ERR_RESIZE_RESYNC);
  const connected = device.peerDevices.filter(({ conn }) => conn === Conn.Connected);
  const somebodyPrimary =
    resource.role === Role.Primary || connected.some(({ connection }) => connection.peerRole === Role.Primary);
  // Below protocol 111 the direction of the resync that follows comes from the roles.
  if (connected.length > 0 && !somebodyPrimary) return done(ERR.ERR_NO_PRIMARY);
  if (request.assumeClean === true && connected.some(({ connection }) => connection.version < 93)) {
    return done(ERR.ERR_NEED_APV_93);
  }
  const al = stripingOf(request, disk.superblock);
  const alBytes = al.alStripes * al.alStripeSize4k * 4096;
  if (alBytes > AL_BYTES_MAX) return done(ERR.ERR_MD_LAYOUT_TOO_BIG);
  if (alBytes < AL_BYTES_MIN) return done(ERR.ERR_MD_LAYOUT_TOO_SMALL);
  const maxSectors = disk.maxSectorsOf(disk.layoutNow(al));
  const user = request.sizeSectors ?? 0;
  if (user > maxSectors) return done(ERR.ERR_DISK_TOO_SMALL);
  const agreed = disk.superblock.effectiveSizeSectors;
  if (alBytes > disk.layout.alSizeBytes && maxSectors < agreed) return done(ERR.ERR_MD_LAYOUT_NO_FIT);
  const sizeOf = (own: number): number => {
    const known = connected.map(({ peerDiskSectors }) => peerDiskSectors).filter((sectors) => sectors > 0);
    // Nobody to ask: the administrator vouches for the peer.
    const vouched = connected.length === 0 && request.assumePeerHasSpace === true ? own : 0;
    return agreedSize({ own, peer: known.length > 0 ? Math.min(...known) : vouched, agreed, user });
  };
  const isConsistent = hasFlags(disk.superblock.flags, MdFlag.consistent);
  if (user === 0 && isConsistent && sizeOf(maxSectors) < agreed) return done(ERR.ERR_IMPLICIT_SHRINK);

  device.setUserSize(user);
  const newArea = request.assumeClean === true ? 'clean' : 'out-of-sync';
  fitDevice(device, { sizeOf, newArea, place: 'follows-the-disk', al }, (fitted) => {
    if (fitted === null) return done(ERR.ERR_IO_MD_DISK);
    const flags =
      (request.assumePeerHasSpace === true ? DdsFlag.FORCED : 0) |
      (request.assumeClean === true ? DdsFlag.NO_RESYNC : 0);
    for (const peerDevice of device.peerDevices) {
      if (peerDevice.conn !== Conn.Connected) continue;
      peerDevice.newAreaWaits = fitted.grew && request.assumeClean !== true;
      peerDevice.sendUuids(0n);
      peerDevice.sendSizes(flags, 'ask-for-answer');
    }
    resource.changed();
    done(ERR.NO_ERROR);
  });
}

function stripingOf(request: ResizeRequest, now: AlStriping): AlStriping {
  const { alStripes, alStripeSizeKib } = request;
  return {
    alStripes: alStripes ?? now.alStripes,
    alStripeSize4k: alStripeSizeKib === undefined ? now.alStripeSize4k : Math.floor(alStripeSizeKib / 4),
  };
}
