/**
 * A resync makes room for the applications: the option c-min-rate. Source: behaviour.md 7.5, drbd.conf(5).
 *
 * While others use the disk, no more is asked for once the resync is faster than c-min-rate; what was asked for goes on.
 * The rate is that since the last mark but one, so a resync slows down to c-min-rate and never below.
 */
import type { PeerDevice } from '../peer-device/peer-device';

/** More than this of others' reads and writes in one window counts as use. */
const FOREIGN_SECTORS = 64;
const WINDOW_MS = 100;
const KIB_PER_BIT = 4;

export class ResyncThrottle {
  private windowStartMs = -Infinity;
  private foreignSectors = 0;
  private wasUsed = false;

  constructor(private readonly peerDevice: PeerDevice) {}

  get holdsBack(): boolean {
    const { device, progress, options, outOfSyncBits } = this.peerDevice;
    if (options.cMinRateKiBs === 0 || progress === null) return false;
    const nowMs = device.resource.host.nowMs();
    // So that a time of holding back counts, too: the source has no other clock.
    progress.advance(nowMs, outOfSyncBits);
    const used = this.isUsed(nowMs);
    if (!used && device.activityLog?.isWaitedFor !== true) return false;
    const { ms, bits } = progress.sinceLastMarkButOne(nowMs, outOfSyncBits);
    return (bits * KIB_PER_BIT * 1000) / Math.max(ms, 1000) > options.cMinRateKiBs;
  }

  private isUsed(nowMs: number): boolean {
    if (nowMs - this.windowStartMs < WINDOW_MS) return this.wasUsed;
    const { foreignSectors } = this.peerDevice.device;
    // What came before the first look says nothing about now.
    this.wasUsed = this.windowStartMs !== -Infinity && foreignSectors - this.foreignSectors > FOREIGN_SECTORS;
    this.windowStartMs = nowMs;
    this.foreignSectors = foreignSectors;
    return this.wasUsed;
  }
}
