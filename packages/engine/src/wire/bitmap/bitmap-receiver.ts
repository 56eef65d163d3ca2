import type { Packet } from '../packets/packet';
import { protocolError } from '../protocol-error';
import type { ProtocolError } from '../protocol-error';
import { bitmapWords, clearExcess, runEnd } from './bit-runs';
import { CODE_RLE_VLI, WORD_BITS } from './bitmap-sender';
import { VliReader } from './vli';

/** Where received bits go; they are merged (OR) into what is there. */
export interface BitmapSink {
  /** Bits `from` up to, not including, `to`. */
  setBits(from: number, to: number): void;
  /**
   * Whole 64-bit words at once, as plain packets bring them, from word number `word` on; bits beyond the end of
   * the device are cleared in them already. Where it is missing, `setBits` gets their runs.
   */
  orWords?(word: number, words: Uint32Array): void;
}

export type BitmapPacket = Extract<Packet, { kind: 'Bitmap' | 'CompressedBitmap' }>;

const bad = (text: string): ProtocolError => protocolError('bad-bitmap', text);

/** Takes the packets of one bitmap transfer, from bit 0 on, and knows when it is complete. Source: wire.md 7.2. */
export class BitmapReceiver {
  private position = 0;
  private word = 0;
  private state: 'receiving' | 'complete' = 'receiving';
  private readonly wordCount: number;

  constructor(
    private readonly options: { readonly bitCount: number; readonly chunkBytes: number },
    private readonly sink: BitmapSink,
  ) {
    this.wordCount = Math.ceil(options.bitCount / WORD_BITS);
  }

  /** Bits received so far: for progress. */
  get receivedBits(): number {
    return this.position;
  }

  feed(packet: BitmapPacket): 'more' | 'complete' | ProtocolError {
    if (this.state === 'complete') return bad('a bitmap packet after the end of the transfer');
    return packet.kind === 'Bitmap' ? this.plain(packet.bytes) : this.compressed(packet.bytes);
  }

  private plain(bytes: Uint8Array): 'more' | 'complete' | ProtocolError {
    const words = Math.min(Math.floor(this.options.chunkBytes / 8), this.wordCount - this.word);
    if (bytes.length !== words * 8) {
      return bad(`${bytes.length} bytes of bitmap where ${words * 8} are expected (bit ${this.position})`);
    }
    if (words === 0) {
      this.state = 'complete';
      return 'complete';
    }
    const first = this.word;
    this.word += words;
    this.position = Math.min(this.word * WORD_BITS, this.options.bitCount);
    const received = bitmapWords(new Uint8Array(bytes)); // a copy: aligned, and ours to clear bits in
    clearExcess(received, this.position - first * WORD_BITS);
    if (this.sink.orWords !== undefined) this.sink.orWords(first, received);
    else this.setRuns(received, first * WORD_BITS);
    return 'more';
  }

  private setRuns(words: Uint32Array, start: number): void {
    const bitCount = this.position - start;
    for (let from = runEnd(words, 0, { bitCount, value: 0 }); from < bitCount;) {
      const to = runEnd(words, from, { bitCount, value: 1 });
      this.sink.setBits(start + from, start + to);
      from = runEnd(words, to, { bitCount, value: 0 });
    }
  }

  private compressed(bytes: Uint8Array): 'more' | 'complete' | ProtocolError {
    const code = bytes[0] ?? 0;
    if ((code & 0x0f) !== CODE_RLE_VLI) return bad(`bitmap code ${code & 0x0f}`);
    const runs = new VliReader(bytes, 1, (code >> 4) & 7);
    let set = code >= 0x80;
    while (!runs.atEnd) {
      const length = runs.read();
      if (length === 0) return bad('a compressed bitmap packet ends within a run length');
      const end = this.position + length;
      if (end > this.options.bitCount) return bad(`a run up to bit ${end} of ${this.options.bitCount}`);
      if (set) this.sink.setBits(this.position, end);
      this.position = end;
      set = !set;
    }
    this.word = Math.floor(this.position / WORD_BITS);
    if (this.position < this.options.bitCount) return 'more';
    this.state = 'complete';
    return 'complete';
  }
}

/** ORs into a bitmap in memory, and counts the bits that were not set before. */
export class MemoryBitmapSink implements BitmapSink {
  private readonly words: Uint32Array;
  /** Bits that became set. */
  addedBits = 0;

  constructor(bitmap: Uint8Array | Uint32Array) {
    this.words = bitmapWords(bitmap);
  }

  setBits(from: number, to: number): void {
    const last = Math.floor((to - 1) / 32);
    for (let index = Math.floor(from / 32); index <= last; index++) {
      const low = Math.max(from - index * 32, 0);
      const high = Math.min(to - index * 32, 32);
      const mask = ((high === 32 ? 0xffff_ffff : 2 ** high - 1) & ~(2 ** low - 1)) >>> 0;
      const before = this.words[index] ?? 0;
      this.addedBits += popcount(mask & ~before);
      this.words[index] = before | mask;
    }
  }

  orWords(word: number, words: Uint32Array): void {
    const at = word * 2;
    for (let i = 0; i < words.length; i++) {
      const before = this.words[at + i] ?? 0;
      const added = ((words[i] ?? 0) & ~before) >>> 0;
      if (added === 0) continue;
      this.addedBits += popcount(added);
      this.words[at + i] = before | added;
    }
  }
}

function popcount(word: number): number {
  let n = word - ((word >>> 1) & 0x5555_5555);
  n = (n & 0x3333_3333) + ((n >>> 2) & 0x3333_3333);
  return Math.imul((n + (n >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}
