/**
 * Does a decoded superblock make sense where it was found? The checks and texts of drbdmeta, in its order; the
 * first failure decides. Source: metadata.md 1.7 (as of drbd-utils 9.34).
 */
import { BITMAP_SLOTS_MAX, MD_BLOCK_SECTORS, NODE_ID_COUNT } from '../constants';
import { metadataLayout, type Placement } from '../layout';
import { metadataError, type MetadataError } from '../metadata-error';
import type { AnySuperblock } from './superblock';

/** `deviceSizeBytes`: of the device that carries the metadata. */
export function findProblem(
  superblock: AnySuperblock,
  at: { readonly placement: Placement; readonly deviceSizeBytes: number },
): MetadataError | null {
  return rangeProblem(superblock) ?? placeProblem(superblock, at);
}

function rangeProblem(superblock: AnySuperblock): MetadataError | null {
  const format = superblock.kind;
  if (superblock.kind !== 'v09') return null;
  const { bmMaxPeers, nodeId } = superblock;
  if (bmMaxPeers < 1) return outOfRange(`${format} max-peers value ${bmMaxPeers} out of bounds`);
  if (nodeId < -1 || nodeId >= NODE_ID_COUNT) {
    return outOfRange(`${format} device node-id value ${nodeId} out of bounds`);
  }
  // Only as many records as there are slots are looked at (metadata.md T26).
  const bad = superblock.peers
    .slice(0, clampPeers(bmMaxPeers))
    .findIndex(({ bitmapIndex }) => bitmapIndex < -1 || bitmapIndex >= NODE_ID_COUNT);
  const index = superblock.peers[bad]?.bitmapIndex;
  return index === undefined ? null : outOfRange(`${format} peer device ${bad} node-id value ${index} out of bounds`);
}

function placeProblem(
  superblock: AnySuperblock,
  at: { readonly placement: Placement; readonly deviceSizeBytes: number },
): MetadataError | null {
  const format = superblock.kind;
  const { alOffsetSectors, bmOffsetSectors, mdSizeSectors } = superblock;
  const alSectors = superblock.alStripes * superblock.alStripeSize4k * MD_BLOCK_SECTORS;
  if (at.placement !== 'internal') {
    if (alOffsetSectors !== MD_BLOCK_SECTORS) {
      return misplaced(
        `${format} Magic number (al_offset) not found\n\texpected: ${MD_BLOCK_SECTORS}, found ${alOffsetSectors}`,
      );
    }
    const expected = MD_BLOCK_SECTORS + alSectors;
    return bmOffsetSectors === expected
      ? null
      : misplaced(`${format} bm_offset: expected ${expected}, found ${bmOffsetSectors}`);
  }
  // "0 - x": a product of zero must not become -0 in the text.
  if (alOffsetSectors !== 0 - alSectors) {
    return misplaced(`${format} al_offset: expected ${0 - alSectors}, found ${alOffsetSectors}`);
  }
  const expected = metadataLayout({
    deviceSizeBytes: at.deviceSizeBytes,
    placement: 'internal',
    maxPeers: clampPeers(superblock.bmMaxPeers),
    alStripes: superblock.alStripes,
    alStripeSizeKiB: superblock.alStripeSize4k * 4,
    bytesPerBit: superblock.bmBytesPerBit,
  });
  if (bmOffsetSectors !== expected.bmOffsetSectors) {
    return misplaced(`strange bm_offset ${bmOffsetSectors} (expected: ${expected.bmOffsetSectors})`);
  }
  if (format !== 'v07' && mdSizeSectors !== expected.mdSizeSectors) {
    return misplaced(`strange md_size_sect ${mdSizeSectors} (expected: ${expected.mdSizeSectors})`);
  }
  return null;
}

/** More than 31 slots count as 31, as far as the checks go. */
function clampPeers(maxPeers: number): number {
  return Math.min(maxPeers, BITMAP_SLOTS_MAX);
}

const outOfRange = (message: string): MetadataError => metadataError('out-of-range', message);
const misplaced = (message: string): MetadataError => metadataError('not-for-this-place', message);
