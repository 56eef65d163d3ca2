import type { MetadataLayout } from '@tsdrbd/engine/metadata';
import type { MetaContext } from './context';
import type { MetaArea } from './meta-area';
import { EXIT, MetaExit } from './meta-exit';
import { sizeText } from './size-text';

const CHUNK_BYTES = 4 * 1024 * 1024;

/** Source: metadata.md 3 (modes), transcripts create-v09-initialize-bitmap and plain-file. */
export function initializeBitmap(context: MetaContext, area: MetaArea, layout: MetadataLayout): void {
  const mode = context.invocation.settings.initializeBitmap;
  const { bitmapOffsetBytes: offset, bitmapSizeBytes: length } = layout;
  const what = `initializing bitmap (${sizeText(length / 1024)})`;
  const filesLackIoctls = area.device.kind === 'file' && context.system.regularFiles === 'refused-unless-forced';
  switch (mode) {
    case 'skip':
      context.err('SKIPPED initializing bitmap area');
      return;
    case 'set-all':
      context.err(`${what} to all set using pwrite`);
      fill(area, offset, length);
      return;
    case 'pwrite':
      context.err(`${what} to all zero using pwrite`);
      break;
    case 'automatic':
    case 'zeroout':
      context.err(`${what} to all zero`);
      if (!filesLackIoctls) break;
      context.err(`ioctl(${area.path}, BLKZEROOUT, [${offset}, ${length}]) failed: Inappropriate ioctl for device`);
      if (mode === 'zeroout') throw new MetaExit(EXIT.badValue, 'fast zero-out failed, fallback disabled');
      context.err(`${what} to all zero using pwrite`);
  }
  area.writeZeroes('bitmap', offset, length);
}

function fill(area: MetaArea, offset: number, length: number): void {
  const progress = area.startProgress(length);
  for (let done = 0; done < length; done += CHUNK_BYTES) {
    const bytes = Math.min(CHUNK_BYTES, length - done);
    area.write('bitmap', offset + done, new Uint8Array(bytes).fill(0xff));
    progress.advance(bytes);
  }
  progress.end();
}
