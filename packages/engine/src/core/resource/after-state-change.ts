/**
 * What a changed state makes this node do: tell the peer, start a resync, begin a new data generation.
 * Source: behaviour.md 3.4 (new current UUID), wire.md 5.7 (when P_STATE is sent), 7.1 and 8.1 (resync start).
 */
import { Conn, Disk, Role } from '../../wire';
import { dropNotNegotiated } from '../device/detach';
import type { Device } from '../device/device';
import type { PeerDevice } from '../peer-device/peer-device';
import type { VolumeState } from '../state/volume-state';
import { suspensionAfterChange } from '../fencing/suspension';
import { toldOfVerifyEnd } from '../verify/verify-run';
import type { VolumeView } from './state-engine';

export function afterStateChange(view: VolumeView, before: VolumeState, after: VolumeState): void {
  const { device, peerDevice } = view;
  if (peerDevice === null) return;
  if (before.disk === Disk.Negotiating && device.disk !== null) {
    if (after.disk >= Disk.Inconsistent) device.exposedUuid = device.disk.superblock.currentUuid;
    else if (after.disk === Disk.Diskless) dropNotNegotiated(device);
  }
  if (readsFromPeer(before, after)) device.exposedUuid = peerDevice.peerUuids?.current ?? device.exposedUuid;
  if (losesLastData(device, before, after)) device.resource.runHandler('pri-on-incon-degr', { peerDevice });
  suspensionAfterChange(peerDevice, before, after);
  if (startsGeneration(device, peerDevice, before, after)) {
    // On hold the lost peer may still come back to the same generation.
    if (device.resource.isSuspended) device.generationOwed = true;
    else {
      device.newCurrentUuid();
      if (after.conn >= Conn.Connected) peerDevice.sendUuids(0n);
    }
  }
  if (peerDevice.decidedAlone) {
    peerDevice.tellDecision();
  } else if (before.disk <= Disk.Attaching && after.disk === Disk.Negotiating) {
    peerDevice.sendSizes();
    peerDevice.sendUuids(0n);
    peerDevice.sendState();
  } else if (tellsPeer(before, after) || endsVerify(peerDevice, before, after)) peerDevice.sendState();
  if (after.conn !== before.conn) enterConn(peerDevice, before, after);
}

/**
 * The own disk goes: from now on applications see the peer's data. The peer may have begun a new generation already and
 * told of it, while this node still had its disk.
 */
const readsFromPeer = (before: VolumeState, after: VolumeState): boolean =>
  before.disk >= Disk.Inconsistent &&
  after.disk < Disk.Inconsistent &&
  after.conn >= Conn.Connected &&
  after.pdsk === Disk.UpToDate;

/** A Primary that can no longer read good data anywhere. Source: behaviour.md 10.3; drbd 9.2.18, story 06. */
function losesLastData(device: Device, before: VolumeState, after: VolumeState): boolean {
  if (before.role !== Role.Primary || after.role !== Role.Primary) return false;
  if (before.disk !== Disk.UpToDate && before.pdsk !== Disk.UpToDate) return false;
  return after.disk !== Disk.UpToDate && !device.hasUpToDatePeer();
}

function startsGeneration(device: Device, peerDevice: PeerDevice, before: VolumeState, after: VolumeState): boolean {
  if (device.disk === null || after.disk !== Disk.UpToDate || peerDevice.bitmapUuid !== 0n) return false;
  // A diskless Primary gets its disk back, alone: when it lost its peer, it had no disk to begin a generation on. DRBD 8.4
  // begins none then, either, and does not find out that a peer that is promoted meanwhile has other data.
  const isAlone = after.conn < Conn.Connected || after.pdsk <= Disk.Failed;
  if (before.disk < Disk.Inconsistent && before.role === Role.Primary && isAlone) return true;
  const lostPeerData =
    ((before.pdsk === Disk.Inconsistent || before.pdsk === Disk.Consistent || before.pdsk === Disk.UpToDate) &&
      (after.pdsk < Disk.Inconsistent || after.pdsk === Disk.Outdated || after.pdsk === Disk.DUnknown)) ||
    (before.pdsk === Disk.DUnknown &&
      (after.pdsk === Disk.Diskless || after.pdsk === Disk.Failed || after.pdsk === Disk.Outdated));
  if (lostPeerData && (after.role === Role.Primary || after.peer === Role.Primary)) return true;
  return after.pdsk === Disk.Diskless && before.peer !== Role.Primary && after.peer === Role.Primary;
}

function tellsPeer(before: VolumeState, after: VolumeState): boolean {
  if (after.conn < Conn.Connected) return false;
  if (before.conn === Conn.WFReportParams) return true;
  // A promotion may begin a generation, which the peer has to hear of first: `becamePrimary` tells it of both.
  if (before.role !== Role.Primary && after.role === Role.Primary) return false;
  if (before.role !== after.role || before.userIsp !== after.userIsp || before.aftrIsp !== after.aftrIsp) return true;
  if (before.conn !== after.conn && after.conn === Conn.Ahead) return true;
  if (before.disk === after.disk) return false;
  if (after.disk === Disk.Failed || after.disk === Disk.Diskless) return true;
  if (before.disk === Disk.UpToDate && after.disk === Disk.Inconsistent && after.conn === Conn.Connected) return true;
  // With a resync before it, the disk is not settled: the peer came to that resync first.
  if (before.disk === Disk.Negotiating) return after.conn === Conn.Connected;
  if (before.disk === Disk.Attaching) return true;
  // A target that finished: the source waits for this.
  return before.disk < Disk.UpToDate && after.disk === Disk.UpToDate;
}

/** With it the target learns of a stop sector. At the regular end it is sent too: seen in the recorded story 26. */
function endsVerify({ connection }: PeerDevice, before: VolumeState, after: VolumeState): boolean {
  return before.conn === Conn.VerifyS && after.conn === Conn.Connected && toldOfVerifyEnd(connection.version);
}

function enterConn(peerDevice: PeerDevice, before: VolumeState, after: VolumeState): void {
  switch (after.conn) {
    case Conn.WFBitMapS:
      peerDevice.sendBitmap();
      break;
    case Conn.WFBitMapT:
      peerDevice.expectBitmap();
      break;
    case Conn.StartingSyncS:
    case Conn.StartingSyncT:
      peerDevice.startFullSync(after.conn);
      break;
    case Conn.SyncSource:
      if (before.conn !== Conn.PausedSyncS) peerDevice.resyncSource.begin();
      break;
    case Conn.PausedSyncS:
      // Paused from the start: the target learns of the sync UUID all the same.
      if (before.conn !== Conn.SyncSource) peerDevice.resyncSource.begin();
      break;
    case Conn.SyncTarget:
      if (before.conn !== Conn.PausedSyncT) peerDevice.resyncTarget.begin();
      peerDevice.resyncTarget.go();
      break;
    case Conn.PausedSyncT:
      if (before.conn !== Conn.SyncTarget) peerDevice.resyncTarget.begin();
      break;
    case Conn.Ahead:
      peerDevice.congestion.wentAhead();
      break;
    case Conn.Behind:
      peerDevice.resyncTarget.stop();
      break;
    case Conn.VerifyS:
      peerDevice.verifySource.begin();
      break;
    default:
      if (before.conn >= Conn.StartingSyncS && after.conn <= Conn.Connected) peerDevice.resyncEnded();
  }
}
