/** Where a volume's data and metadata are on this host. */
import type { MetaDisk, ResolvedConnection, ResolvedResource, ResolvedVolume } from '@tsdrbd/config';

export interface Backing {
  readonly disk: string;
  readonly metaDisk: MetaDisk;
}

/** null: diskless here. */
export function backingOf({ disk, metaDisk }: ResolvedVolume): Backing | null {
  return disk === undefined ? null : { disk, metaDisk: metaDisk ?? { kind: 'internal' } };
}

/** Whether the peer's configuration gives the volume a disk there. */
export function peerHasDisk(resource: ResolvedResource, { peerNodeId }: ResolvedConnection, vnr: number): boolean {
  const host = resource.hosts.find(({ nodeId }) => nodeId === peerNodeId);
  return host?.volumes.some((volume) => volume.vnr === vnr && !volume.diskless) ?? false;
}
