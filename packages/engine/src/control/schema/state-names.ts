/**
 * DRBD's state names, in the order of their numbers: "beyond Established" means a higher index. Source: setup.md 7.1.
 */
export const ROLE_NAMES = ['Unknown', 'Primary', 'Secondary'] as const;
export type RoleName = (typeof ROLE_NAMES)[number];

export const CONNECTION_STATE_NAMES = [
  'StandAlone',
  'Disconnecting',
  'Unconnected',
  'Timeout',
  'BrokenPipe',
  'NetworkFailure',
  'ProtocolError',
  'TearDown',
  'Connecting',
  'Connected',
] as const;
export type ConnectionStateName = (typeof CONNECTION_STATE_NAMES)[number];

export const REPLICATION_STATE_NAMES = [
  'Off',
  'Established',
  'StartingSyncS',
  'StartingSyncT',
  'WFBitMapS',
  'WFBitMapT',
  'WFSyncUUID',
  'SyncSource',
  'SyncTarget',
  'VerifyS',
  'VerifyT',
  'PausedSyncS',
  'PausedSyncT',
  'Ahead',
  'Behind',
] as const;
export type ReplicationStateName = (typeof REPLICATION_STATE_NAMES)[number];

export const DISK_STATE_NAMES = [
  'Diskless',
  'Attaching',
  'Detaching',
  'Failed',
  'Negotiating',
  'Inconsistent',
  'Outdated',
  'DUnknown',
  'Consistent',
  'UpToDate',
] as const;
export type DiskStateName = (typeof DISK_STATE_NAMES)[number];
/** By the numbers of 8.4, which the wire has: it knows no Detaching. */
export const DISK_STATE_NAMES_84: readonly DiskStateName[] = DISK_STATE_NAMES.filter((name) => name !== 'Detaching');

export const WRITE_ORDERING_NAMES = ['none', 'drain', 'flush', 'barrier'] as const;
export type WriteOrderingName = (typeof WRITE_ORDERING_NAMES)[number];

/** Is `state` further along than Established: resync, verify or Ahead and Behind, or on the way there? */
export function isBeyondEstablished(state: ReplicationStateName): boolean {
  return REPLICATION_STATE_NAMES.indexOf(state) > REPLICATION_STATE_NAMES.indexOf('Established');
}
