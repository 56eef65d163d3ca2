/**
 * Bytes that arrived and were not consumed, as the chunks in which they came. Headers are read across chunk borders;
 * payload leaves as pieces of the chunks, neither joined nor copied.
 */
export interface Incoming {
  readonly byteCount: number;
  push(chunk: Buffer): void;
  /** The next `n` bytes as one buffer, valid until the next call; null when they are not all there. */
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
    if (used < (chunks[head] as Buffer).length) return;
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
      pieces.push(used === 0 && size === chunk.length ? chunk : chunk.subarray(used, used + size));
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
      return Buffer.concat(pieces, n);
    },
    takePieces,
    skip(n) {
      const dropped: Uint8Array[] = [];
      return takePieces(n, dropped);
    },
  };
}
