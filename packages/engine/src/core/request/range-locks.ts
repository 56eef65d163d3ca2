/**
 * Order among overlapping ranges of sectors: first come, first served.
 *
 * Two overlapping writes must reach every disk in one order, else the copies differ for good. A range that enters
 * waits for every overlapping one that entered before it, whether that one runs or waits itself.
 */
export interface LockedRange {
  /** First sector. */
  readonly start: number;
  /** One past the last sector. */
  readonly end: number;
  /** Ranges this one waits for. */
  blockers: number;
  waiters: LockedRange[] | null;
  /** Runs when nothing blocks any more. */
  run: () => void;
}

export const lockedRange = (start: number, end: number, run: () => void): LockedRange => ({
  start,
  end,
  blockers: 0,
  waiters: null,
  run,
});

/** Ranges are filed under regions of 256 sectors (128 KiB), so that a lookup touches only its neighbours. */
const REGION_SECTORS = 256;

export class RangeLocks {
  private readonly regions = new Map<number, LockedRange[]>();
  size = 0;

  /** Runs `range.run` at once, inside this call, or when the last overlapping earlier range has left. */
  enter(range: LockedRange): void {
    this.size++;
    const firstRegion = Math.floor(range.start / REGION_SECTORS);
    const lastRegion = Math.floor((range.end - 1) / REGION_SECTORS);
    for (let region = firstRegion; region <= lastRegion; region++) {
      const list = this.regions.get(region);
      if (list === undefined) {
        this.regions.set(region, [range]);
        continue;
      }
      for (const other of list) {
        // A pair that shares several regions is counted in the first of them only.
        const shared = Math.max(firstRegion, Math.floor(other.start / REGION_SECTORS));
        if (shared !== region || other.start >= range.end || range.start >= other.end) continue;
        (other.waiters ??= []).push(range);
        range.blockers++;
      }
      list.push(range);
    }
    if (range.blockers === 0) range.run();
  }

  leave(range: LockedRange): void {
    this.size--;
    const lastRegion = Math.floor((range.end - 1) / REGION_SECTORS);
    for (let region = Math.floor(range.start / REGION_SECTORS); region <= lastRegion; region++) {
      const list = this.regions.get(region);
      if (list === undefined) continue;
      if (list.length === 1) this.regions.delete(region);
      else list.splice(list.indexOf(range), 1);
    }
    const waiters = range.waiters;
    range.waiters = null;
    if (waiters !== null) for (const waiter of waiters) if (--waiter.blockers === 0) waiter.run();
  }

  overlaps(start: number, end: number): boolean {
    if (this.size === 0) return false;
    const lastRegion = Math.floor((end - 1) / REGION_SECTORS);
    for (let region = Math.floor(start / REGION_SECTORS); region <= lastRegion; region++) {
      const list = this.regions.get(region);
      if (list?.some((range) => range.start < end && start < range.end)) return true;
    }
    return false;
  }
}
