import {
  convertV07ToV08,
  convertV08ToV07,
  convertV08ToV09,
  convertV09ToV08,
  metadataLayout,
  type AnySuperblock,
  type MetadataLayout,
} from '@tsdrbd/engine/metadata';
import type { MetaContext } from './context';
import type { MetaArea } from './meta-area';

/**
 * Existing metadata in the format asked for, step by step; activity log and bitmap stay as they are.
 * Source: metadata.md 7.4.
 */
export function convertSuperblock(
  context: MetaContext,
  area: MetaArea,
  from: AnySuperblock,
  maxPeers: number,
): { readonly superblock: AnySuperblock; readonly layout: MetadataLayout } {
  const layout = metadataLayout({
    deviceSizeBytes: area.device.sizeBytes,
    placement: area.placement,
    // v07 and v08 have one peer, and what becomes of them in v09 too.
    maxPeers: 1,
    alStripes: from.alStripes,
    alStripeSizeKiB: from.alStripeSize4k * 4,
    bytesPerBit: from.bmBytesPerBit,
  });
  let superblock = from;
  while (superblock.kind !== area.format) superblock = oneStep(context, superblock, layout, area.format);
  if (area.format === 'v09' && maxPeers !== 1) {
    context.out(`Warning: setting max_peers to 1 instead of ${maxPeers}`);
    context.out('');
  }
  return { superblock, layout };
}

function oneStep(
  context: MetaContext,
  from: AnySuperblock,
  layout: MetadataLayout,
  wanted: AnySuperblock['kind'],
): AnySuperblock {
  switch (from.kind) {
    case 'v07':
      context.out('Converting meta data...');
      return convertV07ToV08(from, layout);
    case 'v09':
      return convertV09ToV08(from, layout);
    case 'v08':
      if (wanted === 'v09') return convertV08ToV09(from, layout);
      context.out('Converting meta data...');
      context.out('Conversion v08 -> v07 is BROKEN!');
      context.out('Be prepared to manually intervene!');
      return convertV08ToV07(from, layout);
  }
}
