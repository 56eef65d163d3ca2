/**
 * Long delays are made a little longer, so that they end together: with hundreds of connections that ping each other, the
 * engine wakes up a few times a second for all of them instead of each time for one.
 */
const ALIGNED_FROM_MS = 1000;
/** A delay grows by a 32nd at most: 10 s by 312 ms. */
const GRIDS_PER_DELAY = 32;

/** `nowMs` counts from anywhere, but evenly. */
export function alignedDelayMs(delayMs: number, nowMs: number): number {
  if (delayMs < ALIGNED_FROM_MS) return delayMs;
  const gridMs = Math.floor(delayMs / GRIDS_PER_DELAY);
  return Math.ceil((nowMs + delayMs) / gridMs) * gridMs - nowMs;
}
