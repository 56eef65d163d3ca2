/** P_STATE arrived: what the peer is, and what follows for this side. Source: wire.md 5.8, steps 1 to 9. */
import { Conn, Disk, Role, UuidFlag, type StateFields } from '../../wire';
import { loseDisk } from '../device/detach';
import { refusesRestartedPeer } from '../fencing/suspension';
import { isSyncState } from '../state/volume-state';
import type { PeerDevice } from './peer-device';
import { decideSync } from './sync-decision';

export function receiveState(peerDevice: PeerDevice, peer: StateFields): void {
  const { device, connection } = peerDevice;
  const { states } = device.resource;
  if (connection.conn <= Conn.TearDown) return;
  let before = states.read({ device, peerDevice });

  if (before.conn < Conn.Connected && refusesRestartedPeer(peerDevice, peer.disk)) {
    connection.lost(Conn.ProtocolError, 'the peer was restarted', 'pause');
    return;
  }
  let peerDisk = peer.disk;
  if (peer.disk === Disk.Negotiating) {
    const inconsistent = ((peerDevice.peerUuids?.flags ?? 0n) & UuidFlag.INCONSISTENT) !== 0n;
    peerDisk = inconsistent ? Disk.Inconsistent : Disk.Consistent;
  }
  if (
    (before.pdsk === Disk.Inconsistent || before.pdsk === Disk.Consistent) &&
    peerDisk === Disk.UpToDate &&
    before.disk === Disk.UpToDate &&
    before.conn > Conn.Connected
  ) {
    if (peer.conn > Conn.Connected && peer.conn < Conn.SyncSource) peerDisk = Disk.Inconsistent;
    else if (before.conn >= Conn.SyncSource && peer.conn === Conn.Connected) {
      if (peerDevice.resyncSource.targetFinished()) return;
    }
  }
  if (
    before.conn === Conn.VerifyT &&
    before.disk === Disk.UpToDate &&
    peer.conn === Conn.Connected &&
    peerDisk === Disk.UpToDate
  ) {
    peerDevice.verifyTarget.sourceFinished();
    before = states.read({ device, peerDevice });
  }
  if (
    before.conn === Conn.Connected &&
    before.pdsk === Disk.UpToDate &&
    peerDisk === Disk.Inconsistent &&
    peer.conn > Conn.SyncSource
  ) {
    peerDisk = Disk.UpToDate;
  }
  let conn = before.conn === Conn.WFReportParams ? Conn.Connected : before.conn;
  if (peer.conn === Conn.Ahead) conn = Conn.Behind;

  const isNew = before.conn < Conn.Connected;
  if (peerDevice.peerUuids !== null && peer.disk >= Disk.Negotiating && before.disk >= Disk.Negotiating) {
    const decides =
      isNew ||
      (before.conn === Conn.Connected &&
        (peer.disk === Disk.Negotiating ||
          before.disk === Disk.Negotiating ||
          // Forced Primary with data to offer; its state request has told of the disk before this packet.
          (before.disk === Disk.Inconsistent && peer.disk === Disk.UpToDate && peer.role === Role.Primary) ||
          (peer.conn >= Conn.StartingSyncS && peer.conn <= Conn.WFBitMapT)));
    if (decides) {
      const decision = decideSync(peerDevice, peer.role, peerDisk);
      if (decision.kind === 'refused') {
        if (before.disk === Disk.Negotiating) {
          loseDisk(device);
          return;
        }
        if (peer.disk === Disk.Negotiating) {
          states.force(peerDevice, { pdsk: Disk.Diskless });
          // It may not have seen enough to come to the same end.
          peerDevice.sendUuids(0n);
          peerDevice.sendState();
          return;
        }
        if (decision.retries === true) connection.lost(Conn.NetworkFailure, decision.why, 'pause');
        else connection.disconnectHard();
        return;
      }
      conn = decision.conn;
      if (decision.fullSync) {
        peerDevice.bitmap?.setAll();
        device.disk?.writeBitmap(null, () => undefined);
      }
      connection.discardMyData = false;
    }
  }
  // With a resync before it, the disk is what that resync needs: Negotiating is clamped to it.
  const negotiated = before.disk === Disk.Negotiating && (isNew || conn === Conn.Connected);
  const nextDisk = negotiated ? (device.stateAfterNegotiation?.disk ?? Disk.Inconsistent) : before.disk;
  // The peer waits for an answer, or has to come to the same decision.
  peerDevice.decidedAlone =
    !isNew &&
    before.disk !== Disk.Negotiating &&
    peer.conn <= Conn.Connected &&
    (peer.disk === Disk.Negotiating || (conn !== before.conn && conn > Conn.Connected && !isSyncState(conn)));
  const result = states.make(
    (view) =>
      view.peerDevice === peerDevice
        ? {
            conn,
            disk: nextDisk,
            peer: peer.role,
            pdsk: peerDisk,
            peerIsp: peer.aftrIsp || peer.userIsp,
          }
        : null,
    'forced',
  );
  if (result < 1) {
    connection.log('error', 'the resulting state is invalid');
    connection.disconnectHard();
    return;
  }
  if (peerDevice.decidedAlone) peerDevice.tellDecision();
  if (isNew || peer.disk === Disk.Negotiating) device.resource.changed();
}
