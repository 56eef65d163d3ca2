/**
 * "Day-0" peer records belong to nodes that were never configured: no bitmap slot, no flags. Their bitmap UUID
 * names the oldest generation, and all of them should agree. Source: metadata.md 5, 9.7 (as of 9.24).
 */
import type { SuperblockV09 } from '@tsdrbd/engine/metadata';

/** The one that decides: the highest node id; null when there is none. `except` does not count. */
export function dayZeroNode(superblock: SuperblockV09, except: number | null = null): number | null {
  return (
    dayZeroNodes(superblock)
      .filter((node) => node !== except)
      .at(-1) ?? null
  );
}

export function dayZeroNodes(superblock: SuperblockV09): readonly number[] {
  return superblock.peers.flatMap(({ bitmapIndex, flags }, node) =>
    bitmapIndex === -1 && flags === 0 && node !== superblock.nodeId ? [node] : [],
  );
}
