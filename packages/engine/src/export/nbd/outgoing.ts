/** Replies of one event-loop turn leave in one write to the socket. */
import type { Socket } from 'node:net';

export interface Outgoing {
  /** Space for a small message, sent in its place in the order; to be filled before the turn ends. */
  reserve(lengthBytes: number): Buffer;
  /** Sends the buffer as it is; nobody may change it any more. */
  send(buffer: Uint8Array): void;
  /** Accepted here and not yet taken by the kernel. */
  readonly unsentBytes: number;
}

/** Small messages share slabs of this size; one is given up to the garbage collector when it is full. */
const SLAB_BYTES = 16 * 1024;

export function createOutgoing(socket: Socket): Outgoing {
  let slab = Buffer.alloc(SLAB_BYTES);
  /** Reserved in the slab; from `slabSent` on it has not been handed to the socket. */
  let slabUsed = 0;
  let slabSent = 0;
  const queue: Uint8Array[] = [];
  let queuedBytes = 0;
  let scheduled = false;

  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    process.nextTick(flush);
  };

  /** What was reserved up to now goes in front of what comes next. */
  const closeSegment = (): void => {
    if (slabSent === slabUsed) return;
    queue.push(slab.subarray(slabSent, slabUsed));
    slabSent = slabUsed;
  };

  const flush = (): void => {
    scheduled = false;
    closeSegment();
    const chunks = queue.splice(0);
    queuedBytes = 0;
    if (socket.destroyed || !socket.writable) return;
    if (chunks.length === 1) {
      socket.write(chunks[0] as Uint8Array);
      return;
    }
    socket.cork();
    for (const chunk of chunks) socket.write(chunk);
    socket.uncork();
  };

  return {
    get unsentBytes() {
      return queuedBytes + socket.writableLength;
    },
    reserve(lengthBytes) {
      if (lengthBytes > SLAB_BYTES) throw new Error(`${lengthBytes} bytes are no small message`);
      if (slabUsed + lengthBytes > SLAB_BYTES) {
        closeSegment();
        slab = Buffer.alloc(SLAB_BYTES);
        slabUsed = 0;
        slabSent = 0;
      }
      const space = slab.subarray(slabUsed, slabUsed + lengthBytes);
      slabUsed += lengthBytes;
      queuedBytes += lengthBytes;
      schedule();
      return space;
    },
    send(buffer) {
      closeSegment();
      queue.push(buffer);
      queuedBytes += buffer.length;
      schedule();
    },
  };
}
