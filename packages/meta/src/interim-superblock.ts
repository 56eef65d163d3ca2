/**
 * The superblock that stands while bitmap and activity log are being replaced: it can be attached, and trusts neither. A
 * power cut in between leaves this one, instead of the old one over a bitmap that is no longer its own.
 */
import { MdFlag, PeerMdFlag, withFlags, type AnySuperblock } from '@tsdrbd/engine/metadata';
import type { MetaArea } from './meta-area';

/** Stable when it returns; its place must be allowed. A dry run has no interim. */
export function writeInterim(area: MetaArea, superblock: AnySuperblock): void {
  if (area.isDryRun) return;
  area.writeInPlace('interim', withoutTrust(superblock));
  area.flush();
}

/** Every peer is to be synchronised as a whole, as the kernel marks it for such moments (metadata.md 11.1). */
function withoutTrust(superblock: AnySuperblock): AnySuperblock {
  switch (superblock.kind) {
    case 'v07':
      return { ...superblock, flags: withFlags(superblock.flags, MdFlag.fullSync) };
    case 'v08':
      return { ...superblock, flags: withFlags(superblock.flags, MdFlag.fullSync | MdFlag.alClean), state: 'clean' };
    case 'v09':
      return {
        ...superblock,
        // The log need not be applied where everything is marked anyway.
        flags: withFlags(superblock.flags, MdFlag.alClean),
        peers: superblock.peers.map((peer) => ({ ...peer, flags: withFlags(peer.flags, PeerMdFlag.fullSync) })),
      };
  }
}
