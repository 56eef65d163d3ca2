/**
 * In most resources the volumes stand in the resource alone, and all hosts have the same: they need one set for all, which
 * is made when a command looks at it. Sources: config.md 5.3, 7.2.
 */
import { hasDisk, metaDiskKey, type HostSection, type ResourceSection, type VolumeSection } from '../model';
import type { ParseRun } from '../parser/parse-run';
import type { HostClaim } from '../parser/uniqueness';
import { newVolume } from '../parser/volume-section';

/** False, and nothing is done, where a host says something of its own, or something is wrong: then each has its own. */
export function shareVolumes(run: ParseRun, resource: ResourceSection): boolean {
  const { hosts, volumes } = resource;
  const names = sharingNames(hosts);
  if (names === undefined || !areSound(volumes)) return false;
  if (!run.unique.claimOnHosts(names, volumes.flatMap(claimsOf))) return false;
  for (const host of hosts) host.sharesVolumes = true;
  resource.postpone(() => {
    const shared = volumes.map(copyOf);
    for (const host of hosts) host.unsettledVolumes = shared;
  });
  return true;
}

/** Of all hosts; undefined if not all share, or one name is there twice. */
function sharingNames(hosts: readonly HostSection[]): readonly string[] | undefined {
  if (hosts.some(({ kind, volumes }) => kind === 'stacked' || volumes.length > 0)) return undefined;
  const all = hosts.flatMap(({ names }) => names);
  return new Set(all).size === all.length ? all : undefined;
}

/** Each number once, nothing missing, and all of one kind; they are in order. */
function areSound(volumes: readonly VolumeSection[]): boolean {
  for (let at = 0; at < volumes.length; at += 1) {
    const volume = volumes[at];
    if (volume?.minor === undefined) return false;
    if (volume.metaDisk !== undefined && volume.disk === undefined) return false;
    const before = volumes[at - 1];
    if (before?.vnr === volume.vnr || (before !== undefined && before.implicit !== volume.implicit)) return false;
  }
  return true;
}

function claimsOf(volume: VolumeSection): HostClaim[] {
  const { device, metaDisk, minor, position, written } = volume;
  const claims: HostClaim[] = [];
  if (hasDisk(volume)) {
    claims.push({ scope: 'disk', value: volume.disk, position: written.disk ?? position });
    const key = metaDisk === undefined ? undefined : metaDiskKey(metaDisk);
    if (key !== undefined) claims.push({ scope: 'meta-disk', value: key, position });
  }
  if (minor !== undefined) claims.push({ scope: 'device-minor', value: minor, position: written.device ?? position });
  if (device !== undefined) claims.push({ scope: 'device', value: device, position: written.device ?? position });
  return claims;
}

function copyOf(outer: VolumeSection): VolumeSection {
  const volume = newVolume(outer.vnr, outer.position, outer.implicit ? 'implicit' : 'explicit');
  volume.device = outer.device;
  volume.minor = outer.minor;
  volume.disk = outer.disk;
  volume.metaDisk = outer.metaDisk ?? (hasDisk(outer) ? { kind: 'internal' } : undefined);
  return volume;
}
