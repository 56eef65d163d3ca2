/** A device in memory that keeps only the 4 KiB blocks that are not zero. */
import type { MetaDevice } from '../../src/device/meta-device';
import { digestOfBlocks, type ImageBlock, type Mask } from './image-digest';

const BLOCK_BYTES = 4096;

export class SparseImage {
  private readonly blocks = new Map<number, Buffer>();

  constructor(public sizeBytes: number) {}

  /** `kind` decides how the program treats it. */
  asDevice(path: string, kind: 'block' | 'file'): MetaDevice {
    return {
      path,
      kind,
      sizeBytes: this.sizeBytes,
      read: (offset, length) => this.read(offset, length),
      write: (offset, bytes) => this.write(offset, bytes),
      writeZeroes: (offset, length) => this.writeZeroes(offset, length),
      flush: () => undefined,
      close: () => undefined,
    };
  }

  read(offset: number, length: number): Buffer {
    this.check(offset, length);
    const bytes = Buffer.alloc(length);
    this.eachPart(offset, length, (block, from, at, count) => {
      this.blocks.get(block)?.copy(bytes, at, from, from + count);
    });
    return bytes;
  }

  write(offset: number, bytes: Uint8Array): void {
    this.check(offset, bytes.length);
    this.eachPart(offset, bytes.length, (block, from, at, count) => {
      const part = bytes.subarray(at, at + count);
      const stored = this.blocks.get(block);
      if (stored !== undefined) stored.set(part, from);
      else if (part.some((byte) => byte !== 0)) {
        const fresh = Buffer.alloc(BLOCK_BYTES);
        fresh.set(part, from);
        this.blocks.set(block, fresh);
      }
    });
  }

  writeZeroes(offset: number, length: number): void {
    this.check(offset, length);
    for (const [block, bytes] of this.blocks) {
      const start = block * BLOCK_BYTES;
      const from = Math.max(offset, start) - start;
      const end = Math.min(offset + length, start + BLOCK_BYTES) - start;
      if (from < end) bytes.fill(0, from, end);
    }
  }

  clone(): SparseImage {
    const copy = new SparseImage(this.sizeBytes);
    for (const [block, bytes] of this.blocks) copy.blocks.set(block, Buffer.from(bytes));
    return copy;
  }

  resize(sizeBytes: number): void {
    for (const [block, bytes] of this.blocks) {
      const start = block * BLOCK_BYTES;
      if (start >= sizeBytes) this.blocks.delete(block);
      else if (start + BLOCK_BYTES > sizeBytes) bytes.fill(0, sizeBytes - start);
    }
    this.sizeBytes = sizeBytes;
  }

  digest(masks: readonly Mask[]): string {
    const { blocks } = this;
    const sorted = [...blocks.keys()].sort((a, b) => a - b);
    function* nonHoles(): Generator<ImageBlock> {
      for (const block of sorted)
        yield { offsetBytes: block * BLOCK_BYTES, bytes: Buffer.from(blocks.get(block) ?? []) };
    }
    return digestOfBlocks(nonHoles(), { sizeBytes: this.sizeBytes, masks });
  }

  private check(offset: number, length: number): void {
    if (offset < 0 || offset + length > this.sizeBytes) {
      throw new Error(`${length} bytes at ${offset} of ${this.sizeBytes}`);
    }
  }

  private eachPart(
    offset: number,
    length: number,
    visit: (block: number, from: number, at: number, count: number) => void,
  ): void {
    for (let at = 0; at < length;) {
      const position = offset + at;
      const from = position % BLOCK_BYTES;
      const count = Math.min(BLOCK_BYTES - from, length - at);
      visit(Math.floor(position / BLOCK_BYTES), from, at, count);
      at += count;
    }
  }
}
