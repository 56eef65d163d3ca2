import { shareMemory, takeMemory } from '../payload';

/** What one read of a socket gets at most. */
export const CHUNK_BYTES = 256 * 1024;
/** Unused chunks that stay when nothing happens. */
const KEPT_CHUNK_COUNT = 4;
const TRIM_INTERVAL_MS = 2000;

/**
 * The chunks that all sockets of this process read into. An unused one is kept for the next read, which spares the
 * garbage collector a megabyte for each megabyte that is replicated; what a quiet time leaves over is given back by
 * halves.
 */
export class ChunkPool {
  private unused: Buffer[] = [];
  private trimTimer: NodeJS.Timeout | null = null;

  get unusedCount(): number {
    return this.unused.length;
  }

  take(): Buffer {
    const chunk = this.unused.pop();
    if (chunk !== undefined) {
      takeMemory(chunk.buffer);
      return chunk;
    }
    const fresh = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    shareMemory(fresh.buffer, () => this.back(fresh));
    return fresh;
  }

  private back(chunk: Buffer): void {
    this.unused.push(chunk);
    if (this.unused.length > KEPT_CHUNK_COUNT) this.scheduleTrim();
  }

  private scheduleTrim(): void {
    this.trimTimer ??= setTimeout(() => {
      this.trimTimer = null;
      const over = this.unused.length - KEPT_CHUNK_COUNT;
      if (over <= 0) return;
      this.unused.splice(0, Math.ceil(over / 2));
      this.scheduleTrim();
    }, TRIM_INTERVAL_MS).unref();
  }
}

export const chunkPool = new ChunkPool();
