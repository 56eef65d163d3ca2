/** How far a resync is, for status and for the rate statistics. Source: setup.md 4.1, behaviour.md 7.2 (8 marks, 3 s). */
const BIT_KIB = 4;
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

  /** Since the last mark but one: a short memory, and never an empty one. */
  sinceLastMarkButOne(nowMs: number, leftBits: number): { readonly ms: number; readonly bits: number } {
    const mark = this.marks[this.marks.length - 2] ?? this.marks[0]!;
    return { ms: nowMs - mark.timeMs, bits: mark.leftBits - leftBits };
  }

  /** As the module says it at the end, e.g. `(total 1 sec; paused 0 sec; 8152 K/sec)`. */
  pace(nowMs: number, doneBits = this.totalBits): string {
    const seconds = Math.max(1, Math.floor((nowMs - this.startMs - this.pausedMs) / 1000));
    const speed = Math.floor((doneBits * BIT_KIB) / seconds);
    return `(total ${seconds} sec; paused ${Math.floor(this.pausedMs / 1000)} sec; ${speed} K/sec)`;
  }

  /** Null where digests were not equal anywhere. Source: recorded kernel log of story 25. */
  checksumText(): string | null {
    const { sameChecksumBits: same, totalBits: total } = this;
    if (same === 0 || total === 0) return null;
    const percent = Math.floor((same * 100) / total);
    const [eliminated, transferred] = [same * BIT_KIB, (total - same) * BIT_KIB];
    return `${percent} % had equal checksums, eliminated: ${eliminated}K; transferred ${transferred}K total ${total * BIT_KIB}K`;
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
