/**
 * The volumes of each host: its own, completed from those of the resource, and whether all hosts agree on them.
 * Sources: config.md 5.3, 7.2, 7.3 (A).
 */
import {
  findVolume,
  hasDisk,
  metaDiskKey,
  sortVolumes,
  type HostSection,
  type Position,
  type ResourceSection,
  type VolumeSection,
} from '../model';
import { claimDevice } from '../parser/device-claim';
import { report, type ParseRun } from '../parser/parse-run';
import { newVolume } from '../parser/volume-section';
import { shareVolumes } from './shared-volumes';

export function completeVolumes(run: ParseRun, resource: ResourceSection): void {
  if (shareVolumes(run, resource)) return;
  const hosts = resource.hosts.filter((host) => host.kind !== 'stacked');
  for (const host of hosts) {
    mergeVolumes(run, host, resource.volumes);
    checkComplete(run, resource, host);
    for (const volume of host.volumes) claimMetaDisk(run, host, volume);
  }
  checkVolumeSets(run, resource, hosts);
}

/** Takes from the resource, statement by statement, what the host does not say itself. */
export function mergeVolumes(run: ParseRun, host: HostSection, resourceVolumes: readonly VolumeSection[]): void {
  for (const outer of resourceVolumes) {
    let volume = findVolume(host.volumes, outer.vnr);
    if (volume === undefined) {
      volume = newVolume(outer.vnr, outer.position, outer.implicit ? 'implicit' : 'explicit');
      host.volumes.push(volume);
    }
    if (volume.disk === undefined && outer.disk !== undefined && host.kind !== 'stacked') {
      volume.disk = outer.disk;
      if (outer.disk !== 'none') claimDisk(run, host, outer.disk, outer.written.disk ?? outer.position);
    }
    const device = volume.device === undefined ? outer.device : undefined;
    const minor = volume.minor === undefined ? outer.minor : undefined;
    volume.device ??= device;
    volume.minor ??= minor;
    claimDevice(run, host, { device, minor }, outer.written.device ?? outer.position);
    volume.metaDisk ??= outer.metaDisk;
  }
  sortVolumes(host.volumes);
}

/** Only disks that come from the resource are checked: the original does so too. */
function claimDisk(run: ParseRun, host: HostSection, disk: string, position: Position): void {
  for (const name of host.names) run.unique.claimOnHost('disk', name, disk, position);
}

function claimMetaDisk(run: ParseRun, host: HostSection, volume: VolumeSection): void {
  if (!hasDisk(volume)) return;
  volume.metaDisk ??= { kind: 'internal' };
  const key = metaDiskKey(volume.metaDisk);
  if (key === undefined) return;
  const position = volume.written.metaDisk ?? volume.position;
  for (const name of host.names) run.unique.claimOnHost('meta-disk', name, key, position);
}

function checkComplete(run: ParseRun, resource: ResourceSection, host: HostSection): void {
  for (const volume of host.volumes) {
    if (volume.minor === undefined) missing(run, resource, host, 'device');
    if (volume.metaDisk !== undefined && volume.disk === undefined) missing(run, resource, host, 'disk');
  }
}

/** `'WORD' keyword missing.` */
export function missing(run: ParseRun, resource: ResourceSection, host: HostSection, word: string): void {
  const { file, line } = host.position;
  const where = `${file}:${line}: in resource ${resource.name}, on ${host.names.join(' ')} { ... }`;
  report(run, 'late', `${where}: '${word}' keyword missing.`);
}

/** All hosts have the same volumes, and of the same kind. */
export function checkVolumeSets(run: ParseRun, resource: ResourceSection, hosts: readonly HostSection[]): void {
  const [first, ...others] = hosts;
  if (first === undefined) return;
  for (const other of others) checkVolumePair(run, resource, first, other);
  const implicit = first.volumes.some((volume) => volume.implicit);
  if (implicit && first.volumes.some((volume) => !volume.implicit)) {
    const { file, line } = resource.position;
    const text = `${file}:${line}: in resource ${resource.name}: you must not mix implicit and explicit volumes`;
    report(run, 'late', text);
  }
}

export function checkVolumePair(run: ParseRun, resource: ResourceSection, a: HostSection, b: HostSection): void {
  if (haveSameVolumes(a, b)) return;
  const { file, line } = resource.position;
  const where = `${file}:${line}: in resource ${resource.name}, on ${a.names.join(' ')}`;
  const names = b.names.join(' ');
  const numbers = new Set(a.volumes.map((volume) => volume.vnr));
  for (const { vnr } of b.volumes) numbers.add(vnr);
  for (const vnr of [...numbers].sort((x, y) => x - y)) {
    const left = a.volumes.find((volume) => volume.vnr === vnr);
    const right = b.volumes.find((volume) => volume.vnr === vnr);
    if (left === undefined) {
      report(run, 'late', `${where} { ... }: volume ${vnr} missing (present on ${names})`);
    } else if (right === undefined) {
      report(run, 'late', `${where} { ... }: volume ${vnr} not defined on ${names}`);
    } else if (left.implicit !== right.implicit) {
      report(run, 'late', `${where} resp. ${names}: volume ${vnr} must not be implicit on one but not the other`);
    }
  }
}

/** The usual case; both are sorted by number. */
function haveSameVolumes(a: HostSection, b: HostSection): boolean {
  if (a.volumes === b.volumes) return true;
  return (
    a.volumes.length === b.volumes.length &&
    a.volumes.every(({ vnr, implicit }, index) => {
      const other = b.volumes[index];
      return other?.vnr === vnr && other.implicit === implicit;
    })
  );
}
