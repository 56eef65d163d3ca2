/**
 * The bitmap of one slot after the other, in the windows that the original reads: whatever the size of the device, no
 * more than one window is in memory.
 */
import {
  BITMAP_BLOCK_WORDS,
  extractSlotWords,
  MD_BLOCK_BYTES,
  slotWordsOfBlock,
  type MetadataLayout,
} from '@tsdrbd/engine/metadata';
import type { MetaArea } from '../meta-area';
import type { SlotWindow } from './bitmap-text';

/** Bytes of interleaved bitmap the original holds at a time; a run of words in its dump ends there. */
function windowBytesOf(slotCount: number): number {
  const unit = MD_BLOCK_BYTES * slotCount;
  return Math.floor((32 * 1024 * 1024) / unit) * unit;
}

/**
 * A window is looked at in pieces of this size before all of it is read: devices that were never filled go by fast. The
 * kernel reads small pieces of a block device one after the other: with 1 MiB it takes three times as long.
 */
const PIECE_BYTES = 8 * 1024 * 1024;

export class BitmapWindows {
  /** By window: the word that all of it consists of, null if there are several. Most of a large bitmap is of one. */
  private readonly uniformWords: (number | null)[] = [];

  /** `sizeBytes` of the bitmap are shown, a multiple of 4096. */
  constructor(
    private readonly area: MetaArea,
    private readonly layout: MetadataLayout,
    private readonly size: { readonly slotCount: number; readonly sizeBytes: number },
  ) {}

  *ofSlot(slot: number): Generator<SlotWindow> {
    const { slotCount, sizeBytes } = this.size;
    const windowBytes = windowBytesOf(slotCount);
    const wordCountAll = Math.ceil((sizeBytes / 4 - slot) / slotCount);
    for (let window = 0; window * windowBytes < sizeBytes; window++) {
      const at = window * windowBytes;
      const firstWord = at / 4 / slotCount;
      const wordCount = Math.min(windowBytes / 4 / slotCount, wordCountAll - firstWord);
      if (wordCount <= 0) return;
      const known = this.uniformWords[window];
      // What the original reads is shown when reading is traced.
      if (typeof known === 'number' && !this.area.isTraced) {
        yield { firstWord, wordCount, words: known };
        continue;
      }
      const bytes = this.readWindow(at, Math.min(windowBytes, sizeBytes - at));
      const isUniform = typeof bytes === 'number';
      this.uniformWords[window] = isUniform ? bytes : null;
      yield {
        firstWord,
        wordCount,
        words: isUniform ? bytes : this.wordsOf(bytes, { at, firstWord, slot, wordCount }),
      };
    }
  }

  /** A number: all words are this one; then no more than a piece was in memory. */
  private readWindow(at: number, lengthBytes: number): Uint8Array | number {
    const offset = this.layout.bitmapOffsetBytes + at;
    if (this.area.isTraced) {
      const bytes = this.area.read('fprintf_bm', offset, lengthBytes);
      return uniformWord(bytes) ?? bytes;
    }
    let first: number | null = null;
    for (let done = 0; done < lengthBytes; done += PIECE_BYTES) {
      const piece = this.area.read('fprintf_bm', offset + done, Math.min(PIECE_BYTES, lengthBytes - done));
      const word = uniformWord(piece);
      first ??= word;
      if (word === null || word !== first) return this.area.read('fprintf_bm', offset, lengthBytes);
    }
    return first ?? 0;
  }

  private wordsOf(
    bytes: Uint8Array,
    part: { readonly at: number; readonly firstWord: number; readonly slot: number; readonly wordCount: number },
  ): Uint32Array {
    const { slotCount } = this.size;
    const words = new Uint32Array(part.wordCount);
    for (let offset = 0; offset < bytes.length; offset += MD_BLOCK_BYTES) {
      const blockNumber = (part.at + offset) / MD_BLOCK_BYTES;
      const { firstWord } = slotWordsOfBlock(blockNumber, part.slot, slotCount);
      const place = { blockNumber, slot: part.slot, slotCount };
      const block = bytes.subarray(offset, offset + BITMAP_BLOCK_WORDS * 4);
      extractSlotWords(block, place, words, firstWord - part.firstWord);
    }
    return words;
  }
}

function uniformWord(bytes: Uint8Array): number | null {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isUniform = buffer.subarray(4).equals(buffer.subarray(0, buffer.length - 4));
  return isUniform ? buffer.readUInt32LE(0) : null;
}
