/** What a disk says of itself, and whether that is less than the truth. */
import {
  bitmapSizeBytes,
  decodeAnySuperblock,
  diskBitOf,
  findProblem,
  hasFlags,
  isMetadataError,
  layoutOfSuperblock,
  MD_BLOCK_BYTES,
  MdFlag,
  PeerMdFlag,
  superblockOffset,
  type AnySuperblock,
  type MetadataFormat,
  type Placement,
  type SuperblockV09,
} from '@tsdrbd/engine/metadata';
import type { SparseImage } from '../stories/sparse-image';

export interface Place {
  readonly format: MetadataFormat;
  readonly placement: Placement;
}

/** What one peer's copy is known to lack. */
export interface PeerStory {
  readonly node: number;
  readonly bitmapUuid: bigint;
  /** It will be synchronised as a whole. */
  readonly fullSync: boolean;
  readonly hasSlot: boolean;
  readonly marked: ReadonlySet<number>;
}

export interface DiskStory {
  readonly currentUuid: bigint;
  /** The disk calls its data complete. */
  readonly consistent: boolean;
  readonly peers: readonly PeerStory[];
}

const UUID_JUST_CREATED = 4n;

/** A text: it cannot be attached. */
export function storyOf(image: SparseImage, { format, placement }: Place): DiskStory | string {
  const offset = superblockOffset(placement, image.sizeBytes);
  const superblock = decodeAnySuperblock(format, image.read(offset, MD_BLOCK_BYTES));
  if (isMetadataError(superblock)) return superblock.message;
  const problem = findProblem(superblock, { placement, deviceSizeBytes: image.sizeBytes });
  if (problem !== null) return problem.message;
  if (superblock.kind === 'v09') {
    const refusal = slotProblem(superblock);
    if (refusal !== null) return refusal;
  }
  if (superblock.kind === 'v07') throw new Error('v07 has no generation UUIDs');
  const layout = layoutOfSuperblock(superblock, { placement, superblockOffsetBytes: offset });
  const bitCount = Math.ceil(superblock.effectiveSizeSectors / 8);
  const usedBytes = bitmapSizeBytes({ ...layout, dataSectors: superblock.effectiveSizeSectors });
  const bitmap = image.read(layout.bitmapOffsetBytes, Math.min(usedBytes, layout.bitmapSizeBytes));
  return {
    currentUuid: superblock.currentUuid,
    consistent: hasFlags(superblock.flags, MdFlag.consistent),
    peers: recordsOf(superblock).map(({ node, bitmapUuid, fullSync, slot }) => ({
      node,
      bitmapUuid,
      fullSync,
      hasSlot: slot >= 0,
      marked: slot < 0 ? new Set<number>() : markedBits(bitmap, bitCount, { slot, slotCount: superblock.bmMaxPeers }),
    })),
  };
}

function recordsOf(superblock: Exclude<AnySuperblock, { kind: 'v07' }>) {
  if (superblock.kind === 'v08') {
    const fullSync = hasFlags(superblock.flags, MdFlag.fullSync);
    return [{ node: 1, bitmapUuid: superblock.bitmapUuid, fullSync, slot: 0 }];
  }
  return superblock.peers.map((peer, node) => {
    const fullSync = hasFlags(peer.flags, PeerMdFlag.fullSync);
    return { node, bitmapUuid: peer.bitmapUuid, fullSync, slot: peer.bitmapIndex };
  });
}

/** What an attach refuses besides (metadata.md 11.2), and what nobody notices (T27). */
function slotProblem({ peers, nodeId, bmMaxPeers }: SuperblockV09): string | null {
  const slots = peers.map(({ bitmapIndex }) => bitmapIndex).filter((index) => index !== -1);
  if (slots.some((slot) => slot < 0 || slot >= bmMaxPeers)) return 'a bitmap index exceeds the allocated slots';
  if (new Set(slots).size < slots.length) return 'two peers have one bitmap slot';
  return nodeId >= 0 && peers[nodeId]?.bitmapIndex !== -1 ? 'the own node has a bitmap slot' : null;
}

function markedBits(
  bitmap: Uint8Array,
  bitCount: number,
  { slot, slotCount }: { readonly slot: number; readonly slotCount: number },
): ReadonlySet<number> {
  const marked = new Set<number>();
  for (let bit = 0; bit < bitCount; bit++) {
    const diskBit = diskBitOf(slot, bit, slotCount);
    if (((bitmap[diskBit >>> 3] ?? 0) >>> (diskBit & 7)) & 1) marked.add(bit);
  }
  return marked;
}

/**
 * null: nothing that was known to be out of date is called clean. `truths` are the stories before and after the command:
 * who names the data generations of one of them must know of all that it knows.
 */
export function findSilence(found: DiskStory, truths: readonly DiskStory[]): string | null {
  // The data counts for nothing, so that nothing depends on the bitmap.
  if (!found.consistent || found.currentUuid === UUID_JUST_CREATED) return null;
  for (const peer of found.peers) {
    if (peer.fullSync) continue;
    const same = truths.flatMap((truth) =>
      truth.currentUuid === found.currentUuid
        ? truth.peers.filter((one) => one.node === peer.node && one.bitmapUuid === peer.bitmapUuid)
        : [],
    );
    if (same.length === 0) return `peer ${peer.node}: a mixture of data generations`;
    const isComplete = same.some((truth) => !truth.fullSync && [...truth.marked].every((bit) => peer.marked.has(bit)));
    if (!isComplete) return `peer ${peer.node}: blocks that differ are called clean`;
  }
  return null;
}
