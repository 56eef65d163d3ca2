/**
 * Recorded UUIDs beside ours: the values differ, so each recorded generation gets the one of ours that stood in the same
 * slot when it was first seen, and keeps it. Bit 0 ("was Primary") is no part of a generation, and compared by itself.
 */
const PRIMARY = 1n;
/** Nothing, and "just created": the same value for everybody. */
const FIXED: readonly bigint[] = [0n, 4n];
/** What a resync adds to the bitmap UUID for its own. */
const SYNC_OFFSET = 0x0001_0000_0000_0000n;
const MASK = (1n << 64n) - 1n;

export class UuidNames {
  private readonly oursOf = new Map<bigint, bigint>(FIXED.map((uuid) => [uuid, uuid]));
  private readonly recordedOf = new Map<bigint, bigint>(FIXED.map((uuid) => [uuid, uuid]));

  /** Of resyncs that had no bitmap UUID to start from. Theirs has any bit 0, ours a cleared one: it tells nothing. */
  private readonly random = new Set<bigint>();

  /** Null: fits. `slot`: 0 is the current UUID. */
  complaint(recorded: bigint, ours: bigint, slot: number): string | null {
    const [theirs, own] = [recorded & ~PRIMARY, ours & ~PRIMARY];
    const known = this.oursOf.get(theirs);
    if (known === undefined && !this.recordedOf.has(own)) {
      const related = this.offsetComplaint(theirs, own);
      if (related !== null) return related;
      if (slot > 0 && !this.oursOf.has((theirs - SYNC_OFFSET) & MASK)) this.random.add(theirs);
      this.oursOf.set(theirs, own);
      this.recordedOf.set(own, theirs);
    } else if (known !== own) return this.describe(own);
    if (((recorded ^ ours) & PRIMARY) !== 0n && !this.random.has(theirs)) return `bit 0 is ${ours & PRIMARY}`;
    return null;
  }

  /** A sync UUID is its bitmap UUID moved on by the offset: ours have to stand in the same relation. */
  private offsetComplaint(theirs: bigint, own: bigint): string | null {
    const base = this.oursOf.get((theirs - SYNC_OFFSET) & MASK);
    if (base === undefined || base === 0n) return null;
    return ((base + SYNC_OFFSET) & MASK) === own ? null : 'not the bitmap UUID + 2^48';
  }

  private describe(own: bigint): string {
    if (own === 0n) return 'is empty';
    return this.recordedOf.has(own) ? 'is another generation seen before' : 'is a generation not seen before';
  }
}
