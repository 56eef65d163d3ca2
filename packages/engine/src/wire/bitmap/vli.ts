/**
 * The variable-length integers of compressed bitmaps: run lengths from 1 on. Source: wire.md 7.3.
 *
 * A code is a prefix that names the level, then the offset in the level, both least significant bit first; codes
 * follow each other without gaps. Lengths here stay far below 2^53, so doubles do for the 56-bit payload.
 */
interface Level {
  readonly prefixBits: number;
  readonly prefix: number;
  readonly payloadBits: number;
  readonly from: number;
  readonly to: number;
}

const level = (prefixBits: number, prefix: number, payloadBits: number, from: number): Level => ({
  prefixBits,
  prefix,
  payloadBits,
  from,
  to: from + 2 ** payloadBits - 1,
});

export const VLI_LEVELS: readonly Level[] = [
  level(1, 0x00, 1, 1),
  level(2, 0x01, 1, 3),
  level(3, 0x03, 2, 5),
  level(4, 0x07, 3, 9),
  level(5, 0x0f, 5, 17),
  level(6, 0x1f, 8, 49),
  level(8, 0x3f, 13, 305),
  level(8, 0x7f, 21, 8497),
  level(8, 0xbf, 34, 2105649),
  level(8, 0xff, 56, 17181974833),
];

const LAST_LEVEL = level(8, 0xff, 56, 17181974833);

/** Which level the next 8 bits of the stream begin. */
const levelByPrefix: readonly Level[] = Array.from(
  { length: 256 },
  (_, bits) => VLI_LEVELS.find((l) => (bits & (2 ** l.prefixBits - 1)) === l.prefix) ?? LAST_LEVEL,
);

/** Appends codes to a buffer of fixed size. */
export class VliWriter {
  private bitPosition = 0;

  /** `bytes` has to be zeroed. */
  constructor(private readonly bytes: Uint8Array) {}

  get lengthBytes(): number {
    return Math.ceil(this.bitPosition / 8);
  }

  /** Unused high bits in the last byte. */
  get padBits(): number {
    return -this.bitPosition & 7;
  }

  /** `false`, and nothing written, when the code does not fit any more. */
  write(n: number): boolean {
    const found = VLI_LEVELS.find((l) => n <= l.to) ?? LAST_LEVEL;
    if (this.bitPosition + found.prefixBits + found.payloadBits > this.bytes.length * 8) return false;
    this.put(found.prefix, found.prefixBits);
    let payload = n - found.from;
    for (let left = found.payloadBits; left > 0; left -= 16) {
      this.put(payload % 0x10000, Math.min(left, 16));
      payload = Math.floor(payload / 0x10000);
    }
    return true;
  }

  private put(value: number, bitCount: number): void {
    const at = this.bitPosition >>> 3;
    const shifted = value << (this.bitPosition & 7);
    this.bitPosition += bitCount;
    const end = this.lengthBytes;
    for (let i = at, rest = shifted; i < end; i++, rest >>>= 8) this.bytes[i] = (this.bytes[i] ?? 0) | (rest & 0xff);
  }
}

/** Reads codes until the stream is used up exactly. */
export class VliReader {
  private bitPosition: number;
  private readonly bitEnd: number;

  /** The stream begins at byte `from`; `padBits` of the last byte do not belong to it. */
  constructor(
    private readonly bytes: Uint8Array,
    from: number,
    padBits: number,
  ) {
    this.bitPosition = from * 8;
    this.bitEnd = bytes.length * 8 - padBits;
  }

  get atEnd(): boolean {
    return this.bitPosition >= this.bitEnd;
  }

  /** The next run length, or 0 when the stream ends within a code. */
  read(): number {
    const found = levelByPrefix[this.peekByte(this.bitPosition)] ?? LAST_LEVEL;
    const payloadAt = this.bitPosition + found.prefixBits;
    this.bitPosition = payloadAt + found.payloadBits;
    if (this.bitPosition > this.bitEnd) return 0;
    let payload = 0;
    for (let done = 0; done < found.payloadBits; done += 8) {
      const left = found.payloadBits - done;
      const bits = this.peekByte(payloadAt + done);
      payload += (left >= 8 ? bits : bits & (2 ** left - 1)) * 2 ** done;
    }
    return found.from + payload;
  }

  private peekByte(bitPosition: number): number {
    const at = bitPosition >>> 3;
    const two = (this.bytes[at] ?? 0) | ((this.bytes[at + 1] ?? 0) << 8);
    return (two >>> (bitPosition & 7)) & 0xff;
  }
}
