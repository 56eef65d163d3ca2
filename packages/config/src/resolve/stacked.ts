/** Resources on top of others: their hosts are those of the lower resource, their disks its devices. Source: config.md 5.3. */
import type { HostSection, ResourceSection } from '../model';
import { claimDevice } from '../parser/device-claim';
import { report, type ParseRun } from '../parser/parse-run';
import { checkVolumeSets, mergeVolumes } from './volumes';

export function findLowerResource(run: ParseRun, name: string): ResourceSection | undefined {
  return run.configuration.resources.find((resource) => resource.name === name);
}

/** Gives the stacked sections the names of the hosts below, and their volumes. */
export function completeStackedHosts(run: ParseRun, resource: ResourceSection): void {
  for (const host of resource.hosts) {
    if (host.kind !== 'stacked') continue;
    const lower = findLowerResource(run, host.lower ?? '');
    if (lower === undefined) {
      const { file, line } = resource.position;
      const text = `${file}:${line}: in resource ${resource.name}, referenced resource '${host.lower}' not defined.`;
      report(run, 'late', text);
      continue;
    }
    host.names = lower.hosts.flatMap((lowerHost) => lowerHost.names);
    for (const volume of host.volumes) claimDevice(run, host, volume, volume.written.device);
    mergeVolumes(run, host, resource.volumes);
  }
}

/** The disk of a stacked volume is the lower device of the same number. */
export function completeStackedDisks(run: ParseRun, resource: ResourceSection): void {
  for (const host of resource.hosts) {
    if (host.kind !== 'stacked') continue;
    const lowerHost = findLowerResource(run, host.lower ?? '')?.hosts[0];
    if (lowerHost !== undefined) takeLowerDevices(host, lowerHost);
  }
  checkVolumeSets(run, resource, resource.hosts);
}

function takeLowerDevices(host: HostSection, lowerHost: HostSection): void {
  for (const volume of host.volumes) {
    const below = lowerHost.volumes.find((candidate) => candidate.vnr === volume.vnr);
    if (below?.minor === undefined) continue;
    volume.disk = below.device ?? `/dev/drbd${below.minor}`;
    volume.metaDisk = { kind: 'internal' };
  }
}
