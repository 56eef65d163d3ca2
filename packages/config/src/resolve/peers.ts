/** What a connection gets of its peer: a name, and options for volumes without a disk there. Source: config.md 5.4. */
import type { ConnectionSection, EndpointSection, HostSection, ResourceSection } from '../model';
import { peerEndpoint } from './connections';

/** Once per resource; for commands that act on peers, and for every one that is given the resource's name. */
export function computePeers(resource: ResourceSection): void {
  for (const connection of resource.connections) {
    if (connection.ignored) continue;
    const peer = peerOf(resource, connection);
    if (peer === undefined) continue;
    if (!connection.netOptions.some((option) => option.name === '_name')) {
      connection.netOptions.unshift({ name: '_name', value: peerHostNames(peer).join('_'), inherited: false });
    }
    if (peer.host !== undefined) addDisklessOptions(connection, peer.host);
  }
}

function addDisklessOptions(connection: ConnectionSection, peer: HostSection): void {
  for (const volume of peer.volumes) {
    const peerDevice = connection.peerDevices.find((candidate) => candidate.vnr === volume.vnr);
    if (peerDevice === undefined) continue;
    const add = (name: string) => {
      if (!peerDevice.options.some((option) => option.name === name)) {
        peerDevice.options.push({ name, value: 'no', inherited: false });
      }
    };
    if (volume.disk === undefined) add('bitmap');
    if (volume.tiebreaker === false) add('peer-tiebreaker');
  }
}

export function peerOf(resource: ResourceSection, connection: ConnectionSection): EndpointSection | undefined {
  const [path] = connection.paths;
  return path === undefined ? undefined : peerEndpoint(resource, path);
}

export function peerHostNames({ host, name }: EndpointSection): readonly string[] {
  return host?.names ?? (name === undefined ? [] : [name]);
}
