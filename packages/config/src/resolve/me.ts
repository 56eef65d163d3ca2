/** Which host section is this host's. Sources: config.md 5.1, 7.3 (E). */
import { isSameHost, type HostSection, type ResourceSection, type Surroundings } from '../model';
import { report, type ParseRun } from '../parser/parse-run';
import { isHostNamed, onHosts } from './find-host';
import { findLowerResource } from './stacked';

/** Resources that stand on no other come first: the stacked ones ask whether this host is theirs. */
export function findMe(run: ParseRun, stacked: readonly ResourceSection[]): void {
  const { resources } = run.configuration;
  const isMine = (host: HostSection) => isMe(host, run.surroundings);
  for (const resource of resources) chooseHost(run, resource, isMine);
  const isMyStackedOne = ({ kind, lower }: HostSection) =>
    kind === 'stacked' && isMyResource(findLowerResource(run, lower ?? ''));
  for (const resource of stacked) chooseHost(run, resource, isMyStackedOne);
  if (run.hasProxies) for (const resource of resources) chooseProxyHost(resource, run.surroundings);
}

function isMyResource(resource: ResourceSection | undefined): boolean {
  return resource?.me !== undefined;
}

/** Where nothing else is this host's: a path whose proxy runs here. */
function chooseProxyHost(resource: ResourceSection, { nodeName }: Surroundings): void {
  if (resource.me !== undefined) return;
  const endpoints = resource.unsettledConnections.flatMap(({ paths }) => paths.flatMap((path) => path.endpoints));
  const mine = endpoints.find(({ proxy }) => proxy?.hosts.some((name) => isSameHost(name, nodeName)) === true);
  resource.me = mine?.host;
  resource.proxyOnly = resource.me !== undefined;
}

function chooseHost(run: ParseRun, resource: ResourceSection, isMine: (host: HostSection) => boolean): void {
  for (const host of resource.hosts) {
    if (host === resource.me || !isMine(host)) continue;
    if (resource.me === undefined) {
      resource.me = host;
      continue;
    }
    const { file, line } = host.position;
    report(
      run,
      'late',
      `${file}:${line}: in resource ${resource.name}, ${onHosts(resource.me)} { ... } ... ${onHosts(host)} { ... }:\n` +
        '\tThere are multiple host sections for this node.',
    );
  }
}

function isMe(host: HostSection, surroundings: Surroundings): boolean {
  switch (host.kind) {
    case 'this':
      return true;
    case 'on':
      return isHostNamed(host, surroundings.nodeName);
    case 'floating':
      return host.address !== undefined && isMyFloatingAddress(host.address, surroundings);
    case 'stacked':
      return false;
  }
}

function isMyFloatingAddress(address: NonNullable<HostSection['address']>, surroundings: Surroundings): boolean {
  if (address.family === 'sdp' || address.family === 'ssocks') return true;
  if (address.address === surroundings.nodeName) return true;
  const state = surroundings.addressState(address);
  return state === 'up' || (state === 'down' && address.family === 'ipv6');
}
