/** Source: metadata.md 8.1. */
import {
  bitmapSizeBytes,
  hasFlags,
  MdFlag,
  superblockOffset,
  type AnySuperblock,
  type MetadataLayout,
} from '@tsdrbd/engine/metadata';
import type { MetaContext } from '../context';
import { formatActivityLog } from '../dump-md/activity-log-text';
import { writeSlot } from '../dump-md/bitmap-text';
import { dumpTime } from '../dump-md/dump-time';
import { formatIdentity } from '../dump-md/identity-text';
import { GatheredText } from '../dump-md/gathered-text';
import { BitmapWindows } from '../dump-md/read-slot';
import { hex64 } from '../hex';
import type { Finding, MetaArea } from '../meta-area';
import { EXIT } from '../meta-exit';
import { withArea, type Command } from './command';

/** From ten times `-v` on, the activity log is shown too. */
const AL_VERBOSITY = 10;

export const dumpMd: Command = (context) =>
  withArea(context, async (area) => {
    const finding = area.find();
    if (finding.kind === 'none') {
      context.err('No valid meta data found');
      return EXIT.failed;
    }
    if (!isCleanlyLogged(finding.superblock)) {
      context.err('Found meta data is "unclean", please apply-al first');
      if (!context.invocation.settings.force) return EXIT.failed;
    }
    const output = new GatheredText(context.io.stdout);
    try {
      writeDump(output.write, context, area, finding);
    } finally {
      output.flush();
    }
    return EXIT.ok;
  });

function writeDump(
  write: (text: string) => void,
  context: MetaContext,
  area: MetaArea,
  finding: Exclude<Finding, { kind: 'none' }>,
): void {
  const { superblock, layout } = finding;
  write(headText(context));
  write(`version "${superblock.kind}";\n\n`);
  if (!isCleanlyLogged(superblock)) {
    // Not a comment: keeps the dump from being restored (metadata.md 8.1).
    write("This_is_an_unclean_meta_data_dump._Don't_trust_the_bitmap.\n");
    write('# You should "apply-al" first, if you plan to restore this.\n\n');
  }
  if (superblock.kind === 'v09') write(`max-peers ${superblock.bmMaxPeers};\n`);
  write(`# md_size_sect ${superblock.mdSizeSectors}\n`);
  write(resizeText(area, finding));
  write(
    `# md_offset ${layout.superblockOffsetBytes}\n# al_offset ${layout.alOffsetBytes}\n# bm_offset ${layout.bitmapOffsetBytes}\n\n`,
  );
  write(formatIdentity(superblock));
  write(geometryText(superblock));
  writeBitmaps(write, area, superblock, layout);
  if (context.invocation.settings.verbosity >= AL_VERBOSITY) {
    write(formatActivityLog(superblock, area.read('printf_al', layout.alOffsetBytes, layout.alSizeBytes)));
  }
}

/** `apply-al` has nothing to do. */
function isCleanlyLogged(superblock: AnySuperblock): boolean {
  switch (superblock.kind) {
    case 'v07':
      return false;
    case 'v08':
      return hasFlags(superblock.flags, MdFlag.alClean) && superblock.state !== 'in-use';
    case 'v09':
      return hasFlags(superblock.flags, MdFlag.alClean);
  }
}

function headText({ io, system, argv }: MetaContext): string {
  return (
    `# DRBD meta data dump\n# ${dumpTime(io.now(), io.env['TZ'])}\n` +
    `# ${system.hostName}> ${[system.programName, ...argv].join(' ')}\n#\n\n`
  );
}

function resizeText(area: MetaArea, finding: Exclude<Finding, { kind: 'none' }>): string {
  if (finding.kind === 'in-place') return '';
  const { sizeBytes } = area.device;
  return [
    '#',
    '### Device seems to have been resized!',
    '### dumping meta data from the last known position',
    `### current size of ${area.path}: ${sizeBytes} byte`,
    '### expected position of meta data:',
    `## md_offset ${superblockOffset(area.placement, sizeBytes)}`,
    '## al_offset 0',
    '## bm_offset 0',
    `### last known size of ${finding.lastKnown.devicePath}: ${finding.lastKnown.sizeBytes} byte`,
    '### adjusted position of meta data:',
    '',
  ].join('\n');
}

function bitmapBytesOf(superblock: AnySuperblock): number {
  return bitmapSizeBytes({
    dataSectors: superblock.effectiveSizeSectors,
    maxPeers: superblock.bmMaxPeers,
    bytesPerBit: superblock.bmBytesPerBit,
  });
}

function geometryText(superblock: AnySuperblock): string {
  const size = `# al-extents ${superblock.alNrExtents};\nla-size-sect ${superblock.effectiveSizeSectors};\n`;
  const bitmap = `# bm-bytes ${bitmapBytesOf(superblock)};\n`;
  if (superblock.kind === 'v07') return size + bitmap;
  return (
    `${size}bm-byte-per-bit ${superblock.bmBytesPerBit};\n` +
    `device-uuid 0x${hex64(superblock.deviceUuid)};\n` +
    `la-peer-max-bio-size ${superblock.laPeerMaxBioSize};\n` +
    `al-stripes ${superblock.alStripes};\nal-stripe-size-4k ${superblock.alStripeSize4k};\n${bitmap}`
  );
}

/** The count at the end is that of the last slot alone, as the original has it (metadata.md 8.1). */
function writeBitmaps(
  write: (text: string) => void,
  area: MetaArea,
  superblock: AnySuperblock,
  layout: MetadataLayout,
): void {
  const slotCount = superblock.bmMaxPeers;
  const windows = new BitmapWindows(area, layout, { slotCount, sizeBytes: bitmapBytesOf(superblock) });
  let bitsSet = 0;
  for (let slot = 0; slot < slotCount; slot++) {
    write(superblock.kind === 'v09' ? `bitmap[${slot}] ` : 'bm ');
    bitsSet = writeSlot(windows.ofSlot(slot), slotCount, write);
  }
  write(`# bits-set ${bitsSet};\n`);
}
