/** How far a resync is, for status and for the rate statistics. Source: setup.md 4.1, behaviour.md 7.2 (8 marks, 3 s). */
const MARK_COUNT = 8;
const MARK_INTERVAL_MS = 3000;

export class SyncProgress {
  failedBits = 0;
  sameChecksumBits = 0;
  wantKiBs = 0;
  pausedMs = 0;
  private readonly marks: { timeMs: number; leftBits: number }[];

  constructor(
    readonly totalBits: number,
    readonly startMs: number,
  ) {
    this.marks = [{ timeMs: startMs, leftBits: totalBits }];
  }

  advance(nowMs: number, leftBits: number): void {
    const newest = this.marks[this.marks.length - 1]!;
    if (nowMs - newest.timeMs < MARK_INTERVAL_MS) return;
    this.marks.push({ timeMs: nowMs, leftBits });
    if (this.marks.length > MARK_COUNT) this.marks.shift();
  }

  /** The oldest and the newest mark as "how long ago" and "how many bits since". */
  marksAt(nowMs: number, leftBits: number): readonly [{ ms: number; bits: number }, { ms: number; bits: number }] {
    const since = (mark: { timeMs: number; leftBits: number }) => ({
      ms: nowMs - mark.timeMs,
      bits: mark.leftBits - leftBits,
    });
    return [since(this.marks[0]!), since(this.marks[this.marks.length - 1]!)];
  }
}
