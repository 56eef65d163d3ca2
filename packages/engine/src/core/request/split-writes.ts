/**
 * Requests in parts that every connected peer can take: old protocol versions know smaller requests, and no discards.
 * Source: wire.md 5.3 (max_bio_size), 3 (feature TRIM).
 */
import { Conn, Feature, maxBioSizeBytes, PROTOCOL_MIN } from '../../wire';
import type { Device } from '../device/device';
import type { WriteDone, WriteErrno, WriteKind } from './application-writes';

export interface WritePart {
  readonly kind: WriteKind;
  readonly sector: number;
  readonly pieces: readonly Uint8Array[];
  readonly sizeBytes: number;
}

/** What every version takes. */
export const SMALLEST_MAX_BIO_BYTES = maxBioSizeBytes(PROTOCOL_MIN);

/** Null: the request fits as it is. */
export function splitForPeers(device: Device, request: WritePart): readonly WritePart[] | null {
  let maxBytes = Infinity;
  let { kind } = request;
  for (const { conn, connection, peerMaxBioBytes } of device.peerDevices) {
    if (conn < Conn.WFReportParams) continue;
    if (request.kind !== 'write' && connection.hasFeature(Feature.TRIM)) continue;
    kind = 'write';
    maxBytes = Math.min(maxBytes, connection.maxBioBytes, peerMaxBioBytes);
  }
  if (kind === request.kind && request.sizeBytes <= maxBytes) return null;
  const parts: WritePart[] = [];
  let source = request.pieces;
  for (let at = 0; at < request.sizeBytes; at += maxBytes) {
    const sizeBytes = Math.min(maxBytes, request.sizeBytes - at);
    let pieces: readonly Uint8Array[];
    if (request.kind === 'write') [pieces, source] = cut(source, sizeBytes);
    else pieces = [new Uint8Array(sizeBytes)];
    parts.push({ kind, sector: request.sector + at / 512, pieces, sizeBytes });
  }
  return parts;
}

/** Done when all parts are; the first error is the request's. */
export function submitParts(
  parts: readonly WritePart[],
  done: WriteDone,
  submit: (part: WritePart, done: WriteDone) => void,
): void {
  let pending = parts.length;
  let failed: WriteErrno | null = null;
  for (const part of parts) {
    submit(part, (error) => {
      failed ??= error;
      if (--pending === 0) done(failed);
    });
  }
}

/** The first `sizeBytes` of the pieces, and the rest. */
function cut(
  pieces: readonly Uint8Array[],
  sizeBytes: number,
): readonly [readonly Uint8Array[], readonly Uint8Array[]] {
  const head: Uint8Array[] = [];
  let missing = sizeBytes;
  for (const [index, piece] of pieces.entries()) {
    if (piece.length > missing) {
      if (missing > 0) head.push(piece.subarray(0, missing));
      return [head, [piece.subarray(missing), ...pieces.slice(index + 1)]];
    }
    head.push(piece);
    missing -= piece.length;
  }
  return [head, []];
}
