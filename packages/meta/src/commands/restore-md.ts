/**
 * Source: metadata.md 8.7. Unlike the original, everything is parsed before anything is written, so that a broken
 * dump leaves the device as it was.
 */
import {
  BITMAP_BLOCK_WORDS,
  bitmapSizeBytes,
  BITMAP_SLOTS_MAX,
  blocksOfSlotWords,
  createSuperblockV07,
  createSuperblockV08,
  createSuperblockV09,
  insertSlotWords,
  MD_BLOCK_BYTES,
  metadataLayout,
  slotWordsOfBlock,
  type AnySuperblock,
  type MetadataLayout,
} from '@tsdrbd/engine/metadata';
import type { MetaContext } from '../context';
import { checkForData } from '../data-check';
import { writeInterim } from '../interim-superblock';
import type { MetaArea } from '../meta-area';
import { EXIT, MetaExit } from '../meta-exit';
import { readDump } from '../restore-md/dump-input';
import { DumpParser, type BitmapRun, type DumpGeometry, type DumpIdentity } from '../restore-md/parser';
import { withArea, type Command } from './command';

export const restoreMd: Command = async (context) => {
  const text = await readDump(context);
  return withArea(context, async (area) => {
    const { format } = context.invocation;
    const parser = new DumpParser(text);
    const existing = area.find();
    if (existing.kind !== 'none' && (await context.ask('Valid meta-data in place, overwrite?')) === 'no') {
      return EXIT.failed;
    }
    const { maxPeers } = parser.head(format);
    context.err('reinitializing');
    // Where there is no metadata the original says so of -1 peers.
    const existingPeers = existing.kind === 'none' ? -1 : existing.superblock.bmMaxPeers;
    if (area.isExternal && existingPeers < maxPeers) {
      context.out('Meta data needs more space now, since max_peers');
      context.out(`is bigger than in existing meta_data. (${existingPeers} -> ${maxPeers})`);
    }
    await checkForData(context, area, layoutFor(context, area, maxPeers, null));
    const identity = parser.identity(format);
    const geometry = parser.geometry(format);
    const { alStripes, alStripeSizeKiB } = context.invocation.settings;
    if (alStripes !== null || alStripeSizeKiB !== null) {
      context.err('override activity log striping from commandline');
    }
    const layout = layoutFor(context, area, maxPeers, geometry);
    area.allowLayout(layout);
    const effectiveSizeSectors = area.clipSize(geometry.effectiveSizeSectors, layout.usableDataSectors);
    const slots = parser.bitmaps(format, maxPeers);
    if (maxPeers < 1 || maxPeers > BITMAP_SLOTS_MAX) {
      throw new MetaExit(EXIT.badValue, `max-peers ${maxPeers} not in allowed range 1 .. ${BITMAP_SLOTS_MAX}.`);
    }

    const superblock = { ...superblockOf(identity, geometry, layout), effectiveSizeSectors };
    if (!area.makesSense(superblock, 'loud')) {
      context.err('Writing failed');
      return EXIT.failed;
    }
    // In the place of what is there, and in front of what a resize left behind.
    if (existing.kind !== 'none') writeInterim(area, superblock);
    writeBitmap(context, area, layout, { slots, effectiveSizeSectors });
    area.flush();
    area.writeSuperblock(superblock);
    context.out('Successfully restored meta data');
    return EXIT.ok;
  });
};

/** Striping: the command line's, else the dump's, else the default. */
function layoutFor(
  context: MetaContext,
  area: MetaArea,
  maxPeers: number,
  geometry: DumpGeometry | null,
): MetadataLayout {
  const { alStripes, alStripeSizeKiB } = context.invocation.settings;
  const fromCommandLine = alStripes !== null || alStripeSizeKiB !== null;
  return metadataLayout({
    deviceSizeBytes: area.device.sizeBytes,
    placement: area.placement,
    maxPeers,
    alStripes: fromCommandLine ? (alStripes ?? 1) : (geometry?.alStripes ?? 1),
    alStripeSizeKiB: fromCommandLine ? (alStripeSizeKiB ?? 32) : (geometry?.alStripeSize4k ?? 8) * 4,
    bytesPerBit: geometry?.bytesPerBit ?? 4096,
  });
}

function superblockOf(identity: DumpIdentity, geometry: DumpGeometry, layout: MetadataLayout): AnySuperblock {
  const { deviceUuid, laPeerMaxBioSize } = geometry;
  switch (identity.kind) {
    case 'v07': {
      const [flags = 0, humanCount = 0, timeoutCount = 0, connectedCount = 0, arbitraryCount = 0] = identity.counters;
      return { ...createSuperblockV07(layout), flags, humanCount, timeoutCount, connectedCount, arbitraryCount };
    }
    case 'v08': {
      const [currentUuid = 0n, bitmapUuid = 0n, ...historyUuids] = identity.uuids;
      return {
        ...createSuperblockV08(layout, { deviceUuid, laPeerMaxBioSize }),
        currentUuid,
        bitmapUuid,
        historyUuids,
        flags: identity.flags,
      };
    }
    case 'v09':
      return {
        ...createSuperblockV09(layout, { deviceUuid, laPeerMaxBioSize }),
        nodeId: identity.nodeId,
        currentUuid: identity.currentUuid,
        flags: identity.flags,
        members: identity.members,
        peers: identity.peers,
        historyUuids: identity.historyUuids,
      };
  }
}

/** Only what the agreed size needs is taken; what lies behind the dump's last word is not touched. */
function writeBitmap(
  context: MetaContext,
  area: MetaArea,
  layout: MetadataLayout,
  bitmap: { readonly slots: readonly (readonly BitmapRun[])[]; readonly effectiveSizeSectors: number },
): void {
  const slotCount = layout.maxPeers;
  const limitBytes = bitmapSizeBytes({
    dataSectors: bitmap.effectiveSizeSectors,
    maxPeers: slotCount,
    bytesPerBit: layout.bytesPerBit,
  });
  const wordsMax = Math.ceil(limitBytes / 4 / slotCount);
  const given = Math.max(0, ...bitmap.slots.map(wordCountOf));
  // A slot of odd length ends with a word that has no place in a dump.
  if (given > wordsMax + 1) {
    context.err(`in meta_restore_md: truncating byte count from ${given * 4 * slotCount} to ${limitBytes}`);
    context.err('Bitmap info too large, truncated!');
  }
  const wordCount = Math.min(given, wordsMax);
  if (wordCount === 0) return;
  const slots = bitmap.slots.map((runs) => new RunReader(runs, wordCount));
  const { blockCount } = blocksOfSlotWords(0, wordCount, slotCount - 1, slotCount);
  const progress = area.startProgress(blockCount * MD_BLOCK_BYTES);
  // Groups of blocks hold the same words of every slot: one group at a time is in memory.
  const groupBlocks = slotCount * GROUP_BLOCKS_PER_SLOT;
  for (let start = 0; start < blockCount; start += groupBlocks) {
    const groupWords = GROUP_BLOCKS_PER_SLOT * BITMAP_BLOCK_WORDS;
    const words = slots.map((runs) => runs.take(groupWords));
    const firstWord = (start / slotCount) * BITMAP_BLOCK_WORDS;
    const endBlock = Math.min(start + groupBlocks, blockCount);
    for (let blockNumber = start; blockNumber < endBlock; blockNumber++) {
      const offset = blockNumber * MD_BLOCK_BYTES;
      const length = Math.min(MD_BLOCK_BYTES, limitBytes - offset);
      if (length <= 0) break;
      const block = new Uint8Array(MD_BLOCK_BYTES);
      words.forEach((slotWords, slot) => {
        const place = { blockNumber, slot, slotCount };
        const from = slotWordsOfBlock(blockNumber, slot, slotCount).firstWord - firstWord;
        insertSlotWords(block, place, slotWords, from);
      });
      area.write('meta_restore_md', layout.bitmapOffsetBytes + offset, block.subarray(0, length));
      progress.advance(length);
    }
  }
  progress.end();
}

const GROUP_BLOCKS_PER_SLOT = 64;

const wordCountOf = (runs: readonly BitmapRun[]): number => runs.reduce((sum, { count }) => sum + 2 * count, 0);

/** The words that runs stand for, piece by piece; no more than `wordCount` of them. */
class RunReader {
  private run = 0;
  /** 64-bit values of the present run that were taken. */
  private taken = 0;

  constructor(
    private readonly runs: readonly BitmapRun[],
    private wordsLeft: number,
  ) {}

  /** An even number of words; zeroes behind the end. */
  take(wordCount: number): Uint32Array {
    const words = new Uint32Array(wordCount);
    const end = Math.min(wordCount, this.wordsLeft);
    for (let at = 0; at < end;) {
      const run = this.runs[this.run];
      if (run === undefined) break;
      const low = Number(run.value & 0xffffffffn);
      const high = Number(run.value >> 32n);
      for (; this.taken < run.count && at < end; this.taken++, at += 2) {
        words[at] = low;
        if (at + 1 < end) words[at + 1] = high;
      }
      if (this.taken < run.count) break;
      this.run++;
      this.taken = 0;
    }
    this.wordsLeft -= end;
    return words;
  }
}
