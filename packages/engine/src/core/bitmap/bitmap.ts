/**
 * The quick-sync bitmap towards one peer, in memory: a set bit is a 4 KiB block that differs from the peer's.
 *
 * Bit n is bit n mod 32 of word n/32. Invariants: bits at and beyond `bitCount` are zero; `weight` is the number of
 * set bits; every page of 32768 bits that changed since it was last taken is in `dirtyPages`.
 */
export const PAGE_BITS = 32768;
const PAGE_WORDS = PAGE_BITS / 32;

export class Bitmap {
  words: Uint32Array;
  weight = 0;
  readonly dirtyPages = new Set<number>();

  constructor(public bitCount: number) {
    this.words = new Uint32Array(wordsFor(bitCount));
  }

  get pageCount(): number {
    return Math.ceil(this.words.length / PAGE_WORDS);
  }

  /** Sets [from, to); returns how many of them were clear. */
  set(from: number, to: number): number {
    return this.apply(from, Math.min(to, this.bitCount), true);
  }

  /** Clears [from, to); returns how many of them were set. */
  clear(from: number, to: number): number {
    return this.apply(from, Math.min(to, this.bitCount), false);
  }

  setAll(): void {
    this.set(0, this.bitCount);
  }

  clearAll(): void {
    this.clear(0, this.bitCount);
  }

  isSet(bit: number): boolean {
    return ((this.words[bit >>> 5] ?? 0) & (1 << (bit & 31))) !== 0;
  }

  isAnySet(from: number, to: number): boolean {
    if (this.weight === 0) return false;
    const next = this.findSet(from);
    return next !== -1 && next < to;
  }

  /** The first set bit at or after `from`, -1 if there is none. */
  findSet(from: number): number {
    return this.find(from, 0);
  }

  /** The first clear bit at or after `from`, -1 if there is none before `bitCount`. */
  findClear(from: number): number {
    return this.find(from, 0xffffffff);
  }

  /** ORs `count` words into place, as a peer's bitmap is merged; returns how many bits were clear before. */
  mergeWord(index: number, value: number): number {
    const before = this.words[index] ?? 0;
    const after = (before | (value & validMask(this.bitCount, index))) >>> 0;
    if (after === before) return 0;
    this.words[index] = after;
    const gained = popcount(after ^ before);
    this.weight += gained;
    this.dirtyPages.add(Math.floor(index / PAGE_WORDS));
    return gained;
  }

  /** Takes over what was read from disk: nothing becomes dirty. `wordStart` onwards, up to the end. */
  load(wordStart: number, source: ArrayLike<number>): void {
    for (let i = 0; i < source.length && wordStart + i < this.words.length; i++) {
      const index = wordStart + i;
      if (source[i] === 0 && this.words[index] === 0) continue;
      const value = ((source[i] ?? 0) & validMask(this.bitCount, index)) >>> 0;
      this.weight += popcount(value) - popcount(this.words[index] ?? 0);
      this.words[index] = value;
    }
  }

  /** Changes the device size; new bits are clear, whatever lies on disk in their place. */
  resize(bitCount: number): void {
    const words = new Uint32Array(wordsFor(bitCount));
    if (bitCount < this.bitCount) this.clear(bitCount, this.bitCount);
    words.set(this.words.subarray(0, words.length));
    for (let bit = this.bitCount; bit < bitCount; bit = (Math.floor(bit / PAGE_BITS) + 1) * PAGE_BITS) {
      this.dirtyPages.add(Math.floor(bit / PAGE_BITS));
    }
    this.words = words;
    this.bitCount = bitCount;
  }

  private find(from: number, skip: number): number {
    const words = this.words;
    let index = from >>> 5;
    if (from >= this.bitCount) return -1;
    let word = ((words[index] ?? 0) ^ skip) & (0xffffffff << (from & 31));
    while (word === 0) {
      index++;
      if (index >= words.length) return -1;
      word = (words[index] ?? 0) ^ skip;
    }
    const bit = index * 32 + 31 - Math.clz32(word & -word);
    return bit < this.bitCount ? bit : -1;
  }

  private apply(from: number, to: number, value: boolean): number {
    if (to <= from) return 0;
    const words = this.words;
    let changed = 0;
    const firstWord = from >>> 5;
    const lastWord = (to - 1) >>> 5;
    let dirtyPage = -1;
    for (let index = firstWord; index <= lastWord; index++) {
      let mask = 0xffffffff;
      if (index === firstWord) mask &= 0xffffffff << (from & 31);
      if (index === lastWord) mask &= 0xffffffff >>> (31 - ((to - 1) & 31));
      const before = words[index] ?? 0;
      const after = (value ? before | mask : before & ~mask) >>> 0;
      if (after === before) continue;
      words[index] = after;
      changed += popcount(before ^ after);
      const page = Math.floor(index / PAGE_WORDS);
      if (page !== dirtyPage) this.dirtyPages.add((dirtyPage = page));
    }
    this.weight += value ? changed : -changed;
    return changed;
  }
}

const wordsFor = (bitCount: number): number => Math.ceil(bitCount / 64) * 2;

/** Words come in pairs, so the last one may lie wholly beyond the end. */
function validMask(bitCount: number, wordIndex: number): number {
  const valid = bitCount - wordIndex * 32;
  return valid >= 32 ? 0xffffffff : valid <= 0 ? 0 : 0xffffffff >>> (32 - valid);
}

export function popcount(n: number): number {
  let v = n - ((n >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return (((v + (v >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}
