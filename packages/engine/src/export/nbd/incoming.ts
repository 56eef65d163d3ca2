import { holdPiece, letGo, letGoPiece } from '../../payload';

/**
 * Bytes that arrived and were not consumed, as the chunks in which they came. Headers are read across chunk borders;
 * payload leaves as pieces of the chunks, neither joined nor copied. Chunks that are kept are held, and so are pieces, for
 * whoever took them.
 */
export interface Incoming {
  readonly byteCount: number;
  push(chunk: Buffer): void;
  /** The next `n` bytes as one buffer, valid for this turn; null when they are not all there. */
  take(n: number): Buffer | null;
  /** Appends up to `n` bytes to `pieces` and tells how many. */
  takePieces(n: number, pieces: Uint8Array[]): number;
  /** Drops up to `n` bytes and tells how many. */
  skip(n: number): number;
}

export function createIncoming(): Incoming {
  const chunks: Buffer[] = [];
  let head = 0;
  /** Consumed of the chunk at `head`. */
  let used = 0;
  let byteCount = 0;

  const consume = (n: number): void => {
    used += n;
    byteCount -= n;
    const chunk = chunks[head] as Buffer;
    if (used < chunk.length) return;
    letGoPiece(chunk);
    used = 0;
    head += 1;
    if (head === chunks.length) {
      chunks.length = 0;
      head = 0;
    }
  };

  const takePieces = (n: number, pieces: Uint8Array[]): number => {
    let taken = 0;
    while (taken < n && byteCount > 0) {
      const chunk = chunks[head] as Buffer;
      const size = Math.min(chunk.length - used, n - taken);
      const piece = used === 0 && size === chunk.length ? chunk : chunk.subarray(used, used + size);
      holdPiece(piece);
      pieces.push(piece);
      consume(size);
      taken += size;
    }
    return taken;
  };

  return {
    get byteCount() {
      return byteCount;
    },
    push(chunk) {
      if (chunk.length === 0) return;
      holdPiece(chunk);
      chunks.push(chunk);
      byteCount += chunk.length;
    },
    take(n) {
      if (byteCount < n) return null;
      const chunk = chunks[head];
      if (chunk !== undefined && chunk.length - used >= n) {
        const taken = chunk.subarray(used, used + n);
        consume(n);
        return taken;
      }
      const pieces: Uint8Array[] = [];
      takePieces(n, pieces);
      const joined = Buffer.concat(pieces, n);
      letGo(pieces);
      return joined;
    },
    takePieces,
    skip(n) {
      const dropped: Uint8Array[] = [];
      const count = takePieces(n, dropped);
      letGo(dropped);
      return count;
    },
  };
}
