/**
 * The sender's side of write ordering: the stream of writes to one peer, cut into epochs by barriers.
 *
 * Invariants:
 * - A write that an application issues after another one completed is in a later epoch than that one.
 * - P_BARRIER follows the last write of its epoch and precedes the first of the next.
 * - Barrier acknowledgements come in epoch order and carry the number of writes.
 *
 * Source: wire.md 6.7, behaviour.md 5.4.
 */
import type { WriteLeg } from '../request/application-writes';

export interface SendEpoch {
  readonly owner: SendEpochs;
  readonly number: number;
  readonly legs: WriteLeg[];
  /** Writes that the peer, Primary too, has sent back to be done again in a later epoch. */
  retriedCount: number;
  barrierSentMs: number | null;
  /** Run once the epoch is stable on the peer, or lost. */
  waiters: (() => void)[];
}

export interface SendEpochsIo {
  sendBarrier(number: number): void;
  nowMs(): number;
  /** Asks for `idle` to be called when nothing more was sent for a moment. */
  scheduleIdle(): void;
}

export class SendEpochs {
  private current: SendEpoch;
  /** Closed and not acknowledged, oldest first. */
  private open: SendEpoch[] = [];
  /** The current epoch was closed by a completion; its barrier goes out before the next write. */
  private closing = false;

  constructor(
    private readonly maxEpochSize: number,
    private readonly io: SendEpochsIo,
    firstNumber: number,
  ) {
    this.current = this.epoch(firstNumber);
  }

  /** The epoch that the next write belongs to. Sends the barrier that is due before it. */
  enter(): SendEpoch {
    if (this.closing || this.current.legs.length >= this.maxEpochSize) this.sendBarrier();
    return this.current;
  }

  writeCompleted(epoch: SendEpoch): void {
    if (epoch !== this.current || this.closing) return;
    this.closing = true;
    this.io.scheduleIdle();
  }

  /** The sender ran idle: the peer should not be left waiting for a barrier. */
  idle(): void {
    if (this.closing) this.sendBarrier();
  }

  /** Calls `done` when all writes sent so far are stable on the peer; true: something is under way. */
  whenStable(done: () => void): boolean {
    if (this.current.legs.length > 0) this.sendBarrier();
    const last = this.open[this.open.length - 1];
    if (last === undefined) return false;
    last.waiters.push(done);
    return true;
  }

  /** Returns the epoch, or null where the peer's answer does not fit: a protocol error. */
  acknowledged(number: number, setSize: number): SendEpoch | null {
    const oldest = this.open[0];
    if (oldest === undefined || oldest.number !== number) return null;
    // The module leaves a write that is sent back out of the count; a peer that counts it means the same.
    const { legs, retriedCount } = oldest;
    if (setSize !== legs.length && setSize !== legs.length - retriedCount) return null;
    this.open.shift();
    return oldest;
  }

  /** All epochs whose writes are not known to be stable, oldest first; the object is of no use afterwards. */
  lost(): readonly SendEpoch[] {
    const all = [...this.open, this.current];
    this.open = [];
    this.closing = false;
    this.current = this.epoch(this.current.number + 1);
    return all;
  }

  get oldestBarrierMs(): number | null {
    return this.open[0]?.barrierSentMs ?? null;
  }

  private sendBarrier(): void {
    this.closing = false;
    if (this.current.legs.length === 0) return;
    this.current.barrierSentMs = this.io.nowMs();
    this.open.push(this.current);
    this.io.sendBarrier(this.current.number);
    this.current = this.epoch((this.current.number + 1) >>> 0);
  }

  private epoch(number: number): SendEpoch {
    return { owner: this, number, legs: [], retriedCount: 0, barrierSentMs: null, waiters: [] };
  }
}
