import { MdFlag, PeerMdFlag, withFlags, withoutFlags, type AnySuperblock } from '@tsdrbd/engine/metadata';
import { EXIT } from '../meta-exit';
import { withMetadata } from './command';

export const invalidate = withMetadata('silent', async (context, area, { superblock }) => {
  if (area.writeSuperblock(invalidated(superblock)) === 'written') return EXIT.ok;
  context.err('update failed');
  return EXIT.declined;
});

/** The bitmap stays as it is: the full-sync flag makes the next attach set it. Source: metadata.md 9.6. */
function invalidated(superblock: AnySuperblock): AnySuperblock {
  switch (superblock.kind) {
    case 'v07':
      return { ...superblock, flags: withFlags(withoutFlags(superblock.flags, MdFlag.consistent), MdFlag.fullSync) };
    case 'v08': {
      const flags = withoutFlags(superblock.flags, MdFlag.consistent | MdFlag.wasUpToDate);
      return { ...superblock, flags: withFlags(flags, MdFlag.fullSync) };
    }
    case 'v09':
      return {
        ...superblock,
        flags: withoutFlags(superblock.flags, MdFlag.consistent | MdFlag.wasUpToDate),
        peers: superblock.peers.map((peer) => ({ ...peer, flags: withFlags(peer.flags, PeerMdFlag.fullSync) })),
      };
  }
}
