/** preadv2 and pwritev2 on the event loop's own thread. */
import { IOVEC_BYTES, RWF_NOWAIT, systemCalls } from './system-calls';

const VECTOR_COUNT_MAX = 64;
const EAGAIN = 11;
const table = Buffer.alloc(VECTOR_COUNT_MAX * IOVEC_BYTES);
const words = new BigUint64Array(table.buffer, table.byteOffset, VECTOR_COUNT_MAX * 2);
const flagsOf = { threads: RWF_NOWAIT, inline: 0 } as const;

/** Bytes read, maybe fewer than asked for, or minus errno; with `threads` it never sleeps and says EAGAIN instead. */
export function readNow(fd: number, offsetBytes: number, into: Uint8Array, blocking: 'threads' | 'inline'): number {
  const calls = systemCalls();
  words[0] = calls.address(into);
  words[1] = BigInt(into.length);
  const result = calls.preadv2(fd, table, 1, offsetBytes, flagsOf[blocking]);
  if (blocking === 'threads' || result <= 0 || result === into.length) return result;
  const rest = readNow(fd, offsetBytes + result, into.subarray(result), blocking);
  return rest < 0 ? rest : result + rest;
}

/** Bytes written, or minus errno. */
export function writeNow(
  fd: number,
  offsetBytes: number,
  pieces: readonly Uint8Array[],
  lengthBytes: number,
  blocking: 'threads' | 'inline',
): number {
  const calls = systemCalls();
  if (blocking === 'threads') {
    if (pieces.length > VECTOR_COUNT_MAX) return -EAGAIN;
    return calls.pwritev2(fd, table, fillTable(pieces), offsetBytes, RWF_NOWAIT);
  }
  let written = 0;
  if (pieces.length <= VECTOR_COUNT_MAX) {
    const result = calls.pwritev2(fd, table, fillTable(pieces), offsetBytes, 0);
    if (result === lengthBytes || result < 0) return result;
    written = result;
  }
  // Too many pieces, or a short write (a file system that ran full half-way): piece by piece from where it ended.
  let pieceStart = 0;
  for (const piece of pieces) {
    while (written < pieceStart + piece.length) {
      const rest = piece.subarray(written - pieceStart);
      const result = calls.pwritev2(fd, table, fillTable([rest]), offsetBytes + written, 0);
      if (result <= 0) return result;
      written += result;
    }
    pieceStart += piece.length;
  }
  return lengthBytes;
}

function fillTable(pieces: readonly Uint8Array[]): number {
  const calls = systemCalls();
  let at = 0;
  for (const piece of pieces) {
    words[at++] = calls.address(piece);
    words[at++] = BigInt(piece.length);
  }
  return pieces.length;
}
