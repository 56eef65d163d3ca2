/**
 * Internal metadata follows the end of its device. Source: metadata.md 7.5.
 *
 * Old and new place may overlap. The bitmap is copied from the end that cannot overwrite what is still to be
 * read; the activity log, which may lie below it, is read before. The superblock is written last, and the old
 * place is cleared only after everything in the new one is stable.
 *
 * Where they overlap, the copy destroys what it reads: a power cut in between leaves a superblock in the new place that
 * has everything synchronised.
 */
import { MD_BLOCK_BYTES, metadataLayout, type AnySuperblock, type MetadataLayout } from '@tsdrbd/engine/metadata';
import type { MetaContext } from './context';
import { writeInterim } from './interim-superblock';
import type { FoundMetadata, MetaArea } from './meta-area';
import { EXIT } from './meta-exit';

export async function moveMetadata(context: MetaContext, area: MetaArea, found: FoundMetadata): Promise<number> {
  context.err('Moving the internal meta data to its proper location');
  const { superblock, layout: from } = found;
  const to = metadataLayout({
    deviceSizeBytes: area.device.sizeBytes,
    placement: 'internal',
    maxPeers: from.maxPeers,
    alStripes: from.alStripes,
    alStripeSizeKiB: from.alStripeSize4k * 4,
    bytesPerBit: from.bytesPerBit,
  });
  area.allowLayout(to);
  const moved: AnySuperblock = {
    ...superblock,
    mdSizeSectors: to.mdSizeSectors,
    alOffsetSectors: to.alOffsetSectors,
    bmOffsetSectors: to.bmOffsetSectors,
  };
  const overlaps = startOf(to) < endOf(from) && startOf(from) < endOf(to);
  const activityLog = area.read('v08_move_internal_md_after_resize:AL', from.alOffsetBytes, from.alSizeBytes);
  if (overlaps && area.makesSense(moved)) writeInterim(area, moved);
  const copiedBytes = Math.min(from.bitmapSizeBytes, to.bitmapSizeBytes);
  copyRange(area, from.bitmapOffsetBytes, to.bitmapOffsetBytes, copiedBytes);
  if (to.bitmapSizeBytes > copiedBytes) {
    area.writeZeroes('bitmap tail', to.bitmapOffsetBytes + copiedBytes, to.bitmapSizeBytes - copiedBytes);
  }
  area.write('v08_move_internal_md_after_resize:AL', to.alOffsetBytes, activityLog);
  area.flush();
  if (area.writeSuperblock(moved) === 'refused') {
    context.err('update failed');
    return EXIT.declined;
  }
  area.flush();
  context.out('Internal drbd meta data successfully moved.');
  if (!overlaps) {
    area.allow({ offsetBytes: startOf(from), lengthBytes: endOf(from) - startOf(from) });
    area.writeZeroes('old meta data', startOf(from), endOf(from) - startOf(from));
    context.out('Old meta data region zeroed.');
  }
  return EXIT.ok;
}

const startOf = (layout: MetadataLayout): number => layout.bitmapOffsetBytes;
const endOf = (layout: MetadataLayout): number => layout.superblockOffsetBytes + MD_BLOCK_BYTES;

const CHUNK_BYTES = 4 * 1024 * 1024;

/** Like memmove. */
function copyRange(area: MetaArea, from: number, to: number, lengthBytes: number): void {
  const starts = Array.from({ length: Math.ceil(lengthBytes / CHUNK_BYTES) }, (_, i) => i * CHUNK_BYTES);
  if (to > from) starts.reverse();
  const progress = area.startProgress(lengthBytes);
  for (const start of starts) {
    const bytes = area.read('bitmap', from + start, Math.min(CHUNK_BYTES, lengthBytes - start));
    area.write('bitmap', to + start, bytes);
    progress.advance(bytes.length);
  }
  progress.end();
}
