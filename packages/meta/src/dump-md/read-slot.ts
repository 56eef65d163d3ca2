import {
  BITMAP_BLOCK_WORDS,
  extractSlotWords,
  MD_BLOCK_BYTES,
  slotWordsOfBlock,
  type MetadataLayout,
} from '@tsdrbd/engine/metadata';
import type { MetaArea } from '../meta-area';

/** Bytes of interleaved bitmap the original holds at a time; a run of words in its dump ends there. */
export function readWindowBytes(slotCount: number): number {
  const unit = MD_BLOCK_BYTES * slotCount;
  return Math.floor((32 * 1024 * 1024) / unit) * unit;
}

/** The words of one slot in the first `sizeBytes` of the bitmap, a multiple of 4096. */
export function readSlotWords(
  area: MetaArea,
  layout: MetadataLayout,
  options: { readonly slot: number; readonly slotCount: number; readonly sizeBytes: number },
): Uint32Array {
  const { slot, slotCount, sizeBytes } = options;
  const totalWords = (sizeBytes / MD_BLOCK_BYTES) * BITMAP_BLOCK_WORDS;
  const words = new Uint32Array(Math.ceil((totalWords - slot) / slotCount));
  const windowBytes = readWindowBytes(slotCount);
  for (let at = 0; at < sizeBytes; at += windowBytes) {
    const length = Math.min(windowBytes, sizeBytes - at);
    const bytes = area.read('fprintf_bm', layout.bitmapOffsetBytes + at, length);
    for (let offset = 0; offset < length; offset += MD_BLOCK_BYTES) {
      const blockNumber = (at + offset) / MD_BLOCK_BYTES;
      const { firstWord } = slotWordsOfBlock(blockNumber, slot, slotCount);
      extractSlotWords(
        bytes.subarray(offset, offset + MD_BLOCK_BYTES),
        { blockNumber, slot, slotCount },
        words,
        firstWord,
      );
    }
  }
  return words;
}

/** Word numbers, counted within a slot, at which the read windows end. */
export function windowEnds(slotCount: number, sizeBytes: number): readonly number[] {
  const wordsPerWindow = readWindowBytes(slotCount) / 4 / slotCount;
  return Array.from({ length: Math.ceil(sizeBytes / readWindowBytes(slotCount)) }, (_, i) => (i + 1) * wordsPerWindow);
}
