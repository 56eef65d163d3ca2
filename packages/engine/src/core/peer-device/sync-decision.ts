/**
 * From two UUID sets, disk states and policies to what this side does next. Source: wire.md 5.9, behaviour.md 3.6.
 */
import { Conn, Disk, Feature, Role, UuidFlag } from '../../wire';
import { decideByUuids, type UuidDecision } from '../uuid/uuid-decision';
import { hex } from '../uuid/generation';
import { solveSplitBrain } from '../uuid/split-brain';
import type { PeerDevice } from './peer-device';

export type SyncDecision =
  | { readonly kind: 'decided'; readonly conn: number; readonly fullSync: boolean }
  /** `retries`: the connection is tried again, instead of StandAlone. */
  | { readonly kind: 'refused'; readonly why: string; readonly retries?: true };

const UNRESOLVED = 'Split-Brain detected but unresolved, dropping connection!';

type Direction = 'none' | 'source' | 'target';

export function decideSync(peerDevice: PeerDevice, peerRole: number, peerDisk: number): SyncDecision {
  const { device } = peerDevice;
  const decision = decide(peerDevice, peerRole, peerDisk);
  // An unresolved split brain was told of before its handler ran.
  if (decision.kind === 'refused' && decision.why !== UNRESOLVED)
    device.resource.log('error', device.subject, decision.why);
  return decision;
}

function decide(peerDevice: PeerDevice, peerRole: number, peerDisk: number): SyncDecision {
  const { device, connection, peerUuids } = peerDevice;
  const { resource } = device;
  if (peerUuids === null) return { kind: 'decided', conn: Conn.Connected, fullSync: false };
  const selfDisk =
    device.diskState === Disk.Negotiating
      ? (device.stateAfterNegotiation?.disk ?? Disk.Inconsistent)
      : device.diskState;
  const decision = decideByUuids({
    self: peerDevice.uuids,
    peer: peerUuids,
    version: connection.version,
    selfCrashedPrimary: device.crashedPrimary,
    peerCrashedPrimary: (peerUuids.flags & UuidFlag.CRASHED_PRIMARY) !== 0n,
    selfPrimary: resource.role === Role.Primary,
    peerPrimary: peerRole === Role.Primary,
    resolveConflicts: connection.resolvesConflicts,
    knowsRule41: connection.hasFeature(Feature.WSAME),
  });
  logDecision(peerDevice, decision);
  if (decision.correctedSelf !== undefined) {
    peerDevice.setUuids(decision.correctedSelf);
    device.commitGeneration();
  }
  if (decision.correctedPeer !== undefined) peerDevice.peerUuids = { ...peerUuids, ...decision.correctedPeer };
  peerDevice.lastRule = decision.rule;
  const { verdict } = decision;
  if (verdict === 'unrelated') return { kind: 'refused', why: 'Unrelated data, aborting!' };
  if (verdict === 'needs-protocol-91')
    return { kind: 'refused', why: 'To resolve this both sides have to support at least protocol 91' };

  let direction: Direction = verdict.startsWith('source') ? 'source' : verdict.startsWith('target') ? 'target' : 'none';
  let full = verdict.endsWith('full');
  let splitBrain = verdict === 'split-brain' || verdict === 'split-brain-auto';

  // One side cannot be read from: the other one is the source whatever the UUIDs say.
  if (
    (selfDisk === Disk.Inconsistent && peerDisk > Disk.Inconsistent) ||
    (peerDisk === Disk.Inconsistent && selfDisk > Disk.Inconsistent)
  ) {
    full ||= verdict === 'split-brain';
    direction = selfDisk > Disk.Inconsistent ? 'source' : 'target';
    splitBrain = false;
    resource.log('info', device.subject, `Becoming sync ${direction} due to disk states.`);
  }
  if (splitBrain) {
    const solved = resolveSplitBrain(peerDevice, peerRole, verdict === 'split-brain-auto');
    if (solved === null) return { kind: 'refused', why: UNRESOLVED };
    direction = solved.direction;
    full ||= solved.full;
  }
  if (direction === 'source' && selfDisk <= Disk.Inconsistent) {
    return { kind: 'refused', why: 'I shall become SyncSource, but I am inconsistent!' };
  }
  // A disk that is only being attached is no data that this Primary works on.
  if (direction === 'target' && resource.role === Role.Primary && device.diskState >= Disk.Consistent) {
    const { rrConflict } = connection.net;
    if (rrConflict === 'call-pri-lost') resource.runHandler('pri-lost', { peerDevice });
    if (rrConflict !== 'violently') {
      const why = 'I shall become SyncTarget, but I am primary!';
      return rrConflict === 'retry-connect' ? { kind: 'refused', why, retries: true } : { kind: 'refused', why };
    }
    resource.log('warn', device.subject, 'Becoming SyncTarget, violating the stable-data assumption');
  }
  if (connection.dryRun)
    return {
      kind: 'refused',
      why: `dry-run connect: ${direction === 'none' ? 'No resync' : `would become Sync${direction}`}`,
    };
  if (direction === 'none') {
    const { outOfSyncBits } = peerDevice;
    if (outOfSyncBits > 0) resource.log('info', device.subject, `No resync, but ${outOfSyncBits} bits in bitmap!`);
    return { kind: 'decided', conn: Conn.Connected, fullSync: false };
  }
  return { kind: 'decided', conn: direction === 'source' ? Conn.WFBitMapS : Conn.WFBitMapT, fullSync: full };
}

function resolveSplitBrain(
  peerDevice: PeerDevice,
  peerRole: number,
  auto: boolean,
): { readonly direction: Direction; readonly full: boolean } | null {
  const { device, connection, peerUuids } = peerDevice;
  const { resource } = device;
  const { net } = connection;
  if (peerUuids === null) return null;
  resource.runHandler('initial-split-brain', { peerDevice });
  const log = (text: string): void => resource.log('warn', device.subject, `Split-Brain detected${text}`);
  const primaryCount = Number(resource.role === Role.Primary) + Number(peerRole === Role.Primary);
  let discard = '';
  if (auto || net.alwaysAsbp) {
    const result = solveSplitBrain({
      policy0Pri: net.afterSb0Pri,
      policy1Pri: net.afterSb1Pri,
      policy2Pri: net.afterSb2Pri,
      selfPrimary: resource.role === Role.Primary,
      peerPrimary: peerRole === Role.Primary,
      selfBitmapUuid: peerDevice.bitmapUuid,
      peerBitmapUuid: peerUuids.bitmap,
      selfChanges: peerDevice.sentDirtyBits,
      peerChanges: peerUuids.dirtyBits,
      resolveConflicts: connection.resolvesConflicts,
    });
    if (result.callPriLost) resource.runHandler('pri-lost-after-sb', { peerDevice });
    if (result.verdict !== 'unsolved') {
      const side = result.verdict === 'source' ? 'this' : 'peer';
      log(`, ${primaryCount} primaries, automatically solved. Sync from ${side} node`);
      return { direction: result.verdict, full: !auto };
    }
  }
  const peerDiscards = (peerUuids.flags & UuidFlag.DISCARD_MY_DATA) !== 0n;
  if (connection.discardMyData && !peerDiscards) discard = 'target';
  if (!connection.discardMyData && peerDiscards) discard = 'source';
  if (discard !== '') {
    log(`, manually solved. Sync from ${discard === 'source' ? 'this' : 'peer'} node`);
    return { direction: discard as Direction, full: false };
  }
  resource.splitBrainsReported++;
  resource.log('error', device.subject, UNRESOLVED);
  resource.runHandler('split-brain', { peerDevice });
  return null;
}

function logDecision(peerDevice: PeerDevice, decision: UuidDecision): void {
  const { device, peerUuids } = peerDevice;
  const line = (set: { current: bigint; bitmap: bigint; history0: bigint; history1: bigint }): string =>
    [set.current, set.bitmap, set.history0, set.history1].map(hex).join(':');
  device.resource.log('info', device.subject, `self ${line(peerDevice.uuids)} bits:${peerDevice.sentDirtyBits}`);
  if (peerUuids !== null) {
    device.resource.log(
      'info',
      device.subject,
      `peer ${line(peerUuids)} bits:${peerUuids.dirtyBits} flags:${peerUuids.flags.toString(16)}`,
    );
  }
  device.resource.log(
    'info',
    device.subject,
    `uuid_compare()=${NUMBER_OF_VERDICT[decision.verdict]} by rule ${decision.rule}`,
  );
}

/** As the module logs them. Source: recorded kernel logs of 8.4.11; behaviour.md 3.6. */
const NUMBER_OF_VERDICT: Readonly<Record<UuidDecision['verdict'], number>> = {
  'no-sync': 0,
  'source-bitmap': 1,
  'target-bitmap': -1,
  'source-full': 2,
  'target-full': -2,
  'split-brain-auto': 100,
  'split-brain': -100,
  unrelated: -1000,
  'needs-protocol-91': -1091,
};
