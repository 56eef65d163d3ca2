import { isSameHost, type HostSection, type ResourceSection } from '../model';

/** The host section that a name means. */
export function findHost(resource: ResourceSection, name: string): HostSection | undefined {
  return resource.hosts.find((host) => host.names.some((candidate) => isSameHost(candidate, name)));
}

/** `on alice bob`, as messages name a host section. */
export function onHosts(host: HostSection): string {
  return host.kind === 'stacked' ? `stacked-on-top-of ${host.lower}` : `on ${host.names.join(' ')}`;
}
