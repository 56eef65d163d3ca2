import { hasFlags, MdFlag, withoutFlags } from '@tsdrbd/engine/metadata';
import { EXIT } from '../meta-exit';
import { withMetadata } from './command';

/** Source: metadata.md 9.6. */
export const outdate = withMetadata('silent', async (context, area, { superblock }) => {
  if (superblock.kind === 'v07') context.err('Can not outdate GC based meta data!');
  if (superblock.kind === 'v07' || !hasFlags(superblock.flags, MdFlag.consistent)) {
    context.err('Device is inconsistent.');
    return EXIT.outdateRefused;
  }
  const flags = withoutFlags(superblock.flags, MdFlag.wasUpToDate);
  if (area.writeSuperblock({ ...superblock, flags }) === 'written') return EXIT.ok;
  context.err('update failed');
  return EXIT.declined;
});
