import { isSameHost, type HostSection, type ResourceSection } from '../model';

/** The host section that a name means. */
export function findHost(resource: ResourceSection, name: string): HostSection | undefined {
  return resource.hosts.find((host) => isHostNamed(host, name));
}

export function isHostNamed({ names }: HostSection, name: string): boolean {
  // Nearly every section has one name, and this is asked for every pair of hosts.
  for (let at = 0; at < names.length; at += 1) if (isSameHost(names[at] ?? '', name)) return true;
  return false;
}

/** `on alice bob`, as messages name a host section. */
export function onHosts(host: HostSection): string {
  return host.kind === 'stacked' ? `stacked-on-top-of ${host.lower}` : `on ${host.names.join(' ')}`;
}
