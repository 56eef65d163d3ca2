/**
 * What both sides of an online verify keep: how much is left, which ranges differ, and how it ends.
 * Log texts and the order at the end: recorded kernel logs of 8.4.11 (story 26-verify-repair).
 */
import { Conn } from '../../wire';
import type { PeerDevice } from '../peer-device/peer-device';
import { SyncProgress } from '../resync/sync-progress';

/** A verify request covers one bit of the bitmap. */
export const VERIFY_BLOCK_BYTES = 4096;
export const VERIFY_BLOCK_SECTORS = VERIFY_BLOCK_BYTES / 512;

/** The source's P_STATE tells the target that a verify ended: what stop sectors need. Source: wire.md 9. */
export const toldOfVerifyEnd = (version: number): boolean => version === 97 || version >= 101;

export class VerifyRun {
  readonly progress: SyncProgress;
  private badStart = 0;
  private badSectors = 0;

  constructor(
    private readonly peerDevice: PeerDevice,
    totalBits: number,
  ) {
    this.progress = new SyncProgress(totalBits, peerDevice.device.resource.host.nowMs());
    peerDevice.progress = this.progress;
  }

  /** Both disks stay as they are; the bits tell a later resync what to copy. */
  outOfSync(sector: number, sizeBytes: number): void {
    const { peerDevice } = this;
    peerDevice.setOutOfSync(sector, sizeBytes);
    const sizeSectors = sizeBytes / 512;
    if (this.badSectors > 0 && sector === this.badStart + this.badSectors) this.badSectors += sizeSectors;
    else {
      this.logBadRange();
      this.badStart = sector;
      this.badSectors = sizeSectors;
    }
  }

  inSync(): void {
    this.logBadRange();
  }

  /** Adjacent differing blocks are one line. */
  private logBadRange(): void {
    if (this.badSectors === 0) return;
    const { device } = this.peerDevice;
    const text = `Out of sync: start=${this.badStart}, size=${this.badSectors} (sectors)`;
    this.badSectors = 0;
    device.resource.log('warn', device.subject, text);
  }

  /** Says what was found, and goes back to Connected. */
  finish(checkedBits: number): void {
    const { peerDevice } = this;
    const { device } = peerDevice;
    const { resource } = device;
    this.logBadRange();
    const pace = this.progress.pace(resource.host.nowMs(), checkedBits);
    resource.log('info', device.subject, `Online verify done ${pace}`);
    const { outOfSyncBits } = peerDevice;
    if (outOfSyncBits > 0) {
      resource.log('warn', device.subject, `Online verify found ${outOfSyncBits} 4k block out of sync!`);
      device.disk?.writeBitmap(null, () => undefined);
    }
    resource.states.force(peerDevice, { conn: Conn.Connected });
    if (outOfSyncBits > 0) resource.runHandler('out-of-sync', { peerDevice });
  }
}
