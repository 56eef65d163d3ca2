/** What `create-md` and `apply-al` do, on a simulated disk at once. Source: metadata.md 4.6, behaviour.md 6.1. */
import {
  MD_BLOCK_BYTES,
  MdFlag,
  blocksOfBits,
  createMetadata,
  decodeSuperblock,
  encodeSuperblock,
  initialActivityLog,
  isMetadataError,
  layoutOfSuperblock,
  replayActivityLog,
  setBitsInBlock,
  superblockOffset,
  withFlags,
  withoutFlags,
} from '../metadata';
import type { SimDisk } from './disk';

const BITS_PER_EXTENT = 1024;

export function createMd(disk: SimDisk): void {
  const { writes } = createMetadata({ deviceSizeBytes: disk.sizeBytes, placement: 'internal', maxPeers: 1 });
  for (const write of writes) {
    disk.poke(write.offsetBytes, write.kind === 'bytes' ? write.bytes : new Uint8Array(write.lengthBytes));
  }
}

/** Marks the extents that were hot when the node stopped, if it may have been Primary. */
export function applyAl(disk: SimDisk): void {
  const offset = superblockOffset('internal', disk.sizeBytes);
  const sb = decodeSuperblock(disk.peek(offset, MD_BLOCK_BYTES));
  if (isMetadataError(sb)) throw new Error(sb.message);
  if ((sb.flags & MdFlag.alClean) !== 0) return;
  const layout = layoutOfSuperblock(sb, { placement: 'internal', superblockOffsetBytes: offset });
  const replay = replayActivityLog(disk.peek(layout.alOffsetBytes, layout.alSizeBytes).slice(), {
    stripes: layout.alStripes,
    stripeSize4k: layout.alStripeSize4k,
  });
  let { flags } = sb;
  if ((flags & MdFlag.primaryInd) !== 0) {
    if (replay.kind === 'updates') {
      for (const extent of replay.hotExtents) {
        const first = extent * BITS_PER_EXTENT;
        const end = Math.min(first + BITS_PER_EXTENT, Math.ceil(sb.effectiveSizeSectors / 8));
        const blocks = blocksOfBits(first, end - first, sb.bmMaxPeers);
        for (let block = blocks.firstBlock; block < blocks.firstBlock + blocks.blockCount; block++) {
          const at = layout.bitmapOffsetBytes + block * MD_BLOCK_BYTES;
          const bytes = disk.peek(at, MD_BLOCK_BYTES).slice();
          setBitsInBlock(bytes, { blockNumber: block, slotCount: sb.bmMaxPeers }, first, end);
          disk.poke(at, bytes);
        }
      }
    } else if (replay.kind !== 'nothing-logged') throw new Error(`activity log: ${replay.kind}`);
    flags = withFlags(withoutFlags(flags, MdFlag.primaryInd), MdFlag.crashedPrimary);
  }
  disk.poke(layout.alOffsetBytes, initialActivityLog(layout));
  disk.poke(offset, encodeSuperblock({ ...sb, flags: withFlags(flags, MdFlag.alClean) }));
}
