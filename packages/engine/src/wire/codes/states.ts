import { nameTable } from './name-table';

/**
 * Numbers of roles, connection states and disk states below protocol 110, with DRBD 8.4's names.
 * Source: wire.md 5.7. From 110 on the disk states are numbered differently (Detaching is inserted at 2).
 */
export const Role = { Unknown: 0, Primary: 1, Secondary: 2 } as const;

export const Conn = {
  StandAlone: 0,
  Disconnecting: 1,
  Unconnected: 2,
  Timeout: 3,
  BrokenPipe: 4,
  NetworkFailure: 5,
  ProtocolError: 6,
  TearDown: 7,
  WFConnection: 8,
  WFReportParams: 9,
  Connected: 10,
  StartingSyncS: 11,
  StartingSyncT: 12,
  WFBitMapS: 13,
  WFBitMapT: 14,
  WFSyncUUID: 15,
  SyncSource: 16,
  SyncTarget: 17,
  VerifyS: 18,
  VerifyT: 19,
  PausedSyncS: 20,
  PausedSyncT: 21,
  Ahead: 22,
  Behind: 23,
} as const;

export const Disk = {
  Diskless: 0,
  Attaching: 1,
  Failed: 2,
  Negotiating: 3,
  Inconsistent: 4,
  Outdated: 5,
  DUnknown: 6,
  Consistent: 7,
  UpToDate: 8,
} as const;

export type RoleName = keyof typeof Role;
export type ConnName = keyof typeof Conn;
export type DiskName = keyof typeof Disk;

export const roles = nameTable(Role);
export const conns = nameTable(Conn);
export const disks = nameTable(Disk);
