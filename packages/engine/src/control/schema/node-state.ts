/**
 * What a node knows of its resources: the one value behind status, events2, show and the one-line queries.
 *
 * It crosses the control socket as JSON, therefore: sizes are plain numbers with the unit in the name (exact up to
 * DRBD's 1 PiB), UUIDs are strings of 16 upper-case hexadecimal digits, "not there" is null.
 */
import type {
  ConnectionStateName,
  DiskStateName,
  ReplicationStateName,
  RoleName,
  WriteOrderingName,
} from './state-names';

/** 16 upper-case hexadecimal digits, as DRBD prints a generation UUID. */
export type UuidHex = string;

export type YesNoUnknown = 'yes' | 'no' | 'unknown';

/**
 * Options by DRBD's name ('ping-timeout'). A number is in the option's own unit (setup.md 9), a flag or boolean is true
 * or false, an enum its word; quorum-like options are a word or a number. A missing option has its default.
 */
export type OptionValue = string | number | boolean;
export type OptionValues = Readonly<Record<string, OptionValue>>;

export interface NodeState {
  readonly resources: readonly ResourceState[];
}

export interface ResourceState {
  readonly name: string;
  /** -1 if unset. */
  readonly nodeId: number;
  readonly role: RoleName;
  readonly suspended: SuspendFlags;
  readonly forceIoFailures: boolean;
  readonly writeOrdering: WriteOrderingName;
  /** Group RES. */
  readonly options: OptionValues;
  /** Any order. */
  readonly devices: readonly DeviceState[];
  /** In the order in which they were created. */
  readonly connections: readonly ConnectionState[];
}

/** Why I/O is suspended; all false: it is not. */
export interface SuspendFlags {
  readonly user: boolean;
  readonly noData: boolean;
  readonly fencing: boolean;
  readonly quorum: boolean;
}

export interface DeviceState {
  readonly volume: number;
  readonly minor: number;
  readonly diskState: DiskStateName;
  /** Intentionally without a disk. */
  readonly client: YesNoUnknown;
  readonly quorum: boolean;
  readonly open: YesNoUnknown;
  /** Null while no backing disk is attached. */
  readonly backing: BackingState | null;
  /** Generation UUID of the data; zero without a disk that was ever written. */
  readonly currentUuid: UuidHex;
  readonly statistics: DeviceStatistics;
  /** Group DISK; `size` included if attach or resize set it. */
  readonly diskOptions: OptionValues;
  /** Group DEV. */
  readonly deviceOptions: OptionValues;
}

export interface BackingState {
  readonly dataDevice: string;
  readonly metaDevice: string;
  readonly metaIndex: MetaIndex;
}

/** Where the metadata lies: at the end of the data device, alone on a device, or a numbered 128 MiB slot. */
export type MetaIndex = 'internal' | 'flexible' | number;

export interface DeviceStatistics {
  readonly sizeSectors: number;
  readonly readSectors: number;
  readonly writtenSectors: number;
  readonly alWriteCount: number;
  readonly bmWriteCount: number;
  readonly upperPendingCount: number;
  readonly lowerPendingCount: number;
  readonly alSuspended: boolean;
  readonly upperBlocked: boolean;
  readonly lowerBlocked: boolean;
}

export interface ConnectionState {
  readonly peerNodeId: number;
  /** '' if unnamed. */
  readonly name: string;
  readonly connectionState: ConnectionStateName;
  readonly peerRole: RoleName;
  readonly tls: boolean;
  readonly congested: boolean;
  readonly apInFlightSectors: number;
  readonly rsInFlightSectors: number;
  /** Group NET, `_name` not among them. */
  readonly netOptions: OptionValues;
  readonly paths: readonly PathState[];
  readonly peerDevices: readonly PeerDeviceState[];
}

export const ADDRESS_FAMILIES = ['ipv4', 'ipv6', 'ssocks', 'sdp'] as const;
export type AddressFamily = (typeof ADDRESS_FAMILIES)[number];

export interface EndpointAddress {
  readonly family: AddressFamily;
  /** Without brackets. */
  readonly address: string;
  readonly port: number;
}

export interface PathState {
  readonly local: EndpointAddress;
  readonly peer: EndpointAddress;
  readonly established: boolean;
}

export interface PeerDeviceState {
  readonly volume: number;
  readonly replicationState: ReplicationStateName;
  readonly peerDiskState: DiskStateName;
  readonly peerClient: YesNoUnknown;
  readonly resyncSuspended: ResyncSuspendFlags;
  readonly statistics: PeerDeviceStatistics;
  /** While a resync or verify has something left to do, otherwise null. */
  readonly sync: SyncDetails | null;
  readonly generation: GenerationIdentifiers;
  /** The peer's UUID flags contain "stable" (0x20): its data may be promoted on. For may_promote, setup.md 5.4. */
  readonly peerUuidStable: boolean;
  /** Group PDEV. */
  readonly options: OptionValues;
}

export interface ResyncSuspendFlags {
  readonly user: boolean;
  readonly peer: boolean;
  readonly dependency: boolean;
}

export interface PeerDeviceStatistics {
  readonly receivedSectors: number;
  readonly sentSectors: number;
  readonly outOfSyncSectors: number;
  readonly pendingCount: number;
  readonly unackedCount: number;
}

/** Progress of a resync or verify; meaning and derived values in setup.md 4.1. */
export interface SyncDetails {
  readonly totalSectors: number;
  /** Since the start, pauses included. */
  readonly startMs: number;
  readonly pausedMs: number;
  /** The oldest and the newest of the progress marks: how long ago, and what was done since. */
  readonly mark0Ms: number;
  readonly mark0Sectors: number;
  readonly mark1Ms: number;
  readonly mark1Sectors: number;
  readonly failedSectors: number;
  readonly sameChecksumSectors: number;
  /** Of the rate controller; 0 where it does not run. */
  readonly wantKibPerSecond: number;
  readonly verify: VerifyDetails | null;
}

export interface VerifyDetails {
  readonly startSector: number;
  /** Null: to the end. */
  readonly stopSector: number | null;
  readonly positionSector: number;
  readonly leftSectors: number;
  readonly skippedSectors: number;
}

/** What get-gi prints: UUIDs and the flags in its order. Source: setup.md 7.3. */
export interface GenerationIdentifiers {
  readonly bitmapUuid: UuidHex;
  /** Younger, older. */
  readonly historyUuids: readonly [UuidHex, UuidHex];
  readonly consistent: boolean;
  readonly wasUpToDate: boolean;
  readonly primaryIndicator: boolean;
  readonly crashedPrimary: boolean;
  readonly alClean: boolean;
  readonly alDisabled: boolean;
  readonly primaryLostQuorum: boolean;
  readonly peerConnected: boolean;
  readonly peerOutdated: boolean;
  readonly peerFencing: boolean;
  readonly peerFullSync: boolean;
  readonly peerDeviceSeen: boolean;
}
