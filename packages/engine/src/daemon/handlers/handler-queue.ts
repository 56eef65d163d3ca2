/**
 * How many handlers run at once. A peer that vanishes calls one for each of its resources: hundreds of processes at the
 * same moment would take the memory of the whole node. A few at a time are as fast.
 *
 * Bound: RUNNING_MAX. One that has waited for PATIENCE_MS starts all the same, since those before it may be waiting for
 * something, as fence-peer does.
 */
const RUNNING_MAX = 8;
const PATIENCE_MS = 3000;

export class HandlerQueue {
  private running = 0;
  private readonly waiting = new Set<() => void>();

  /** `start` gets a function to call when its handler has ended. */
  add(start: (ended: () => void) => void): void {
    if (this.running < RUNNING_MAX) return this.begin(start);
    const timer = setTimeout(() => go(), PATIENCE_MS);
    const go = (): void => {
      clearTimeout(timer);
      this.waiting.delete(go);
      this.begin(start);
    };
    this.waiting.add(go);
  }

  private begin(start: (ended: () => void) => void): void {
    this.running += 1;
    start(() => {
      this.running -= 1;
      const [next] = this.waiting;
      if (next !== undefined && this.running < RUNNING_MAX) next();
    });
  }
}
