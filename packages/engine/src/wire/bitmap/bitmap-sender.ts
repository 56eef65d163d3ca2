import type { Packet } from '../packets/packet';
import { bitAt, bitmapWords, clearExcess, runEnd } from './bit-runs';
import type { BitmapWords } from './bit-runs';
import { VliWriter } from './vli';

export interface BitmapSenderOptions {
  readonly volume: number;
  /** Read as packets are made: bits set meanwhile behind the position still go out. */
  readonly bitmap: Uint8Array | Uint32Array;
  readonly bitCount: number;
  /** `bitmapChunkBytes(version)`. */
  readonly chunkBytes: number;
  /** use-rle, and protocol 90 or later. */
  readonly rle: 'rle' | 'plain';
}

/** The low four bits of a compressed packet's first byte: RLE with VLI bits. */
export const CODE_RLE_VLI = 2;
export const WORD_BITS = 64;
const WORD_BYTES = 8;

/**
 * Makes the packets of one bitmap transfer, from bit 0 on. Source: wire.md 7.2.
 *
 * Each chunk is compressed where that pays, else sent plain from the beginning of its word. The transfer ends
 * with the last compressed packet, or with an empty P_BITMAP after a plain one.
 */
export class BitmapSender {
  private readonly words: BitmapWords;
  private readonly wordCount: number;
  private position = 0;
  private ending: 'by-empty-packet' | 'by-position' | 'ended' = 'by-empty-packet';

  constructor(private readonly options: BitmapSenderOptions) {
    this.words = bitmapWords(options.bitmap);
    this.wordCount = Math.ceil(options.bitCount / WORD_BITS);
    if (this.words.length * 32 < options.bitCount) {
      throw new Error(`${options.bitCount} bits in a bitmap of ${this.words.length * 32}`);
    }
  }

  /** Bits told so far: for progress. */
  get sentBits(): number {
    return this.position;
  }

  /** The next packet; `null` when the transfer is complete. */
  next(): Packet | null {
    const { bitCount, volume } = this.options;
    if (this.ending === 'ended') return null;
    if (this.position >= bitCount) {
      const closing = this.ending === 'by-empty-packet' ? ({ kind: 'Bitmap', volume, bytes: NO_BYTES } as const) : null;
      this.ending = 'ended';
      return closing;
    }
    return (this.options.rle === 'rle' ? this.compressed() : null) ?? this.plain();
  }

  /** `null` when the chunk would be longer than its bits. */
  private compressed(): Packet | null {
    const { bitCount, chunkBytes, volume } = this.options;
    const bytes = new Uint8Array(chunkBytes);
    const codes = new VliWriter(bytes.subarray(1));
    const first = bitAt(this.words, this.position);
    let value = first;
    let position = this.position;
    while (position < bitCount) {
      const end = runEnd(this.words, position, { bitCount, value });
      if (!codes.write(end - position)) break;
      position = end;
      value = value === 1 ? 0 : 1;
    }
    if (position - this.position < codes.lengthBytes * 8) return null;
    this.position = position;
    this.ending = 'by-position';
    bytes[0] = CODE_RLE_VLI | (codes.padBits << 4) | (first << 7);
    return { kind: 'CompressedBitmap', volume, bytes: bytes.subarray(0, 1 + codes.lengthBytes) };
  }

  private plain(): Packet {
    const { bitCount, chunkBytes, volume } = this.options;
    const word = Math.floor(this.position / WORD_BITS);
    const count = Math.min(Math.floor(chunkBytes / WORD_BYTES), this.wordCount - word);
    const part = new Uint32Array(count * 2);
    part.set(this.words.subarray(word * 2, (word + count) * 2));
    this.position = Math.min((word + count) * WORD_BITS, bitCount);
    this.ending = 'by-empty-packet';
    clearExcess(part, this.position - word * WORD_BITS);
    return { kind: 'Bitmap', volume, bytes: new Uint8Array(part.buffer) };
  }
}

const NO_BYTES = new Uint8Array(0);
