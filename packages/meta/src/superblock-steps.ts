/**
 * A superblock is 4 KiB, but a power cut may leave some of its sectors of 512 bytes written and others not: half of the
 * peers would have bitmaps of one data generation and half of another.
 *
 * - All of v07 and v08 is in the first sector, the magic of v09 too. Where the block becomes, or stops being, v09, the
 *   order of the first sector and the others makes the change one of one sector.
 * - From v09 to v09, two superblocks stand in between that trust no bitmap: the old one without trust, the new one
 *   without trust, the new one. Whatever mixture a power cut leaves of two that follow each other, the peers of it that
 *   may be wrong are to be synchronised as a whole.
 */
import {
  decodeSuperblock,
  encodeAnySuperblock,
  encodeSuperblock,
  isMetadataError,
  MD_BLOCK_BYTES,
  PeerMdFlag,
  withFlags,
  type AnySuperblock,
  type SuperblockV09,
} from '@tsdrbd/engine/metadata';

const SECTOR_BYTES = 512;

/** Each must be stable before the next is written. */
export interface BlockStep {
  /** Within the block. */
  readonly offsetBytes: number;
  readonly bytes: Uint8Array;
}

/** `present`: the block that is there, whatever it is. */
export function superblockSteps(present: Uint8Array, next: AnySuperblock): readonly BlockStep[] {
  const bytes = encodeAnySuperblock(next);
  if (changedSectorCount(present, bytes) <= 1) return [{ offsetBytes: 0, bytes }];
  if (next.kind !== 'v09') return headFirst(bytes);
  const old = decodeSuperblock(present);
  if (isMetadataError(old)) return tailFirst(bytes);
  return [encodeSuperblock(withoutSlots(old)), encodeSuperblock(withoutSlots(next)), bytes].map((step): BlockStep => ({
    offsetBytes: 0,
    bytes: step,
  }));
}

/** What was there is gone after the first step. */
export function wipingSteps(): readonly BlockStep[] {
  return headFirst(new Uint8Array(MD_BLOCK_BYTES));
}

const head = (bytes: Uint8Array): BlockStep => ({ offsetBytes: 0, bytes: bytes.subarray(0, SECTOR_BYTES) });
const tail = (bytes: Uint8Array): BlockStep => ({ offsetBytes: SECTOR_BYTES, bytes: bytes.subarray(SECTOR_BYTES) });
const headFirst = (bytes: Uint8Array): readonly BlockStep[] => [head(bytes), tail(bytes)];
const tailFirst = (bytes: Uint8Array): readonly BlockStep[] => [tail(bytes), head(bytes)];

/** Slots too: one of the other superblock may be beyond the number of slots, or be given twice. */
function withoutSlots(superblock: SuperblockV09): SuperblockV09 {
  return {
    ...superblock,
    peers: superblock.peers.map((peer) => ({
      ...peer,
      bitmapIndex: -1,
      flags: withFlags(peer.flags, PeerMdFlag.fullSync),
    })),
  };
}

function changedSectorCount(before: Uint8Array, after: Uint8Array): number {
  let count = 0;
  for (let at = 0; at < MD_BLOCK_BYTES; at += SECTOR_BYTES) {
    const sector = Buffer.from(after.buffer, after.byteOffset + at, SECTOR_BYTES);
    if (!sector.equals(before.subarray(at, at + SECTOR_BYTES))) count++;
  }
  return count;
}
