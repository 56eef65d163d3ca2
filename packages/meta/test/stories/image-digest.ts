/** What a recorded image is compared by: holes and zeroes do not count. */
import { createHash } from 'node:crypto';

/** 4 KiB, less at the end of the image. */
export interface ImageBlock {
  /** A multiple of 4096. */
  readonly offsetBytes: number;
  readonly bytes: Buffer;
}

const ZEROES = Buffer.alloc(4096);

/** A range that counts as zero: random values. */
export type Mask = readonly [offsetBytes: number, lengthBytes: number];

/**
 * sha256 over each block that is not zero, ascending: its offset as 8 bytes big-endian, then its bytes. The blocks are
 * changed on the way.
 */
export function digestOfBlocks(
  blocks: Iterable<ImageBlock>,
  { sizeBytes, masks }: { readonly sizeBytes: number; readonly masks: readonly Mask[] },
): string {
  const hash = createHash('sha256');
  for (const { offsetBytes: start, bytes: whole } of blocks) {
    const bytes = whole.subarray(0, sizeBytes - start);
    for (const [offset, length] of masks) {
      const from = Math.max(0, offset - start);
      const end = Math.min(bytes.length, offset + length - start);
      if (from < end) bytes.fill(0, from, end);
    }
    if (bytes.equals(ZEROES.subarray(0, bytes.length))) continue;
    const head = Buffer.alloc(8);
    head.writeBigUInt64BE(BigInt(start));
    hash.update(head).update(bytes);
  }
  return hash.digest('hex');
}
