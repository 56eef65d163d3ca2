/**
 * The sender's side of write ordering: the stream of writes to one peer, cut into epochs by barriers.
 *
 * Invariants:
 * - A write that an application issues after another one completed is in a later epoch than that one.
 * - P_BARRIER follows the last write of its epoch and precedes the first of the next.
 * - Barrier acknowledgements come in epoch order and carry the number of writes.
 *
 * An epoch with a write that was sent back the module never acknowledges (8.4.11): it counts as stable with the next one
 * that is.
 *
 * Source: wire.md 6.7, 6.9, behaviour.md 5.4.
 */
import type { WriteLeg } from '../request/application-writes';

export interface SendEpoch {
  readonly owner: SendEpochs;
  readonly number: number;
  readonly legs: WriteLeg[];
  /** Writes that the peer, Primary too, has not done, since they met its own (P_SUPERSEDED, P_RETRY_WRITE). */
  sentBackCount: number;
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
  /** Stable without an acknowledgement of their own, which may still come. */
  private readonly passedOver = new Set<number>();
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
    const last = this.lastAwaited();
    if (last === undefined) return false;
    last.waiters.push(done);
    return true;
  }

  /** A write of the epoch was answered, and it or another sent back: nobody is to wait for an acknowledgement any more. */
  answered(epoch: SendEpoch): void {
    if (epoch.waiters.length === 0 || !mayStayUnacknowledged(epoch)) return;
    const { waiters } = epoch;
    epoch.waiters = [];
    const last = this.lastAwaited();
    if (last === undefined) for (const waiter of waiters) waiter();
    else last.waiters.push(...waiters);
  }

  /**
   * Returns the epochs that are stable now, oldest first: none for the late acknowledgement of one that was passed over;
   * null where the peer's answer does not fit: a protocol error.
   */
  acknowledged(number: number, setSize: number): readonly SendEpoch[] | null {
    if (this.passedOver.delete(number)) return [];
    const index = this.open.findIndex((epoch) => epoch.number === number);
    const epoch = this.open[index];
    if (epoch === undefined || !this.open.slice(0, index).every(mayStayUnacknowledged)) return null;
    // The module leaves a write that is sent back out of the count; a peer that counts it means the same.
    const { legs, sentBackCount } = epoch;
    if (setSize > legs.length || setSize < legs.length - sentBackCount) return null;
    const stable = this.open.splice(0, index + 1);
    for (const before of stable.slice(0, -1)) this.passedOver.add(before.number);
    return stable;
  }

  /** For a message. */
  expected(): string {
    const [oldest] = this.open;
    if (oldest === undefined) return 'none';
    const { legs, number, sentBackCount } = oldest;
    const pendingCount = legs.filter(({ pending }) => pending).length;
    return `#${number} with ${legs.length} (${sentBackCount} sent back, ${pendingCount} not answered)`;
  }

  /** All epochs whose writes are not known to be stable, oldest first; the object is of no use afterwards. */
  lost(): readonly SendEpoch[] {
    const all = [...this.open, this.current];
    this.open = [];
    this.passedOver.clear();
    this.closing = false;
    this.current = this.epoch(this.current.number + 1);
    return all;
  }

  get oldestBarrierMs(): number | null {
    return this.open.find((epoch) => !mayStayUnacknowledged(epoch))?.barrierSentMs ?? null;
  }

  private lastAwaited(): SendEpoch | undefined {
    return this.open.findLast((epoch) => !mayStayUnacknowledged(epoch));
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
    return { owner: this, number, legs: [], sentBackCount: 0, barrierSentMs: null, waiters: [] };
  }
}

function mayStayUnacknowledged({ legs, sentBackCount }: SendEpoch): boolean {
  return sentBackCount > 0 && !legs.some(({ pending }) => pending);
}
