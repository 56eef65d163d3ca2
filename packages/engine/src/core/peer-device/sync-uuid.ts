/**
 * P_SYNC_UUID: the source names the generation that the target will have, and the resync starts.
 *
 * Source: wire.md 8.2.
 */
import { Conn, Disk, Role } from '../../wire';
import type { PeerDevice } from './peer-device';

export class SyncUuid {
  /** One that came before this side was ready for it. */
  private early: bigint | null = null;

  constructor(private readonly peerDevice: PeerDevice) {}

  received(uuid: bigint): void {
    const { peerDevice } = this;
    if (!this.isAwaited) {
      this.early = uuid;
      return;
    }
    const { device, connection } = peerDevice;
    const { resource } = device;
    resource.runHandler('before-resync-target', { peerDevice }, (exitCode) => {
      if (!this.isAwaited) return;
      if (exitCode > 0) return connection.refuse('before-resync-target said no');
      // Every bit must be on disk before its block can be written and acknowledged: once the source has cleared its bit,
      // this one is all that tells of a block that a power cut takes away again.
      device.disk?.writeBitmap(null, (ok) => {
        if (!ok || !this.isAwaited) return;
        const current = resource.role === Role.Primary ? uuid | 1n : uuid;
        peerDevice.setUuids({ ...peerDevice.uuids, current, bitmap: 0n });
        device.commitGeneration();
        resource.states.force(peerDevice, { conn: Conn.SyncTarget, disk: Disk.Inconsistent, pdsk: Disk.UpToDate });
      });
    });
  }

  /** After state changes: what came too early may fit now. */
  takeEarly(): void {
    if (this.early === null || !this.isAwaited) return;
    const uuid = this.early;
    this.early = null;
    this.received(uuid);
  }

  connectionLost(): void {
    this.early = null;
  }

  private get isAwaited(): boolean {
    const { conn } = this.peerDevice;
    return conn === Conn.WFSyncUUID || conn === Conn.Behind;
  }
}
