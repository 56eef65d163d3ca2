import { holderCount, letGoPiece } from '../payload';
import { CHUNK_BYTES, type ChunkPool } from './chunk-pool';

/** With less room than this left, the next read begins a new chunk. */
const READ_BYTES_MIN = 64 * 1024;

/** Where one socket's next read goes: on in its chunk while there is room, from the front where nobody kept anything. */
export class ReceiveBuffer {
  private chunk: Buffer | null = null;
  private used = 0;

  constructor(private readonly pool: ChunkPool) {}

  next(): Buffer {
    if (this.chunk !== null && holderCount(this.chunk.buffer) === 1) this.used = 0;
    if (this.chunk !== null && CHUNK_BYTES - this.used < READ_BYTES_MIN) this.release();
    if (this.chunk === null) {
      this.chunk = this.pool.take();
      this.used = 0;
    }
    return this.chunk.subarray(this.used);
  }

  /** The first `byteCount` bytes of what `next` gave were filled. Who keeps them holds them. */
  filled(byteCount: number): Buffer {
    if (this.chunk === null) throw new Error('a read that nobody began');
    const bytes = this.chunk.subarray(this.used, this.used + byteCount);
    this.used += byteCount;
    return bytes;
  }

  /** No read follows. */
  release(): void {
    if (this.chunk !== null) letGoPiece(this.chunk);
    this.chunk = null;
  }
}
