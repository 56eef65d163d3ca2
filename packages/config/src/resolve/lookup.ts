/** Volumes and resources by the names that people use for them. Source: adm.md 1.3. */
import type { ResolvedResource, ResolvedVolume } from '../model';

export interface FoundVolume {
  readonly resource: ResolvedResource;
  readonly volume: ResolvedVolume;
}

/**
 * The volumes that `r0` (all of it), `r0/0`, `minor-0` or `/dev/drbd0` mean: empty if nothing has that name. A
 * resource's name goes first, since it may look like any of the others.
 */
export function findVolumes(resources: readonly ResolvedResource[], name: string): readonly FoundVolume[] {
  const resource = resources.find((candidate) => candidate.name === name);
  if (resource !== undefined) return resource.volumes.map((volume) => ({ resource, volume }));
  const all = resources.flatMap((owner) => owner.volumes.map((volume) => ({ resource: owner, volume })));
  const minor = /^(?:minor-|\/dev\/drbd|drbd)([0-9]{1,10})$/.exec(name)?.[1];
  if (minor !== undefined) return all.filter(({ volume }) => volume.minor === Number(minor));
  const numbered = /^(.*)\/([0-9]{1,10})$/.exec(name);
  return all.filter(({ resource: owner, volume }) => {
    if (numbered !== null && owner.name === numbered[1] && volume.number === Number(numbered[2])) return true;
    return volume.deviceName === name;
  });
}
