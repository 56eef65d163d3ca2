/** What a sparse file has besides holes. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { systemCalls } from '@tsdrbd/engine/storage';

/** lseek(2). */
const SEEK_DATA = 3;
const SEEK_HOLE = 4;
const CHUNK_BYTES = 1024 * 1024;

export interface FilePart {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** The ranges that are not holes, ascending. */
export function dataRanges(path: string): readonly FilePart[] {
  const fd = openSync(path, 'r');
  try {
    const sizeBytes = fstatSync(fd).size;
    const ranges: FilePart[] = [];
    for (let at = 0; at < sizeBytes;) {
      const start = systemCalls().lseek(fd, at, SEEK_DATA);
      // ENXIO: nothing but a hole is left.
      if (start < 0) break;
      at = systemCalls().lseek(fd, start, SEEK_HOLE);
      ranges.push({ offsetBytes: start, lengthBytes: at - start });
    }
    return ranges;
  } finally {
    closeSync(fd);
  }
}

/** The 4 KiB blocks that are not holes, ascending; the last of the file may be shorter. */
export function* dataBlocks(path: string): Generator<{ readonly offsetBytes: number; readonly bytes: Buffer }> {
  const BLOCK_BYTES = 4096;
  const ranges = dataRanges(path);
  const fd = openSync(path, 'r');
  try {
    const sizeBytes = fstatSync(fd).size;
    let done = 0;
    for (const { offsetBytes, lengthBytes } of ranges) {
      const end = Math.min(sizeBytes, Math.ceil((offsetBytes + lengthBytes) / BLOCK_BYTES) * BLOCK_BYTES);
      let at = Math.max(done, Math.floor(offsetBytes / BLOCK_BYTES) * BLOCK_BYTES);
      while (at < end) {
        const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, end - at));
        if (readSync(fd, chunk, 0, chunk.length, at) !== chunk.length) throw new Error(`short read of ${path}`);
        for (let i = 0; i < chunk.length; i += BLOCK_BYTES) {
          yield { offsetBytes: at + i, bytes: chunk.subarray(i, i + BLOCK_BYTES) };
        }
        at += chunk.length;
      }
      done = Math.max(done, end);
    }
  } finally {
    closeSync(fd);
  }
}
