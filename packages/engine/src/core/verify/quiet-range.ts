/**
 * A range of blocks in which nothing is being written: neither by the own applications nor by the peer.
 *
 * Verify compares what both nodes hold at one point of the write stream. Writes that came before are waited for, later
 * ones wait until `release`; the range is small and held for one question and its answer.
 */
import type { Device } from '../device/device';
import { lockedRange, type LockedRange } from '../request/range-locks';

export class QuietRange {
  private applications: LockedRange | null = null;
  private peers: LockedRange | null = null;

  constructor(
    private readonly device: Device,
    private readonly sector: number,
    private readonly sizeBytes: number,
  ) {}

  /** `run` follows once no own application writes there, within this call or later. */
  whenQuiet(run: () => void): void {
    this.applications = lockedRange(this.sector, this.end, run);
    this.device.applicationLocks.enter(this.applications);
  }

  private get end(): number {
    return this.sector + this.sizeBytes / 512;
  }

  /** `run` follows when the peer's writes that arrived so far are done too. */
  whenPeerQuiet(run: () => void): void {
    this.peers = lockedRange(this.sector, this.end, run);
    this.device.peerLocks.enter(this.peers);
  }

  /** Only after the last `run` was called: a range that still waits has nothing to let go of yet. */
  release(): void {
    if (this.peers !== null) this.device.peerLocks.leave(this.peers);
    if (this.applications !== null) this.device.applicationLocks.leave(this.applications);
  }
}
