import { hasFlags, MdFlag, type AnySuperblock } from '@tsdrbd/engine/metadata';
import { EXIT } from '../meta-exit';
import { withMetadata } from './command';

export const dstate = withMetadata('loud', async (context, _area, { superblock }) => {
  context.out(diskStateName(superblock));
  return EXIT.ok;
});

/** v09 keeps nothing about a single peer in its flags, and so never knows UpToDate. Source: metadata.md 9.6. */
function diskStateName(superblock: AnySuperblock): string {
  if (superblock.kind === 'v07' || !hasFlags(superblock.flags, MdFlag.consistent)) return 'Inconsistent';
  if (!hasFlags(superblock.flags, MdFlag.wasUpToDate)) return 'Outdated';
  return hasFlags(superblock.flags, MdFlag.peerOutDated) ? 'UpToDate' : 'Consistent';
}
