/**
 * Runs of equal bits in a bitmap in memory: bit n is bit n % 8 of byte n / 8, as on the wire (wire.md 7.1).
 * Looked at 32 bits at a time, so that a terabyte's bitmap (32 MiB, mostly runs) takes milliseconds.
 */
export type BitmapWords = Uint32Array;

const hostIsLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** The bytes as 32-bit words, shared where the host allows it: little-endian and aligned. */
export function bitmapWords(bitmap: Uint8Array | Uint32Array): BitmapWords {
  if (!hostIsLittleEndian) throw new Error('bitmaps in memory need a little-endian host');
  if (bitmap instanceof Uint32Array) return bitmap;
  if (bitmap.byteOffset % 4 !== 0 || bitmap.byteLength % 8 !== 0) {
    throw new Error(`a bitmap of ${bitmap.byteLength} bytes at byte ${bitmap.byteOffset} is not made of 64-bit words`);
  }
  return new Uint32Array(bitmap.buffer, bitmap.byteOffset, bitmap.byteLength / 4);
}

export const bitAt = (words: BitmapWords, bit: number): 0 | 1 => (((words[bit >>> 5] ?? 0) >>> (bit & 31)) & 1 ? 1 : 0);

/** The first bit from `from` on that is not `value`, or `bitCount`. */
export function runEnd(
  words: BitmapWords,
  from: number,
  { bitCount, value }: { bitCount: number; value: 0 | 1 },
): number {
  const flip = value === 1 ? 0xffff_ffff : 0;
  let index = Math.floor(from / 32);
  const wordCount = Math.ceil(bitCount / 32);
  if (index >= wordCount) return bitCount;
  // Bits that differ from `value` are ones from here on; those before `from` are masked away.
  let differing = (((words[index] ?? 0) ^ flip) >>> (from & 31)) << (from & 31);
  while (differing === 0) {
    index++;
    if (index >= wordCount) return bitCount;
    differing = (words[index] ?? 0) ^ flip;
  }
  const lowest = 31 - Math.clz32(differing & -differing);
  return Math.min(index * 32 + lowest, bitCount);
}

/** Clears the bits from `bitCount` on: those beyond the device's end are sent as 0 and ignored (wire.md 7.1). */
export function clearExcess(words: BitmapWords, bitCount: number): void {
  const partial = Math.floor(bitCount / 32);
  if (partial >= words.length) return;
  words[partial] = (words[partial] ?? 0) & (2 ** (bitCount % 32) - 1);
  words.fill(0, partial + 1);
}
