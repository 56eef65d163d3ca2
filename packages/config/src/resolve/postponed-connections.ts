/**
 * Most resources say no more of their connections than that their hosts are a mesh, or that there are two of them. Their
 * hosts tell that nothing is wrong with such connections, and most commands look at those of one resource only.
 */
import {
  sameAddress,
  type HostSection,
  type OptionSetting,
  type PostponedConnections,
  type ResourceSection,
} from '../model';
import { findHost } from './find-host';

/** Undefined: they must be made, in order to say what is wrong, or to find node ids. */
export function postponable(resource: ResourceSection): PostponedConnections | undefined {
  const { connections, hosts, meshes } = resource;
  if (connections.length > 0 || meshes.length > 1) return undefined;
  for (const { kind, address, nodeId, proxy } of hosts) {
    if (kind !== 'on' || address === undefined || nodeId === undefined || proxy !== undefined) return undefined;
  }
  const [mesh] = meshes;
  const members = mesh === undefined ? hosts : membersOf(resource, mesh.hosts);
  if (members === undefined || members.length < 2 || (mesh === undefined && members.length > 2)) return undefined;
  return areDistinct(members) ? { members, position: mesh?.position ?? resource.position } : undefined;
}

function membersOf(resource: ResourceSection, names: readonly string[]): readonly HostSection[] | undefined {
  const members: HostSection[] = [];
  for (const name of names) {
    const host = findHost(resource, name);
    if (host === undefined) return undefined;
    members.push(host);
  }
  return members;
}

/** Nothing that its connections inherit can contradict itself; `resource` has inherited what it does. */
export function inheritsClearly({ hosts, meshes, net }: ResourceSection): boolean {
  if (hasRepeated(net)) return false;
  for (const { netOptions } of meshes) if (netOptions.length > 0 && net.length > 0) return false;
  for (const { volumes } of hosts) {
    // Hosts that share their volumes agree, if each is clear.
    const isShared = volumes === hosts[0]?.volumes;
    for (const { peerDeviceOptions } of volumes) {
      if (isShared ? hasRepeated(peerDeviceOptions) : peerDeviceOptions.length > 0) return false;
    }
  }
  return true;
}

function hasRepeated(options: readonly OptionSetting[]): boolean {
  return options.length > 1 && new Set(options.map(({ name }) => name)).size < options.length;
}

/** Neither a host that is in a mesh twice, nor two hosts with one address. */
function areDistinct(members: readonly HostSection[]): boolean {
  for (let at = 1; at < members.length; at += 1) {
    const address = members[at]?.address;
    for (let before = 0; before < at; before += 1) {
      const other = members[before]?.address;
      if (address !== undefined && other !== undefined && sameAddress(address, other)) return false;
    }
  }
  return true;
}
