/**
 * on-congestion: what a Primary under protocol A does when its peer cannot follow.
 *
 * Pulled ahead, it only tells which blocks the peer lacks; once nothing is in flight any more it becomes resync source.
 * Source: behaviour.md 5.12, wire.md 8.6.
 */
import { Conn, Disk } from '../../wire';
import type { Timer } from '../host';
import type { PeerDevice } from '../peer-device/peer-device';

/** From the moment that nothing is in flight to the resync. */
const RETURN_DELAY_MS = 1000;
const RETURN_RETRY_MS = 100;
const VERSION_MIN = 96;

export class Congestion {
  private timer: Timer | null = null;
  private deciding = false;

  constructor(private readonly peerDevice: PeerDevice) {}

  /** After a write was sent. */
  writeSent(): void {
    if (this.deciding || !this.isCongested) return;
    this.deciding = true;
    // Not in the middle of sending a request to the peers.
    this.peerDevice.device.resource.host.after(0, () => {
      this.deciding = false;
      if (this.isCongested) this.act();
    });
  }

  /** In Ahead: looks for the way back. */
  wentAhead(): void {
    this.considerReturn();
  }

  /** After an epoch was acknowledged. */
  considerReturn(): void {
    const { peerDevice } = this;
    if (peerDevice.conn !== Conn.Ahead || this.timer !== null || peerDevice.connection.inFlightSectors > 0) return;
    this.timer = peerDevice.device.resource.host.after(RETURN_DELAY_MS, () => this.comeBack());
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  private comeBack(): void {
    const { peerDevice } = this;
    this.timer = null;
    if (peerDevice.conn !== Conn.Ahead) return;
    if (peerDevice.connection.inFlightSectors > 0) {
      this.timer = peerDevice.device.resource.host.after(RETURN_RETRY_MS, () => this.comeBack());
      return;
    }
    peerDevice.startSource(Conn.Ahead);
  }

  private get isCongested(): boolean {
    const { device, connection, conn } = this.peerDevice;
    const { onCongestion, congestionFillSectors, congestionExtents } = connection.net;
    if (onCongestion === 'block' || connection.version < VERSION_MIN) return false;
    if (device.diskState !== Disk.UpToDate) return false;
    if (conn !== Conn.Connected && conn !== Conn.SyncSource && conn !== Conn.PausedSyncS) return false;
    return (
      (congestionFillSectors > 0 && connection.inFlightSectors >= congestionFillSectors) ||
      (device.activityLog?.referencedCount ?? 0) >= congestionExtents
    );
  }

  private act(): void {
    const { peerDevice } = this;
    const { device, connection } = peerDevice;
    if (connection.net.onCongestion === 'disconnect') {
      device.log('warn', 'Congestion: disconnecting');
      connection.disconnectHard();
      return;
    }
    device.log('info', 'Congestion: pulling ahead');
    device.resource.states.force(peerDevice, { conn: Conn.Ahead });
  }
}
