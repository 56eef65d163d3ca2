/** The core's objects as the control API shows them. Source of the fields: setup.md 4 to 7. */
import { Connection, Device, PeerDevice, Resource, hex } from '../core';
import {
  CONNECTION_STATE_NAMES,
  DISK_STATE_NAMES_84,
  REPLICATION_STATE_NAMES,
  ROLE_NAMES,
  type ConnectionState,
  type DeviceState,
  type GenerationIdentifiers,
  type PathState,
  type PeerDeviceState,
  type ResourceState,
  type SyncDetails,
  type VerifyDetails,
  type WriteOrderingName,
} from '../control';
import { isClient } from './request-checks';
import { MdFlag, PeerMdFlag, hasFlags } from '../metadata';

const FIRST_REPLICATION_CONN = 9;
const BIT_SECTORS = 8;

export interface SnapshotSources {
  readonly pathsOf: (connection: Connection) => readonly PathState[];
  readonly nowMs: () => number;
}

export function resourceState(resource: Resource, sources: SnapshotSources): ResourceState {
  return {
    name: resource.name,
    nodeId: resource.nodeId,
    role: ROLE_NAMES[resource.role] ?? 'Unknown',
    suspended: {
      user: [...resource.devices.values()].some((device) => device.suspendedByUser),
      noData: resource.suspended.noData,
      fencing: resource.suspended.fencing,
      // This engine decides by fencing: votes came with a protocol above its own.
      quorum: false,
    },
    forceIoFailures: resource.forceIoFailures,
    writeOrdering: writeOrdering(resource),
    options: resource.optionValues,
    devices: [...resource.devices.values()].map(deviceState),
    connections: [...resource.connections.values()].map((connection) => connectionState(connection, sources)),
  };
}

function deviceState(device: Device): DeviceState {
  return {
    volume: device.volume,
    minor: device.minor,
    diskState: device.detaching ? 'Detaching' : (DISK_STATE_NAMES_84[device.diskState] ?? 'Diskless'),
    client: isClient(device) ? 'yes' : 'no',
    // As above: none that could be lost.
    quorum: true,
    open: device.writeOpeners + device.readOpeners > 0 ? 'yes' : 'no',
    backing: device.detaching ? null : device.backing,
    currentUuid: hex(device.disk?.superblock.currentUuid ?? device.exposedUuid),
    statistics: {
      sizeSectors: device.sizeSectors,
      readSectors: device.stats.readSectors,
      writtenSectors: device.stats.writtenSectors,
      alWriteCount: device.activityLog?.writeCount ?? 0,
      bmWriteCount: device.disk?.bmWriteCount ?? 0,
      upperPendingCount: device.stats.upperPending,
      lowerPendingCount: device.stats.lowerPending,
      // `al-updates no`: writes go on without being logged.
      alSuspended: device.disk !== null && device.activityLog === null,
      upperBlocked: !device.admitsIo(),
      // How full the queue of a backing disk is, its driver does not tell programs.
      lowerBlocked: false,
    },
    diskOptions: device.diskOptionValues,
    deviceOptions: device.deviceOptionValues,
  };
}

function connectionState(connection: Connection, sources: SnapshotSources): ConnectionState {
  return {
    peerNodeId: connection.peerNodeId,
    name: connection.name,
    connectionState: CONNECTION_STATE_NAMES[connection.conn] ?? 'StandAlone',
    peerRole: ROLE_NAMES[connection.peerRole] ?? 'Unknown',
    // Encryption came with a protocol above this engine's.
    tls: false,
    congested: connection.isCongested,
    apInFlightSectors: connection.inFlightSectors,
    rsInFlightSectors: sum(connection.peerDevices.values(), (peerDevice) => peerDevice.resyncTarget.inFlight),
    netOptions: connection.netValues,
    paths: sources.pathsOf(connection),
    peerDevices: [...connection.peerDevices.values()].map((peerDevice) => peerDeviceState(peerDevice, sources.nowMs())),
  };
}

function peerDeviceState(peerDevice: PeerDevice, nowMs: number): PeerDeviceState {
  const { device } = peerDevice;
  const conn = Math.max(peerDevice.conn, FIRST_REPLICATION_CONN);
  return {
    volume: device.volume,
    replicationState: REPLICATION_STATE_NAMES[conn - FIRST_REPLICATION_CONN] ?? 'Off',
    peerDiskState: DISK_STATE_NAMES_84[peerDevice.pdsk] ?? 'DUnknown',
    // A diskless peer of protocol 101 does not say whether it means to be.
    peerClient: 'no',
    resyncSuspended: { user: peerDevice.userIsp, peer: peerDevice.peerIsp, dependency: peerDevice.aftrIsp },
    statistics: {
      receivedSectors: peerDevice.stats.receivedSectors,
      sentSectors: peerDevice.stats.sentSectors,
      outOfSyncSectors: peerDevice.outOfSyncBits * BIT_SECTORS,
      pendingCount: pendingCount(peerDevice),
      unackedCount: peerDevice.requests.inFlight,
    },
    sync: syncDetails(peerDevice, nowMs),
    generation: generation(peerDevice),
    // Below protocol 110 every peer counts as stable (behaviour.md 3.3).
    peerUuidStable: true,
    options: peerDevice.optionValues,
  };
}

/** Of the attached volumes the weakest decides. Writes are always drained, whatever `disk-drain` says. */
function writeOrdering({ devices }: Resource): WriteOrderingName {
  const attached = [...devices.values()].filter(({ disk }) => disk !== null);
  return attached.every(({ diskOptions }) => diskOptions.diskFlushes) ? 'flush' : 'drain';
}

/**
 * Asked of the peer for this volume, and not answered: writes that wait for an acknowledgement of their own (with protocol
 * A none), reads, and what resync and verify ask for.
 */
function pendingCount(peerDevice: PeerDevice): number {
  const { connection, resyncTarget, verifySource } = peerDevice;
  const writes = sum(connection.pendingWrites.values(), (leg) => Number(leg.peerDevice === peerDevice && leg.pending));
  const reads = sum(connection.pendingReads.values(), (read) => Number(read.peerDevice === peerDevice));
  return writes + reads + resyncTarget.requestCount + verifySource.requestCount;
}

function syncDetails(peerDevice: PeerDevice, nowMs: number): SyncDetails | null {
  const { progress } = peerDevice;
  if (progress === null) return null;
  const verify = verifyDetails(peerDevice);
  const leftBits = verify === null ? peerDevice.outOfSyncBits : verify.leftSectors / BIT_SECTORS;
  const [oldest, newest] = progress.marksAt(nowMs, leftBits);
  return {
    totalSectors: progress.totalBits * BIT_SECTORS,
    startMs: Math.round(nowMs - progress.startMs),
    pausedMs: progress.pausedMs,
    mark0Ms: Math.round(oldest.ms),
    mark0Sectors: oldest.bits * BIT_SECTORS,
    mark1Ms: Math.round(newest.ms),
    mark1Sectors: newest.bits * BIT_SECTORS,
    failedSectors: progress.failedBits * BIT_SECTORS,
    sameChecksumSectors: progress.sameChecksumBits * BIT_SECTORS,
    wantKibPerSecond: Math.round(progress.wantKiBs),
    verify,
  };
}

/** Source and target count alike, each for itself. */
function verifyDetails({ verifySource, verifyTarget }: PeerDevice): VerifyDetails | null {
  const run = verifySource.isRunning ? verifySource : verifyTarget.isRunning ? verifyTarget : null;
  if (run === null) return null;
  return {
    startSector: run.startSector,
    stopSector: run === verifySource ? verifySource.stopSector : null,
    positionSector: run.positionSector,
    leftSectors: run.leftBits * BIT_SECTORS,
    skippedSectors: 0,
  };
}

function generation(peerDevice: PeerDevice): GenerationIdentifiers {
  const superblock = peerDevice.device.disk?.superblock;
  const flags = superblock?.flags ?? 0;
  const peerFlags = superblock?.peers[peerDevice.connection.peerNodeId]?.flags ?? 0;
  const has = (mask: number): boolean => hasFlags(flags, mask);
  const peerHas = (mask: number): boolean => hasFlags(peerFlags, mask);
  return {
    bitmapUuid: hex(peerDevice.bitmapUuid),
    historyUuids: [hex(superblock?.historyUuids[0] ?? 0n), hex(superblock?.historyUuids[1] ?? 0n)],
    consistent: has(MdFlag.consistent),
    wasUpToDate: has(MdFlag.wasUpToDate),
    primaryIndicator: has(MdFlag.primaryInd),
    crashedPrimary: has(MdFlag.crashedPrimary),
    alClean: has(MdFlag.alClean),
    alDisabled: has(MdFlag.alDisabled),
    primaryLostQuorum: has(MdFlag.primaryLostQuorum),
    peerConnected: peerHas(PeerMdFlag.connected),
    peerOutdated: peerHas(PeerMdFlag.outdated),
    peerFencing: peerHas(PeerMdFlag.fencing),
    peerFullSync: peerHas(PeerMdFlag.fullSync),
    peerDeviceSeen: peerHas(PeerMdFlag.deviceSeen),
  };
}

function sum<T>(values: Iterable<T>, of: (value: T) => number): number {
  let total = 0;
  for (const value of values) total += of(value);
  return total;
}
