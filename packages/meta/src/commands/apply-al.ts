/**
 * What may have been written when this node crashed is marked out of sync, and the activity log starts afresh.
 * Source: metadata.md 10, 4.6.
 *
 * Order on disk: bitmap, activity log, superblock, each stable before the next. A crash in between leaves a log
 * that can be applied again.
 */
import {
  AL_MAGIC,
  BITMAP_WORD_BITS,
  bitmapSizeBytes,
  blocksOfBits,
  hasFlags,
  isPmemActivityLog,
  MD_BLOCK_BYTES,
  MdFlag,
  replayActivityLog,
  replayOldActivityLog,
  replayPmemActivityLog,
  setBitsInBlock,
  withFlags,
  type AnySuperblock,
} from '@tsdrbd/engine/metadata';
import { AL_EXTENT_BYTES } from '@tsdrbd/engine/units';
import { resetActivityLog } from '../activity-log-reset';
import type { MetaContext } from '../context';
import type { FoundMetadata, MetaArea } from '../meta-area';
import { EXIT } from '../meta-exit';
import { sizeText } from '../size-text';
import { withMetadata } from './command';

export const applyAl = withMetadata('loud', async (context, area, found) => {
  const { superblock, layout } = found;
  const log = area.read('printf_al', layout.alOffsetBytes, layout.alSizeBytes);
  const replay = replayLog(context, superblock, log);
  const wasPrimary = hasFlags(superblock.flags, MdFlag.primaryInd);

  let initialise = replay.kind === 'old-format-unused';
  if (replay.kind === 'unusable') {
    if (wasPrimary && superblock.kind !== 'v07') return replay.exitCode;
    context.err('Error ignored, no need to apply the AL');
    initialise = true;
  }
  if (replay.kind === 'active-set') {
    area.allowLayout(layout);
    if (wasPrimary) markOutOfSync(context, area, found, replay.extents);
    // Stable before the log that could restore it is gone.
    area.flush();
    initialise = true;
  }
  if (initialise && superblock.kind !== 'v07') {
    area.allowLayout(layout);
    const format = usesOldFormat(superblock, log) ? 'sectors' : 'blocks';
    resetActivityLog(area, layout, { bytes: log, format });
  }
  const applied = replay.kind === 'active-set' && wasPrimary;
  if (!needsSuperblock(superblock, applied)) return EXIT.ok;
  if (area.writeSuperblock(clean(superblock)) === 'written') return EXIT.ok;
  context.err('update failed');
  return EXIT.declined;
});

type Replay =
  | { readonly kind: 'active-set'; readonly extents: readonly number[] }
  | { readonly kind: 'nothing-logged' | 'old-format-unused' }
  | { readonly kind: 'unusable'; readonly exitCode: number };

function replayLog(context: MetaContext, superblock: AnySuperblock, log: Uint8Array): Replay {
  if (usesOldFormat(superblock, log)) return replayOld(context, superblock, log);
  if (isPmemActivityLog(log)) {
    return { kind: 'active-set', extents: [...replayPmemActivityLog(log, superblock.alNrExtents)] };
  }
  const replay = replayActivityLog(log, {
    stripes: superblock.alStripes,
    stripeSize4k: superblock.alStripeSize4k,
  });
  if (replay.kind !== 'no-data' && replay.corruptCount > 0) {
    context.err(`${replay.corruptCount} corrupt AL transactions found`);
  }
  switch (replay.kind) {
    case 'no-data':
      context.err('No usable activity log found. Do you need to create-md?');
      return { kind: 'unusable', exitCode: EXIT.activityLogNoData };
    case 'invalid':
      context.err('No valid AL update transaction found.');
      return { kind: 'unusable', exitCode: EXIT.activityLogInvalid };
    case 'nothing-logged':
      return { kind: 'nothing-logged' };
    case 'updates':
      for (const { in: where, transactionNumber, slot } of replay.problems) {
        const prefix = where === 'update' ? 'update slot' : 'slot';
        context.err(`${prefix} number out of range: tr:${transactionNumber} slot:${slot}`);
      }
      return { kind: 'active-set', extents: [...replay.hotExtents] };
  }
}

/** Before 8.4, unless the log itself or what only 8.4 can have written says otherwise. Source: metadata.md 4.6. */
function usesOldFormat(superblock: AnySuperblock, log: Uint8Array): boolean {
  if (superblock.kind === 'v07') return true;
  if (superblock.kind === 'v09' || superblock.state === 'in-use') return false;
  if (superblock.alStripes !== 1 || superblock.alStripeSize4k !== 8) return false;
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
  return view.getUint32(0) !== AL_MAGIC && view.getUint32(MD_BLOCK_BYTES) !== AL_MAGIC && !isPmemActivityLog(log);
}

function replayOld(context: MetaContext, superblock: AnySuperblock, log: Uint8Array): Replay {
  const replay = replayOldActivityLog(log, superblock.alNrExtents);
  if (replay.kind === 'no-data') {
    context.err('No usable activity log found.');
    return { kind: 'old-format-unused' };
  }
  if (replay.corruptCount > 0) {
    context.err(`${replay.corruptCount} corrupt or uninitialized AL transactions found`);
    context.err('You can safely ignore this if this node was cleanly stopped (no crash).');
  }
  return { kind: 'active-set', extents: [...replay.hotExtents] };
}

function markOutOfSync(
  context: MetaContext,
  area: MetaArea,
  { superblock, layout }: FoundMetadata,
  extents: readonly number[],
): void {
  if (extents.length === 0) return context.err('Nothing to do.');
  const { maxPeers: slotCount, bytesPerBit } = layout;
  const sizeBytes = bitmapSizeBytes({
    dataSectors: superblock.effectiveSizeSectors,
    maxPeers: slotCount,
    bytesPerBit,
  });
  const bitsPerExtent = AL_EXTENT_BYTES / bytesPerBit;
  // Whole words of every slot fit into the bitmap; what is behind its last bit on disk is left alone.
  const bitCount = Math.floor((sizeBytes * 8) / slotCount / BITMAP_WORD_BITS) * BITMAP_WORD_BITS;
  let newlySet = 0;
  for (const extent of extents) {
    const firstBit = extent * bitsPerExtent;
    const endBit = Math.min(firstBit + bitsPerExtent, bitCount);
    // Only when it starts behind the end: the last extent of a device often ends there (metadata.md T16).
    if (firstBit >= bitCount) {
      const endByte = Math.floor(((firstBit + bitsPerExtent) * slotCount) / 8);
      context.err(`extent ${extent} beyond end of bitmap! (${endByte} >= ${sizeBytes})`);
      continue;
    }
    const { firstBlock, blockCount } = blocksOfBits(firstBit, endBit - firstBit, slotCount);
    for (let blockNumber = firstBlock; blockNumber < firstBlock + blockCount; blockNumber++) {
      const offset = layout.bitmapOffsetBytes + blockNumber * MD_BLOCK_BYTES;
      const available = Math.min(MD_BLOCK_BYTES, layout.bitmapOffsetBytes + layout.bitmapSizeBytes - offset);
      if (available <= 0) break;
      // The last block of a metadata device of odd size is shorter.
      const block = new Uint8Array(MD_BLOCK_BYTES);
      block.set(area.read('apply_al:bitmap', offset, available));
      const count = setBitsInBlock(block, { blockNumber, slotCount }, firstBit, endBit);
      newlySet += count;
      if (count > 0) area.write('apply_al:bitmap', offset, block.subarray(0, available));
    }
  }
  const kiB = (newlySet * bytesPerBit) / 1024;
  context.err(`Marked additional ${sizeText(kiB)} as out-of-sync based on AL.`);
}

function needsSuperblock(superblock: AnySuperblock, applied: boolean): boolean {
  switch (superblock.kind) {
    case 'v07':
      return applied;
    case 'v08':
      return applied || !hasFlags(superblock.flags, MdFlag.alClean) || superblock.state === 'in-use';
    case 'v09':
      return true;
  }
}

/** What was Primary or crashed stays so: the engine wants to know (metadata.md 10 step 6). */
function clean(superblock: AnySuperblock): AnySuperblock {
  switch (superblock.kind) {
    case 'v07':
      return superblock;
    case 'v08':
      return { ...superblock, flags: withFlags(superblock.flags, MdFlag.alClean), state: 'clean' };
    case 'v09':
      return { ...superblock, flags: withFlags(superblock.flags, MdFlag.alClean) };
  }
}
