/**
 * Which states and transitions are refused, and with which SS_* code. Source: behaviour.md 1.10.
 */
import { Conn, Disk, Role, StateResult as SS } from '../../wire';
import type { Fencing } from '../options';
import { isLossReason, type VolumeState } from './volume-state';

export interface ValidityContext {
  readonly allowTwoPrimaries: boolean;
  readonly fencing: Fencing;
  readonly verifyAlg: string;
  /** The agreed protocol version knows verify. */
  readonly peerKnowsVerify: boolean;
  /** Held open for writing by an application. */
  readonly deviceOpen: boolean;
  /** Another volume of the connection sees its peer as Primary. */
  readonly otherVolumePeerPrimary: boolean;
  /** The disk was Outdated on this connection before: its resync was given up. Other rules decide then. */
  readonly staysOutdated: boolean;
  /** Our P_STATE was sent and the handshake is unfinished. */
  readonly handshaking: boolean;
}

/** Rules A: even facts must follow them. */
export function checkTransition(os: VolumeState, ns: VolumeState): number {
  if (os.conn !== ns.conn) {
    if (os.conn === Conn.StandAlone && ns.conn === Conn.Disconnecting) return SS.SS_ALREADY_STANDALONE;
    if (os.conn === Conn.StandAlone && ns.conn !== Conn.Unconnected) return SS.SS_NEED_CONNECTION;
    if (os.conn < Conn.WFReportParams && ns.conn >= Conn.Connected) return SS.SS_NEED_CONNECTION;
    if (isLossReason(os.conn) && ns.conn !== Conn.Unconnected && ns.conn !== Conn.Disconnecting) {
      return SS.SS_IN_TRANSIENT_STATE;
    }
    if (os.conn === Conn.Disconnecting && ns.conn !== Conn.StandAlone) return SS.SS_IN_TRANSIENT_STATE;
  }
  if (os.disk === Disk.Diskless && ns.disk === Disk.Failed) return SS.SS_IS_DISKLESS;
  return SS.SS_SUCCESS;
}

/** Rules B: the first that the new state breaks. */
export function checkState(ns: VolumeState, context: ValidityContext): number {
  const primary = ns.role === Role.Primary;
  const { conn, disk, pdsk } = ns;
  const verifying = conn === Conn.VerifyS || conn === Conn.VerifyT;
  if (!context.allowTwoPrimaries && primary) {
    if (ns.peer === Role.Primary) return SS.SS_TWO_PRIMARIES;
    if (context.otherVolumePeerPrimary) return SS.SS_O_VOL_PEER_PRI;
  }
  if (ns.role === Role.Secondary && context.deviceOpen) return SS.SS_DEVICE_IN_USE;
  if (primary && conn < Conn.Connected && disk < Disk.UpToDate) return SS.SS_NO_UP_TO_DATE_DISK;
  if (context.fencing !== 'dont-care' && primary && conn < Conn.Connected && pdsk >= Disk.DUnknown) {
    return SS.SS_PRIMARY_NOP;
  }
  if (primary && disk <= Disk.Inconsistent && pdsk <= Disk.Inconsistent) return SS.SS_NO_UP_TO_DATE_DISK;
  if (conn > Conn.Connected && disk < Disk.Inconsistent) return SS.SS_NO_LOCAL_DISK;
  if (conn > Conn.Connected && pdsk < Disk.Inconsistent) return SS.SS_NO_REMOTE_DISK;
  if (conn > Conn.Connected && disk < Disk.UpToDate && pdsk < Disk.UpToDate) return SS.SS_NO_UP_TO_DATE_DISK;
  if (disk === Disk.Outdated && OUTDATES_NOT.has(conn) && !context.staysOutdated) return SS.SS_CONNECTED_OUTDATES;
  if (verifying && context.verifyAlg === '') return SS.SS_NO_VERIFY_ALG;
  if (verifying && !context.peerKnowsVerify) return SS.SS_NOT_SUPPORTED;
  if (primary && disk < Disk.UpToDate && pdsk < Disk.UpToDate) return SS.SS_NO_UP_TO_DATE_DISK;
  if ((conn === Conn.StartingSyncS || conn === Conn.StartingSyncT) && pdsk === Disk.DUnknown) {
    return SS.SS_NEED_CONNECTION;
  }
  if (conn >= Conn.Connected && pdsk === Disk.DUnknown) return SS.SS_CONNECTED_OUTDATES;
  return SS.SS_SUCCESS;
}

const OUTDATES_NOT: ReadonlySet<number> = new Set([Conn.Connected, Conn.WFBitMapS, Conn.SyncSource, Conn.PausedSyncS]);

/** Rules C: the last that the transition breaks. */
export function checkSoftTransition(os: VolumeState, ns: VolumeState, context: ValidityContext): number {
  let result: number = SS.SS_SUCCESS;
  const startingSync = ns.conn === Conn.StartingSyncS || ns.conn === Conn.StartingSyncT;
  const verifying = ns.conn === Conn.VerifyS || ns.conn === Conn.VerifyT;
  const connChanges = os.conn !== ns.conn;
  if (startingSync && os.conn > Conn.Connected) result = SS.SS_RESYNC_RUNNING;
  if (ns.conn === Conn.Disconnecting && os.conn === Conn.StandAlone) result = SS.SS_ALREADY_STANDALONE;
  if (ns.disk > Disk.Attaching && os.disk === Disk.Diskless) result = SS.SS_IS_DISKLESS;
  if (ns.conn === Conn.WFConnection && os.conn < Conn.Unconnected) result = SS.SS_NO_NET_CONFIG;
  if (ns.disk === Disk.Outdated && os.disk < Disk.Outdated && os.disk !== Disk.Attaching) {
    result = SS.SS_LOWER_THAN_OUTDATED;
  }
  if (ns.conn === Conn.Disconnecting && os.conn === Conn.Unconnected) result = SS.SS_IN_TRANSIENT_STATE;
  if (context.handshaking && !(os.conn === Conn.WFReportParams && ns.conn >= Conn.Connected)) {
    result = SS.SS_IN_TRANSIENT_STATE;
  }
  const promotes = os.role !== Role.Primary && ns.role === Role.Primary;
  if (
    promotes &&
    ns.pdsk === Disk.UpToDate &&
    ns.disk !== Disk.UpToDate &&
    ns.disk !== Disk.Diskless &&
    ((ns.conn >= Conn.Connected && ns.conn <= Conn.WFSyncUUID && ns.conn !== Conn.Connected) || connChanges)
  ) {
    result = SS.SS_IN_TRANSIENT_STATE;
  }
  if (
    ns.conn === Conn.Disconnecting &&
    ns.pdsk === Disk.Outdated &&
    os.conn < Conn.Connected &&
    os.pdsk > Disk.Outdated
  ) {
    result = SS.SS_OUTDATE_WO_CONN;
  }
  if (verifying && os.conn < Conn.Connected) result = SS.SS_NEED_CONNECTION;
  if (verifying && connChanges && os.conn > Conn.Connected) result = SS.SS_RESYNC_RUNNING;
  if (startingSync && os.conn < Conn.Connected) result = SS.SS_NEED_CONNECTION;
  if ((ns.conn === Conn.SyncTarget || ns.conn === Conn.SyncSource) && os.conn < Conn.WFReportParams) {
    result = SS.SS_NEED_CONNECTION;
  }
  return result;
}
