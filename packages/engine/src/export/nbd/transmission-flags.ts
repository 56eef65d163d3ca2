import type { ExportedVolume, OpenMode } from '../exported-volume';
import { TRANSMISSION_FLAG as FLAG } from './numbers';

/**
 * Multi-conn is always safe: a flush is answered by the volume for all writes of all clients.
 * DF needs structured replies; the block size constraints tell clients to keep to 512 bytes.
 */
export function transmissionFlags(volume: ExportedVolume, mode: OpenMode, replies: 'simple' | 'structured'): number {
  let flags = FLAG.hasFlags | FLAG.sendFlush | FLAG.sendFua | FLAG.canMultiConn;
  if (mode === 'read-only') flags |= FLAG.readOnly;
  else flags |= FLAG.sendWriteZeroes | (volume.discardSupported ? FLAG.sendTrim : 0);
  if (replies === 'structured') flags |= FLAG.sendDf;
  return flags;
}

/** `preferred` is a page; the largest payload is what qemu and libnbd keep to as well. */
export const PREFERRED_BLOCK_BYTES = 4096;
export const PAYLOAD_MAX_BYTES = 32 * 1024 * 1024;
