/** States to test with: a healthy object each, changed where a test says so. */
import type {
  BackingState,
  ConnectionState,
  DeviceState,
  DeviceStatistics,
  GenerationIdentifiers,
  PathState,
  PeerDeviceState,
  PeerDeviceStatistics,
  ResourceState,
  SyncDetails,
} from '../schema/node-state';

const ZERO_UUID = '0000000000000000';

export const NOT_SUSPENDED = { user: false, noData: false, fencing: false, quorum: false };
export const RESYNC_NOT_SUSPENDED = { user: false, peer: false, dependency: false };
export const INTERNAL_BACKING: BackingState = {
  dataDevice: '/dev/vg0/r0',
  metaDevice: '/dev/vg0/r0',
  metaIndex: 'internal',
};

export function resourceState(changes: Partial<ResourceState> = {}): ResourceState {
  return {
    name: 'r0',
    nodeId: 0,
    role: 'Secondary',
    suspended: NOT_SUSPENDED,
    forceIoFailures: false,
    writeOrdering: 'flush',
    options: {},
    devices: [],
    connections: [],
    ...changes,
  };
}

export function deviceStatistics(changes: Partial<DeviceStatistics> = {}): DeviceStatistics {
  return {
    sizeSectors: 0,
    readSectors: 0,
    writtenSectors: 0,
    alWriteCount: 0,
    bmWriteCount: 0,
    upperPendingCount: 0,
    lowerPendingCount: 0,
    alSuspended: false,
    upperBlocked: false,
    lowerBlocked: false,
    ...changes,
  };
}

export function deviceState(changes: Partial<DeviceState> = {}): DeviceState {
  return {
    volume: 0,
    minor: 0,
    diskState: 'UpToDate',
    client: 'no',
    quorum: true,
    open: 'no',
    backing: INTERNAL_BACKING,
    currentUuid: 'A1B2C3D4E5F60788',
    statistics: deviceStatistics(),
    diskOptions: {},
    deviceOptions: {},
    ...changes,
  };
}

export function pathState(changes: Partial<PathState> = {}): PathState {
  return {
    local: { family: 'ipv4', address: '10.0.0.1', port: 7000 },
    peer: { family: 'ipv4', address: '10.0.0.2', port: 7000 },
    established: true,
    ...changes,
  };
}

export function connectionState(changes: Partial<ConnectionState> = {}): ConnectionState {
  return {
    peerNodeId: 1,
    name: 'bob',
    connectionState: 'Connected',
    peerRole: 'Secondary',
    tls: false,
    congested: false,
    apInFlightSectors: 0,
    rsInFlightSectors: 0,
    netOptions: {},
    paths: [],
    peerDevices: [],
    ...changes,
  };
}

export const NO_GENERATION: GenerationIdentifiers = {
  bitmapUuid: ZERO_UUID,
  historyUuids: [ZERO_UUID, ZERO_UUID],
  consistent: false,
  wasUpToDate: false,
  primaryIndicator: false,
  crashedPrimary: false,
  alClean: false,
  alDisabled: false,
  primaryLostQuorum: false,
  peerConnected: false,
  peerOutdated: false,
  peerFencing: false,
  peerFullSync: false,
  peerDeviceSeen: false,
};

export function peerDeviceStatistics(changes: Partial<PeerDeviceStatistics> = {}): PeerDeviceStatistics {
  return {
    receivedSectors: 0,
    sentSectors: 0,
    outOfSyncSectors: 0,
    pendingCount: 0,
    unackedCount: 0,
    ...changes,
  };
}

export function peerDeviceState(changes: Partial<PeerDeviceState> = {}): PeerDeviceState {
  return {
    volume: 0,
    replicationState: 'Established',
    peerDiskState: 'UpToDate',
    peerClient: 'no',
    resyncSuspended: RESYNC_NOT_SUSPENDED,
    statistics: peerDeviceStatistics(),
    sync: null,
    generation: NO_GENERATION,
    peerUuidStable: true,
    options: {},
    ...changes,
  };
}

export function syncDetails(changes: Partial<SyncDetails> = {}): SyncDetails {
  return {
    totalSectors: 0,
    startMs: 0,
    pausedMs: 0,
    mark0Ms: 0,
    mark0Sectors: 0,
    mark1Ms: 0,
    mark1Sectors: 0,
    failedSectors: 0,
    sameChecksumSectors: 0,
    wantKibPerSecond: 0,
    verify: null,
    ...changes,
  };
}
