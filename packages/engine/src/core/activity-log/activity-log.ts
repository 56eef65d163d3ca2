/**
 * Which 4 MiB extents are hot: may hold writes that are not stable everywhere.
 *
 * Invariants:
 * - A write starts only when every extent it touches is in the log on disk (`acquire` granted).
 * - An extent is reassigned only when nothing references it; before the transaction that drops it is written,
 *   its bitmap blocks and its data are stable (`beforeEviction`).
 * - One transaction is being written at a time; what comes meanwhile shares the next one, up to 64 updates.
 *
 * Source: behaviour.md 6, metadata.md 4.7.
 */
import {
  AL_CONTEXT_PER_TRANSACTION,
  AL_EXTENT_FREE,
  AL_UPDATES_PER_TRANSACTION,
  type AlTransactionInput,
} from '../../metadata';

export interface ActivityLogIo {
  /** Everything that must be stable before these extents leave the log. */
  beforeEviction(extents: readonly number[], done: () => void): void;
  /** Makes one transaction stable. Not called again before `done`; never calls `done` when the disk is lost. */
  writeTransaction(transaction: AlTransactionInput, done: () => void): void;
}

interface Slot {
  readonly slotNumber: number;
  readonly extent: number;
  references: number;
  /** The transaction that put it into the log is stable. */
  committed: boolean;
}

interface Waiter {
  readonly first: number;
  readonly last: number;
  readonly granted: () => void;
}

export class ActivityLog {
  private readonly hot = new Map<number, Slot>();
  /** Extents without references, least recently used first. */
  private readonly idle = new Set<number>();
  private readonly table: number[];
  private freeSlots: number[] = [];
  private waiters: Waiter[] = [];
  private writing = false;
  /** Served by the transaction that is being written. */
  private served: readonly Waiter[] = [];
  private abandoned = false;
  private transactionNumber = 0;
  private contextStart = 0;
  /** Transactions written since the start: `al-writes` of the statistics. */
  writeCount = 0;

  constructor(
    readonly slotCount: number,
    private readonly io: ActivityLogIo,
  ) {
    this.table = new Array<number>(slotCount).fill(AL_EXTENT_FREE);
    for (let slot = slotCount - 1; slot >= 0; slot--) this.freeSlots.push(slot);
  }

  /**
   * References the extents `first` to `last`. True: they are hot, go on at once. False: `granted` runs later,
   * once they are.
   */
  acquire(first: number, last: number, granted: () => void): boolean {
    if (this.abandoned) return true;
    if (this.waiters.length === 0 && this.areCommitted(first, last)) {
      for (let extent = first; extent <= last; extent++) this.reference(extent);
      return true;
    }
    if (last - first + 1 > Math.min(AL_UPDATES_PER_TRANSACTION, this.slotCount)) {
      throw new Error(`a request over ${last - first + 1} activity-log extents`);
    }
    this.waiters.push({ first, last, granted });
    this.writeNext();
    return false;
  }

  release(first: number, last: number): void {
    if (this.abandoned) return;
    for (let extent = first; extent <= last; extent++) {
      const slot = this.hot.get(extent);
      if (slot === undefined || slot.references === 0) throw new Error(`extent ${extent} released once too often`);
      slot.references--;
      if (slot.references === 0) this.idle.add(extent);
    }
    if (this.waiters.length > 0) this.writeNext();
  }

  /** The disk is lost, and its log with it: who waits goes on at once, and nothing is logged or counted any more. */
  abandon(): void {
    this.abandoned = true;
    const waiting = [...this.served, ...this.waiters];
    this.served = [];
    this.waiters = [];
    for (const waiter of waiting) waiter.granted();
  }

  /** A request waits for an extent to become hot. */
  get isWaitedFor(): boolean {
    return this.waiters.length > 0 || this.served.length > 0;
  }

  isHot(extent: number): boolean {
    return this.hot.has(extent);
  }

  isReferenced(extent: number): boolean {
    return (this.hot.get(extent)?.references ?? 0) > 0;
  }

  /** Extents that requests reference. */
  get referencedCount(): number {
    return this.hot.size - this.idle.size;
  }

  get usedCount(): number {
    return this.hot.size;
  }

  private areCommitted(first: number, last: number): boolean {
    for (let extent = first; extent <= last; extent++) if (this.hot.get(extent)?.committed !== true) return false;
    return true;
  }

  private reference(extent: number): void {
    const slot = this.hot.get(extent);
    if (slot === undefined) throw new Error(`extent ${extent} is not in the log`);
    if (slot.references === 0) this.idle.delete(extent);
    slot.references++;
  }

  private writeNext(): void {
    if (this.writing) return;
    const contextExtents = this.table.slice(this.contextStart, this.contextStart + AL_CONTEXT_PER_TRANSACTION);
    const updates: { slot: number; extent: number }[] = [];
    const evicted: number[] = [];
    const served: Waiter[] = [];
    for (const waiter of this.waiters) {
      if (!this.allocate(waiter, updates, evicted)) break;
      served.push(waiter);
    }
    if (served.length === 0) return;
    this.waiters = this.waiters.slice(served.length);
    if (updates.length === 0) {
      this.grant(served);
      return;
    }
    this.writing = true;
    this.served = served;
    const transaction: AlTransactionInput = {
      transactionNumber: this.transactionNumber,
      contextSize: this.slotCount,
      updates,
      context: { slot: this.contextStart, extents: contextExtents },
    };
    this.contextStart += AL_CONTEXT_PER_TRANSACTION;
    if (this.contextStart >= this.slotCount) this.contextStart = 0;
    const write = (): void =>
      this.io.writeTransaction(transaction, () => {
        if (this.abandoned) return;
        this.served = [];
        this.transactionNumber = (this.transactionNumber + 1) >>> 0;
        this.writeCount++;
        this.writing = false;
        for (const update of updates) {
          const slot = this.hot.get(update.extent);
          if (slot !== undefined) slot.committed = true;
        }
        this.grant(served);
      });
    if (evicted.length === 0) write();
    else this.io.beforeEviction(evicted, () => !this.abandoned && write());
  }

  private grant(served: readonly Waiter[]): void {
    for (const waiter of served) waiter.granted();
    if (this.waiters.length > 0) this.writeNext();
  }

  /** Takes slots for the waiter's cold extents and references all of them; false (and nothing changed) if they do not fit. */
  private allocate(waiter: Waiter, updates: { slot: number; extent: number }[], evicted: number[]): boolean {
    let cold = 0;
    let ownIdle = 0;
    for (let extent = waiter.first; extent <= waiter.last; extent++) {
      if (!this.hot.has(extent)) cold++;
      else if (this.idle.has(extent)) ownIdle++;
    }
    if (updates.length + cold > AL_UPDATES_PER_TRANSACTION) return false;
    if (cold > this.freeSlots.length + this.idle.size - ownIdle) return false;
    for (let extent = waiter.first; extent <= waiter.last; extent++) if (this.hot.has(extent)) this.reference(extent);
    for (let extent = waiter.first; extent <= waiter.last; extent++) {
      if (this.hot.has(extent)) continue;
      const slotNumber = this.freeSlots.pop() ?? this.evictOldest(evicted);
      this.hot.set(extent, { slotNumber, extent, references: 1, committed: false });
      this.table[slotNumber] = extent;
      updates.push({ slot: slotNumber, extent });
    }
    return true;
  }

  private evictOldest(evicted: number[]): number {
    for (const extent of this.idle) {
      const slot = this.hot.get(extent);
      if (slot === undefined) throw new Error(`idle extent ${extent} is not in the log`);
      this.idle.delete(extent);
      this.hot.delete(extent);
      evicted.push(extent);
      return slot.slotNumber;
    }
    throw new Error('no idle extent to evict');
  }
}
