/** Source: metadata.md 7.1 to 7.4. */
import {
  BITMAP_SLOTS_MAX,
  createSuperblockV07,
  createSuperblockV08,
  createSuperblockV09,
  initialActivityLog,
  metadataLayout,
  superblockOffset,
  type AnySuperblock,
  type MetadataLayout,
  type Placement,
} from '@tsdrbd/engine/metadata';
import { parseSize } from '../command-line/numbers';
import type { MetaContext } from '../context';
import { convertSuperblock } from '../convert-superblock';
import { checkForData } from '../data-check';
import { initializeBitmap } from '../initialize-bitmap';
import { applyInitialState } from '../initial-state';
import { writeInterim } from '../interim-superblock';
import type { FoundMetadata, MetaArea } from '../meta-area';
import { EXIT, MetaExit } from '../meta-exit';
import { moveMetadata } from '../move-metadata';
import { withArea, type Command } from './command';

export const createMd: Command = async (context) => {
  const maxPeers = parseMaxPeers(context);
  return withArea(context, async (area) => {
    const finding = area.find();
    if (finding.kind === 'at-last-known-place') {
      if (givesOtherStripes(context, finding.superblock)) {
        throw new MetaExit(
          EXIT.usage,
          'Cannot move after offline resize and change AL-striping at the same time, yet.',
        );
      }
      const { force } = context.invocation.settings;
      if (!force && (await context.ask('Move internal meta data from last-known position?\n')) === 'yes') {
        return moveMetadata(context, area, finding);
      }
    }
    const existing = area.isExternal ? existingExternal(area) : existingInternal(area);
    const decision = existing === null ? 'create' : await decide(context, area, existing);
    if (decision === 'cancel') {
      context.out('Operation cancelled.');
      return EXIT.declined;
    }
    const replaces = existing !== null || finding.kind !== 'none';
    await write(context, area, { maxPeers, existing, decision, replaces });
    return EXIT.ok;
  });
};

type Decision = 'create' | 'convert' | 'cancel';

function parseMaxPeers(context: MetaContext): number {
  if (context.invocation.format !== 'v09') return 1;
  const [word] = context.invocation.words;
  if (word === undefined) {
    throw new MetaExit(
      EXIT.usage,
      `USAGE: ${context.system.programName} MINOR v09 ... create-md MAX_PEERS\n\n  MAX_PEERS argument missing`,
    );
  }
  const maxPeers = parseSize(word, 1);
  if (maxPeers < 1 || maxPeers > BITMAP_SLOTS_MAX) {
    throw new MetaExit(EXIT.usage, 'MAX_PEERS argument not in allowed range 1 .. 31.');
  }
  return maxPeers;
}

const FORMATS = ['v07', 'v08', 'v09'] as const;

/** The fixed place of v07, then the flexible one; the highest format that makes sense is what is there. */
function existingInternal(area: MetaArea): FoundMetadata | null {
  const fixed = area.findAt('v07', 'fixed-internal', 'quiet');
  const flexible = FORMATS.map((format) => area.findAt(format, 'internal', 'quiet'));
  return [fixed, ...flexible].filter((found) => found !== null).at(-1) ?? null;
}

/** The format asked for first. */
function existingExternal(area: MetaArea): FoundMetadata | null {
  const order = [area.format, ...FORMATS.filter((format) => format !== area.format)];
  return order.map((format) => area.findAt(format, area.placement, 'quiet')).find((found) => found !== null) ?? null;
}

async function decide(context: MetaContext, area: MetaArea, existing: FoundMetadata): Promise<Decision> {
  const wanted = area.format;
  const found = existing.superblock.kind;
  if (!area.isExternal && !context.asksSilently) {
    context.err('');
    context.err(`You want me to create a ${styleOf(wanted, area.placement)} internal meta data block.`);
    context.err(`There appears to be a ${found} ${sizeKind(existing.layout.placement)} internal meta data block`);
    context.err(`already in place on ${area.path} at byte offset ${existing.layout.superblockOffsetBytes}`);
  }
  if (found !== wanted) {
    if ((await context.ask(`Valid ${found} meta-data found, convert to ${wanted}?`)) === 'yes') return 'convert';
    const replace = `So you want me to replace the ${found} meta-data\nwith newly initialized ${wanted} meta-data?`;
    return (await context.ask(replace)) === 'yes' ? 'create' : 'cancel';
  }
  if (area.isExternal) {
    const overwrite = 'Valid meta data seems to be in place.\nDo you really want to overwrite?';
    return (await context.ask(overwrite)) === 'yes' ? 'create' : 'cancel';
  }
  if (givesOtherStripes(context, existing.superblock)) {
    if ((await context.ask('Do you want to change the activity log stripe settings *only*?')) === 'yes') {
      throw new MetaExit(
        EXIT.stripesOnly,
        'Sorry, not yet fully implemented\nTry dump-md > dump.txt; restore-md -s x -z y dump.txt',
      );
    }
  }
  const overwrite = 'Do you really want to overwrite the existing meta-data?';
  return (await context.ask(overwrite)) === 'yes' ? 'create' : 'cancel';
}

const sizeKind = (placement: Placement): string => (placement === 'fixed-internal' ? 'fixed-size' : 'flexible-size');

function styleOf(format: string, placement: Placement): string {
  const name = format === 'v07' && placement === 'internal' ? 'v07(plus)' : format;
  return `${name} style ${sizeKind(placement)}`;
}

/** Defaults count: not naming the stripes of existing metadata asks for others (metadata.md T14). */
function givesOtherStripes(context: MetaContext, existing: AnySuperblock): boolean {
  const { alStripes, alStripeSize4k } = stripesOf(context);
  return alStripes !== existing.alStripes || alStripeSize4k !== existing.alStripeSize4k;
}

function stripesOf(context: MetaContext): { readonly alStripes: number; readonly alStripeSize4k: number } {
  const { alStripes, alStripeSizeKiB } = context.invocation.settings;
  return { alStripes: alStripes ?? 1, alStripeSize4k: Math.floor((alStripeSizeKiB ?? 32) / 4) };
}

async function write(
  context: MetaContext,
  area: MetaArea,
  plan: {
    readonly maxPeers: number;
    readonly existing: FoundMetadata | null;
    readonly decision: 'create' | 'convert';
    /** There is metadata, here or where it was before a resize, that could be found again after a power cut. */
    readonly replaces: boolean;
  },
): Promise<void> {
  const { existing } = plan;
  let superblock: AnySuperblock;
  if (plan.decision === 'convert' && existing !== null) {
    const converted = convertSuperblock(context, area, existing.superblock, plan.maxPeers);
    await checkForData(context, area, converted.layout);
    superblock = converted.superblock;
  } else {
    const layout = newLayout(context, area, plan.maxPeers);
    await checkForData(context, area, layout);
    area.allowLayout(layout);
    superblock = freshSuperblock(area, layout);
    if (plan.replaces) writeInterim(area, superblock);
    context.out('initializing activity log');
    // v07 logs nothing into what is all zero (metadata.md 7.3).
    const log = area.format === 'v07' ? new Uint8Array(layout.alSizeBytes) : initialActivityLog(layout);
    area.write('md_initialize_common:AL', layout.alOffsetBytes, log);
    initializeBitmap(context, area, layout);
    // Whatever the superblock declares valid is stable before it is.
    area.flush();
  }
  context.out('Writing meta data...');
  if (area.writeSuperblock(applyInitialState(context, superblock)) === 'refused') {
    throw new MetaExit(EXIT.declined, 'update failed');
  }
  if (existing !== null) wipeOtherPlace(area, existing.layout.placement);
  context.out('New drbd meta data block successfully created.');
}

function newLayout(context: MetaContext, area: MetaArea, maxPeers: number): MetadataLayout {
  const { alStripes, alStripeSize4k } = stripesOf(context);
  return metadataLayout({
    deviceSizeBytes: area.device.sizeBytes,
    placement: area.placement,
    maxPeers,
    alStripes,
    alStripeSizeKiB: alStripeSize4k * 4,
    ...(context.invocation.settings.bitmapBlockSizeBytes === null
      ? {}
      : { bytesPerBit: context.invocation.settings.bitmapBlockSizeBytes }),
  });
}

function freshSuperblock(area: MetaArea, layout: MetadataLayout): AnySuperblock {
  switch (area.format) {
    case 'v07':
      return createSuperblockV07(layout);
    case 'v08':
      return createSuperblockV08(layout);
    case 'v09':
      return createSuperblockV09(layout);
  }
}

/** A superblock left behind in the other internal place would be found again. */
function wipeOtherPlace(area: MetaArea, previous: Placement): void {
  if (area.isExternal || previous === area.placement) return;
  area.wipeSuperblock('wipe other place', superblockOffset(previous, area.device.sizeBytes));
}
