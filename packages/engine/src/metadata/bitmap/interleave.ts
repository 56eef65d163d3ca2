/**
 * The bitmap on disk: 32-bit little-endian words, the words of the P slots interleaved.
 *
 *     word 0 of slot 0 | word 0 of slot 1 | ... | word 0 of slot P-1 | word 1 of slot 0 | ...
 *
 * Bit n of slot p is bit n mod 32 of word n/32 of that slot; set means that the block differs from the slot's
 * peer. Bits beyond the end of the device are unspecified: ignored when read, zero when written.
 * Source: metadata.md 3.
 *
 * Everything here works on one 4 KiB block of the area at a time, so that nobody has to hold the whole bitmap.
 */
import { MD_BLOCK_BYTES } from '../constants';

export const BITMAP_WORD_BITS = 32;
export const BITMAP_BLOCK_WORDS = MD_BLOCK_BYTES / 4;

/** Bit number within the interleaved area. */
export function diskBitOf(slot: number, bit: number, slotCount: number): number {
  const bitInWord = bit % BITMAP_WORD_BITS;
  return (bit - bitInWord) * slotCount + slot * BITMAP_WORD_BITS + bitInWord;
}

/** The words of one slot inside one 4 KiB block of the area. */
export interface SlotWords {
  /** Number of the first word, counted within the slot. */
  readonly firstWord: number;
  readonly wordCount: number;
  /** Its index within the block, in words; the next ones follow at a distance of `slotCount`. */
  readonly blockIndex: number;
}

export function slotWordsOfBlock(blockNumber: number, slot: number, slotCount: number): SlotWords {
  const firstDiskWord = blockNumber * BITMAP_BLOCK_WORDS;
  const blockIndex = (((slot - firstDiskWord) % slotCount) + slotCount) % slotCount;
  const wordCount = blockIndex >= BITMAP_BLOCK_WORDS ? 0 : Math.ceil((BITMAP_BLOCK_WORDS - blockIndex) / slotCount);
  return { firstWord: Math.floor((firstDiskWord + blockIndex) / slotCount), wordCount, blockIndex };
}

/** The blocks of the area that hold the words `firstWord .. firstWord + wordCount - 1` of one slot. */
export function blocksOfSlotWords(
  firstWord: number,
  wordCount: number,
  slot: number,
  slotCount: number,
): { readonly firstBlock: number; readonly blockCount: number } {
  const firstBlock = Math.floor((firstWord * slotCount + slot) / BITMAP_BLOCK_WORDS);
  if (wordCount === 0) return { firstBlock, blockCount: 0 };
  const lastBlock = Math.floor(((firstWord + wordCount - 1) * slotCount + slot) / BITMAP_BLOCK_WORDS);
  return { firstBlock, blockCount: lastBlock - firstBlock + 1 };
}

/** The blocks of the area that hold the bits `firstBit .. firstBit + bitCount - 1` of every slot. */
export function blocksOfBits(
  firstBit: number,
  bitCount: number,
  slotCount: number,
): { readonly firstBlock: number; readonly blockCount: number } {
  const firstWord = Math.floor(firstBit / BITMAP_WORD_BITS);
  const firstBlock = Math.floor((firstWord * slotCount) / BITMAP_BLOCK_WORDS);
  if (bitCount === 0) return { firstBlock, blockCount: 0 };
  const lastWord = Math.floor((firstBit + bitCount - 1) / BITMAP_WORD_BITS);
  const lastBlock = Math.floor((lastWord * slotCount + slotCount - 1) / BITMAP_BLOCK_WORDS);
  return { firstBlock, blockCount: lastBlock - firstBlock + 1 };
}

/** Disk to memory: the words of one slot go to `into`, starting at `intoIndex`. Returns how many. */
export function extractSlotWords(
  block: Uint8Array,
  at: { readonly blockNumber: number; readonly slot: number; readonly slotCount: number },
  into: Uint32Array,
  intoIndex: number,
): number {
  const { wordCount, blockIndex } = slotWordsOfBlock(at.blockNumber, at.slot, at.slotCount);
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const step = at.slotCount * 4;
  let offset = blockIndex * 4;
  const count = Math.min(wordCount, Math.max(0, into.length - intoIndex));
  for (let i = 0; i < count; i++, offset += step) into[intoIndex + i] = view.getUint32(offset, true);
  return count;
}

/** Memory to disk: words of one slot from `from` go into the block. Words that `from` does not have become zero. */
export function insertSlotWords(
  block: Uint8Array,
  at: { readonly blockNumber: number; readonly slot: number; readonly slotCount: number },
  from: Uint32Array,
  fromIndex: number,
): void {
  const { wordCount, blockIndex } = slotWordsOfBlock(at.blockNumber, at.slot, at.slotCount);
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const step = at.slotCount * 4;
  let offset = blockIndex * 4;
  for (let i = 0; i < wordCount; i++, offset += step) view.setUint32(offset, from[fromIndex + i] ?? 0, true);
}

/**
 * A whole 4 KiB block from whole in-memory bitmaps, one per slot (null: a slot without bits). Each array starts
 * at word 0 of its slot.
 */
export function encodeBitmapBlock(blockNumber: number, slots: readonly (Uint32Array | null)[]): Uint8Array {
  const block = new Uint8Array(MD_BLOCK_BYTES);
  slots.forEach((words, slot) => {
    if (words === null) return;
    const at = { blockNumber, slot, slotCount: slots.length };
    insertSlotWords(block, at, words, slotWordsOfBlock(blockNumber, slot, slots.length).firstWord);
  });
  return block;
}

/** The reverse: takes one block from disk into whole in-memory bitmaps. */
export function decodeBitmapBlock(
  block: Uint8Array,
  blockNumber: number,
  slots: readonly (Uint32Array | null)[],
): void {
  slots.forEach((words, slot) => {
    if (words === null) return;
    const at = { blockNumber, slot, slotCount: slots.length };
    extractSlotWords(block, at, words, slotWordsOfBlock(blockNumber, slot, slots.length).firstWord);
  });
}

/** Sets the bits `firstBit .. endBit - 1` of every slot in one block; returns how many were clear before. */
export function setBitsInBlock(
  block: Uint8Array,
  at: { readonly blockNumber: number; readonly slotCount: number },
  firstBit: number,
  endBit: number,
): number {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  let newlySet = 0;
  for (let slot = 0; slot < at.slotCount; slot++) {
    const { firstWord, wordCount, blockIndex } = slotWordsOfBlock(at.blockNumber, slot, at.slotCount);
    const from = Math.max(firstWord, Math.floor(firstBit / BITMAP_WORD_BITS));
    const end = Math.min(firstWord + wordCount, Math.ceil(endBit / BITMAP_WORD_BITS));
    for (let word = from; word < end; word++) {
      const offset = (blockIndex + (word - firstWord) * at.slotCount) * 4;
      const mask = maskOf(firstBit - word * BITMAP_WORD_BITS, endBit - word * BITMAP_WORD_BITS);
      const old = view.getUint32(offset, true);
      newlySet += popcount32(mask & ~old);
      view.setUint32(offset, (old | mask) >>> 0, true);
    }
  }
  return newlySet;
}

/** Bits from..end-1 of a word, clipped to the word. */
function maskOf(from: number, end: number): number {
  const low = Math.max(0, from);
  const high = Math.min(BITMAP_WORD_BITS, end);
  if (low >= high) return 0;
  const width = high - low;
  return width === BITMAP_WORD_BITS ? 0xffffffff : (((1 << width) - 1) << low) >>> 0;
}

export function popcount32(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
