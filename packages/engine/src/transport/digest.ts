import { createHash, createHmac } from 'node:crypto';
import { crc32c } from '@node-rs/crc32';

/**
 * Hashes by the names that drbd.conf uses (data-integrity-alg, csums-alg, verify-alg, cram-hmac-alg), which are
 * the kernel's. Source: wire.md 4 and 6.3.
 */
const HASH_BYTES: ReadonlyMap<string, number> = new Map([
  ['md5', 16],
  ['sha1', 20],
  ['sha224', 28],
  ['sha256', 32],
  ['sha384', 48],
  ['sha512', 64],
]);
const CRC32C_BYTES = 4;

/** `null` for an algorithm that cannot be instantiated here: StandAlone with a message is the answer to that. */
export function digestSizeBytes(algorithm: string): number | null {
  return algorithm === 'crc32c' ? CRC32C_BYTES : (HASH_BYTES.get(algorithm) ?? null);
}

/** Hash over the pieces one after the other. */
export function digest(algorithm: string, pieces: readonly Uint8Array[]): Uint8Array {
  if (algorithm === 'crc32c') return digestCrc32c(pieces);
  if (!HASH_BYTES.has(algorithm)) throw new Error(`hash ${algorithm} is not available`);
  const hash = createHash(algorithm);
  for (const piece of pieces) hash.update(piece);
  return hash.digest();
}

/** Digest size of an HMAC; crc32c is no hash for that. */
export const hmacSizeBytes = (algorithm: string): number | null => HASH_BYTES.get(algorithm) ?? null;

export function hmac(algorithm: string, secret: string, message: Uint8Array): Uint8Array {
  if (!HASH_BYTES.has(algorithm)) throw new Error(`HMAC over ${algorithm} is not available`);
  return createHmac(algorithm, secret).update(message).digest();
}

/** The standard CRC-32C, little-endian, as the kernel's `crc32c` gives it. */
function digestCrc32c(pieces: readonly Uint8Array[]): Uint8Array {
  let crc = 0;
  for (const piece of pieces) crc = crc32c(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength), crc);
  const bytes = Buffer.alloc(CRC32C_BYTES);
  bytes.writeUInt32LE(crc >>> 0);
  return bytes;
}
