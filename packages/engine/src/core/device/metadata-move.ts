/**
 * Activity log, bitmaps and superblock go to another place: the device grew, or the log gets another size.
 *
 * Invariant: at every moment a crash leaves metadata that attach understands. Where the new place does not touch the
 * old one the superblock comes last: before it the old metadata is whole, with it the new one is. Else it comes first
 * and says "all out of sync, the activity log means nothing" until the rest is there.
 *
 * Source: metadata.md 11.1 (resize / metadata move), behaviour.md 11.4.
 */
import {
  MD_BLOCK_BYTES,
  MdFlag,
  PeerMdFlag,
  hasFlags,
  initialActivityLog,
  withFlags,
  withoutFlags,
  type MetadataLayout,
  type SuperblockV09,
} from '../../metadata';

export interface MetadataMoveIo {
  readonly from: MetadataLayout;
  /** Stable when done. */
  writeMeta(offsetBytes: number, pieces: readonly Uint8Array[], done: (ok: boolean) => void): void;
  /** In memory: the bitmaps get their new length. Returns all blocks of the bitmap area that they use. */
  resizeBitmaps(): readonly Uint8Array[];
  /** The superblock at its new place, stable when done. */
  writeSuperblock(content: 'final' | 'needs-full-sync', done: (ok: boolean) => void): void;
}

/** Bitmap blocks in one write. */
const BLOCKS_PER_WRITE = 256;

export function moveMetadata(to: MetadataLayout, io: MetadataMoveIo, done: (ok: boolean) => void): void {
  const orFail =
    (next: () => void) =>
    (ok: boolean): void =>
      ok ? next() : done(false);
  const writeLogAndBitmap = (next: () => void): void => {
    const blocks = io.resizeBitmaps();
    const writeFrom = (block: number): void => {
      if (block >= blocks.length) return next();
      const pieces = blocks.slice(block, block + BLOCKS_PER_WRITE);
      const offset = to.bitmapOffsetBytes + block * MD_BLOCK_BYTES;
      io.writeMeta(
        offset,
        pieces,
        orFail(() => writeFrom(block + pieces.length)),
      );
    };
    io.writeMeta(
      to.alOffsetBytes,
      [initialActivityLog(to)],
      orFail(() => writeFrom(0)),
    );
  };
  if (!overlap(io.from, to)) {
    writeLogAndBitmap(() => io.writeSuperblock('final', done));
    return;
  }
  io.writeSuperblock(
    'needs-full-sync',
    orFail(() => writeLogAndBitmap(() => io.writeSuperblock('final', done))),
  );
}

/**
 * What attach makes a full sync of. The log may hold anything, so a Primary is marked as crashed at once, as apply-al
 * would from the log.
 */
export function needingFullSync(superblock: SuperblockV09): SuperblockV09 {
  let flags = withFlags(superblock.flags, MdFlag.alDisabled);
  if (hasFlags(flags, MdFlag.primaryInd)) {
    flags = withFlags(withoutFlags(flags, MdFlag.primaryInd), MdFlag.crashedPrimary);
  }
  return {
    ...superblock,
    flags,
    peers: superblock.peers.map((peer) => ({ ...peer, flags: withFlags(peer.flags, PeerMdFlag.fullSync) })),
  };
}

export const isSamePlace = (a: MetadataLayout, b: MetadataLayout): boolean =>
  a.superblockOffsetBytes === b.superblockOffsetBytes &&
  a.alOffsetBytes === b.alOffsetBytes &&
  a.bitmapOffsetBytes === b.bitmapOffsetBytes &&
  a.alStripes === b.alStripes &&
  a.alStripeSize4k === b.alStripeSize4k;

function overlap(a: MetadataLayout, b: MetadataLayout): boolean {
  const [aStart, aEnd] = extentOf(a);
  const [bStart, bEnd] = extentOf(b);
  return aStart < bEnd && bStart < aEnd;
}

function extentOf(layout: MetadataLayout): readonly [number, number] {
  const { superblockOffsetBytes: sb, alOffsetBytes: al, bitmapOffsetBytes: bitmap } = layout;
  return [
    Math.min(sb, al, bitmap),
    Math.max(sb + MD_BLOCK_BYTES, al + layout.alSizeBytes, bitmap + layout.bitmapSizeBytes),
  ];
}
