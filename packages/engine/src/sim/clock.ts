/** Simulated time: events in the order of their time, equal times in the order in which they were scheduled. */
export interface Scheduled {
  cancelled: boolean;
}

interface Entry extends Scheduled {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

export class SimClock {
  private now = 0;
  private order = 0;
  /** A binary heap. */
  private readonly heap: Entry[] = [];

  readonly nowMs = (): number => this.now;

  readonly schedule = (delayMs: number, run: () => void): Scheduled => {
    const entry: Entry = { atMs: this.now + Math.max(0, delayMs), order: this.order++, run, cancelled: false };
    this.push(entry);
    return entry;
  };

  /** Runs events up to `untilMs`, or until `stop` says so. Returns how many ran. */
  run(untilMs: number, stop: () => boolean = () => false): number {
    let count = 0;
    while (!stop()) {
      const next = this.heap[0];
      if (next === undefined || next.atMs > untilMs) {
        this.now = Math.max(this.now, untilMs);
        break;
      }
      this.pop();
      if (next.cancelled) continue;
      this.now = next.atMs;
      count++;
      next.run();
    }
    return count;
  }

  private push(entry: Entry): void {
    const { heap } = this;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(entry, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

const before = (a: Entry, b: Entry): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
