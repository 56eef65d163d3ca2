/**
 * The receiver's side of write ordering: a barrier is acknowledged once all writes before it are stable here.
 *
 * Making an epoch stable costs a flush of every disk, so one flush serves as many epochs as are complete when it begins.
 * It begins at once when the sender says so (P_UNPLUG_REMOTE after the barrier: an application waits for its own flush)
 * or when many writes are unacknowledged; otherwise a moment later, since nobody waits.
 *
 * What a failing disk did not make stable is never acknowledged: the connection ends, so that the sender remembers the
 * blocks, and the disk is found out of date should it come back.
 *
 * Source: wire.md 6.7; the durability contract of docs/architecture.md.
 */
import type { Timer } from '../host';

export interface ReceiveEpoch {
  writeCount: number;
  pendingCount: number;
  /** Raw number of the barrier that closed it. */
  barrier: number | null;
}

export interface ReceiveEpochsIo {
  /** Makes all completed writes of every volume stable. */
  flush(done: (isStable: boolean) => void): void;
  /** Writes that were counted on are not stable, and will not be. */
  unstable(): void;
  acknowledge(barrier: number, setSize: number): void;
  after(delayMs: number, run: () => void): Timer;
}

export const BARRIER_FLUSH_DELAY_MS = 50;
export const UNACKNOWLEDGED_WRITES_MAX = 512;

export class ReceiveEpochs {
  /** Oldest first; the last is the one that writes are entering. */
  private epochs: ReceiveEpoch[] = [{ writeCount: 0, pendingCount: 0, barrier: null }];
  private flushing = false;
  private timer: Timer | null = null;
  private urgent = false;
  private closedWrites = 0;
  private stopped = false;

  constructor(private readonly io: ReceiveEpochsIo) {}

  enter(): ReceiveEpoch {
    const epoch = this.epochs[this.epochs.length - 1]!;
    epoch.writeCount++;
    epoch.pendingCount++;
    return epoch;
  }

  completed(epoch: ReceiveEpoch): void {
    epoch.pendingCount--;
    if (epoch.pendingCount === 0 && epoch.barrier !== null) this.schedule();
  }

  barrier(number: number): void {
    const epoch = this.epochs[this.epochs.length - 1]!;
    epoch.barrier = number;
    this.closedWrites += epoch.writeCount;
    this.epochs.push({ writeCount: 0, pendingCount: 0, barrier: null });
    this.schedule();
  }

  /** The sender's hint that somebody waits. */
  hurry(): void {
    if (this.epochs.length < 2) return;
    this.urgent = true;
    this.schedule();
  }

  /** A disk is gone for good. */
  diskLost(): void {
    if (this.epochs.some(({ writeCount }) => writeCount > 0)) this.io.unstable();
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
    this.timer = null;
  }

  private schedule(): void {
    if (this.flushing || this.stopped || !this.isComplete(this.epochs[0]!)) return;
    if (this.urgent || this.closedWrites >= UNACKNOWLEDGED_WRITES_MAX) this.flush();
    else this.timer ??= this.io.after(BARRIER_FLUSH_DELAY_MS, () => this.flush());
  }

  private isComplete(epoch: ReceiveEpoch): boolean {
    return epoch.barrier !== null && epoch.pendingCount === 0;
  }

  private flush(): void {
    this.timer?.cancel();
    this.timer = null;
    if (this.flushing || this.stopped) return;
    let count = 0;
    while (this.isComplete(this.epochs[count]!)) count++;
    if (count === 0) return;
    if (count === this.epochs.length - 1) this.urgent = false;
    this.flushing = true;
    this.io.flush((isStable) => {
      this.flushing = false;
      if (this.stopped) return;
      if (!isStable) return this.io.unstable();
      for (const epoch of this.epochs.splice(0, count)) {
        this.closedWrites -= epoch.writeCount;
        this.io.acknowledge(epoch.barrier!, epoch.writeCount);
      }
      this.schedule();
    });
  }
}
