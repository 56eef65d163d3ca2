/**
 * Most resources say no more of their connections than that their hosts are a mesh, or that there are two of them. The
 * hosts tell that nothing is wrong with such connections; they are made when a command looks at them.
 */
import { sameAddress, type HostSection, type ImpliedConnections, type ResourceSection } from '../model';
import type { ParseRun } from '../parser/parse-run';
import { createConnections, markIgnoredConnections, resolveEndpoints } from './connections';
import { findHost } from './find-host';

/** Undefined: they must be made at once, in order to say what is wrong, or to find node ids. */
export function impliedConnections(run: ParseRun, resource: ResourceSection): ImpliedConnections | undefined {
  const { hosts, meshes } = resource;
  if (resource.unsettledConnections.length > 0 || meshes.length > 1) return undefined;
  if (!hosts.every(isPlain)) return undefined;
  const [mesh] = meshes;
  const members = mesh === undefined ? hosts : membersOf(resource, mesh.hosts);
  if (members === undefined || members.length < 2 || (mesh === undefined && members.length > 2)) return undefined;
  if (!areDistinct(members)) return undefined;
  resource.postpone(() => makeConnections(run, resource));
  return { members, position: mesh?.position ?? resource.position };
}

function isPlain({ kind, address, nodeId, proxy }: HostSection): boolean {
  return kind === 'on' && address !== undefined && nodeId !== undefined && proxy === undefined;
}

function makeConnections(run: ParseRun, resource: ResourceSection): void {
  createConnections(run, resource);
  resolveEndpoints(run, resource);
  markIgnoredConnections(resource);
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
