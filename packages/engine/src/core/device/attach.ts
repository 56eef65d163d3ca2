/** Takes an opened disk into use. Source: behaviour.md 2.2. */
import { MdFlag, PeerMdFlag, hasFlags, withoutFlags } from '../../metadata';
import { Conn, Disk, Role, StateResult as SS } from '../../wire';
import { agreedSize } from '../peer-device/receive-sizes';
import { fitDevice } from '../resize/fit-device';
import { ERR, type Done } from '../resource/reply-codes';
import { sameGeneration, withPrimaryBit } from '../uuid/generation';
import type { Device } from './device';
import type { LocalDisk } from './local-disk';

export function attach(device: Device, disk: LocalDisk, done: Done): void {
  const { states } = device.resource;
  const agreed = disk.superblock.effectiveSizeSectors;
  const size = agreedSize({ own: disk.maxSectors, peer: 0, agreed, user: device.diskOptions.sizeSectors });
  const refusal = refusalOf(device, disk, size);
  if (refusal !== null) return done(refusal);
  const attaching = states.make((view) => (view.device === device ? { disk: Disk.Attaching } : null), 'soft');
  if (attaching < SS.SS_SUCCESS) return done(attaching);

  // As it was found: the disk's superblock changes from here on.
  const { flags, currentUuid } = disk.superblock;
  takeIntoUse(device, disk);
  markOutOfSync(device, disk, flags);
  const negotiates = device.peerDevices.some(({ conn }) => conn >= Conn.Connected);
  // Until the peer has agreed, applications see its data.
  if (!negotiates || device.exposedUuid === 0n) device.exposedUuid = currentUuid;
  if (size !== device.sizeSectors || size !== agreed) {
    fitDevice(device, { sizeOf: () => size, newArea: 'out-of-sync', place: 'stays' }, () => undefined);
  }
  // Never in use before: nobody has any of its blocks.
  if (agreed === 0) for (const bitmap of disk.bitmaps) bitmap.setAll();
  enterDiskState(device, disk, flags, negotiates);
  makeStable(device, disk, done);
}

function refusalOf(device: Device, { superblock, maxSectors }: LocalDisk, sizeSectors: number): number | null {
  if (device.diskState !== Disk.Diskless) return ERR.ERR_DISK_CONFIGURED;
  const agreed = superblock.effectiveSizeSectors;
  const consistent = hasFlags(superblock.flags, MdFlag.consistent);
  if (consistent && sizeSectors < agreed && sizeSectors !== device.diskOptions.sizeSectors)
    return ERR.ERR_IMPLICIT_SHRINK;
  if (device.sizeSectors > 0 && maxSectors < device.sizeSectors) return ERR.ERR_DISK_TOO_SMALL;
  return isBehindApplications(device, superblock.currentUuid) ? ERR.ERR_DATA_NOT_CURRENT : null;
}

/** Applications have seen other data than this disk has, and nobody is here to bring it up to date. */
function isBehindApplications({ resource, peerDevices, exposedUuid }: Device, currentUuid: bigint): boolean {
  if (exposedUuid === 0n || peerDevices.some(({ pdsk }) => pdsk === Disk.UpToDate)) return false;
  const someonePrimary =
    resource.role === Role.Primary || peerDevices.some(({ connection }) => connection.peerRole === Role.Primary);
  return someonePrimary && !sameGeneration(exposedUuid, currentUuid);
}

function takeIntoUse(device: Device, disk: LocalDisk): void {
  const { resource } = device;
  const { superblock } = disk;
  device.disk = disk;
  disk.onMetadataError = (error) => device.localIoFailed('metadata', error);
  device.watchDisk(disk);
  device.startActivityLog();
  const isPrimary = resource.role === Role.Primary;
  device.crashedPrimary =
    hasFlags(superblock.flags, MdFlag.crashedPrimary) || (hasFlags(superblock.flags, MdFlag.primaryInd) && !isPrimary);
  disk.update({
    nodeId: resource.nodeId,
    alNrExtents: device.activityLog?.slotCount ?? superblock.alNrExtents,
    currentUuid: withPrimaryBit(superblock.currentUuid, isPrimary),
  });
}

/** Blocks that the superblock's flags say nothing is known about. */
function markOutOfSync(device: Device, disk: LocalDisk, flags: number): void {
  for (const { connection, bitmap } of device.peerDevices) {
    const { peerNodeId } = connection;
    if (bitmap === null) device.resource.log('warn', device.subject, `no bitmap slot is free for node ${peerNodeId}`);
    else if (hasFlags(disk.peer(peerNodeId).flags, PeerMdFlag.fullSync)) bitmap.setAll();
  }
  if (device.crashedPrimary && hasFlags(flags, MdFlag.alDisabled)) for (const bitmap of disk.bitmaps) bitmap.setAll();
}

/** What the metadata says of the data, or the negotiation with a connected peer about it. */
function enterDiskState(device: Device, disk: LocalDisk, flags: number, negotiates: boolean): void {
  const peerOutdated = device.peerDevices.some(({ connection }) =>
    hasFlags(disk.peer(connection.peerNodeId).flags, PeerMdFlag.outdated),
  );
  const mayBeUpToDate =
    peerOutdated || device.peerDevices.every(({ connection }) => connection.net.fencing === 'dont-care');
  const ownState = diskStateOf(flags, mayBeUpToDate);
  device.stateAfterNegotiation = { disk: ownState, pdsk: peerOutdated ? Disk.Outdated : Disk.DUnknown };
  device.resource.states.make((view) => {
    if (view.device !== device) return null;
    if (negotiates) return { disk: Disk.Negotiating };
    const isAway = view.peerDevice !== null && view.peerDevice.conn < Conn.Connected;
    return isAway && peerOutdated ? { disk: ownState, pdsk: Disk.Outdated } : { disk: ownState };
  }, 'forced');
}

function diskStateOf(flags: number, mayBeUpToDate: boolean): number {
  if (!hasFlags(flags, MdFlag.consistent)) return Disk.Inconsistent;
  if (!hasFlags(flags, MdFlag.wasUpToDate)) return Disk.Outdated;
  return mayBeUpToDate ? Disk.UpToDate : Disk.Consistent;
}

function makeStable(device: Device, disk: LocalDisk, done: Done): void {
  disk.writeBitmap(null, (ok) => {
    if (!ok) return done(reasonOfLoss(disk));
    forgetFullSync(device, disk);
    // What a killed engine wrote may be in the page cache alone, and the peer counts it as stable once both are connected.
    disk.flushData((error) => {
      if (error !== null) device.localIoFailed('write', error);
      device.commitGeneration(() => done(device.disk === disk ? SS.SS_SUCCESS : reasonOfLoss(disk)));
    });
  });
}

/** It broke, or the peer did not agree to its data. */
const reasonOfLoss = (disk: LocalDisk): number =>
  disk.metadataError === null ? ERR.ERR_DATA_NOT_CURRENT : ERR.ERR_IO_MD_DISK;

/** All bits are set, and on disk: the flag has done its work. */
function forgetFullSync(device: Device, disk: LocalDisk): void {
  for (const { connection } of device.peerDevices) {
    const { flags } = disk.peer(connection.peerNodeId);
    if (!hasFlags(flags, PeerMdFlag.fullSync)) continue;
    disk.updatePeer(connection.peerNodeId, { flags: withoutFlags(flags, PeerMdFlag.fullSync) });
  }
}
