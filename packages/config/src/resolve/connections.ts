/**
 * Connections: those that are written, those that a mesh stands for, and the one of a resource with two hosts; then
 * the address of every endpoint. Sources: config.md 5.4, 7.3 (C).
 */
import {
  isSameHost,
  sameAddress,
  type ConnectionSection,
  type EndpointSection,
  type HostSection,
  type MeshSection,
  NOWHERE,
  type PathSection,
  type Position,
  type ResourceSection,
} from '../model';
import { newConnection, newEndpoint } from '../parser/connection-section';
import { report, type ParseRun } from '../parser/parse-run';
import { findHost } from './find-host';

export function checkEndpointCounts(run: ParseRun, resource: ResourceSection): void {
  for (const connection of resource.unsettledConnections) {
    for (const path of connection.paths) {
      if (path.endpoints.length === 2) continue;
      const { file, line } = path.position;
      const unit = path.implicit ? 'connection' : 'path';
      report(run, 'late', `${file}:${line}: Resource ${resource.name}: ${unit} needs to have two endpoints`);
    }
  }
}

/** Adds those that are not written. */
export function createConnections(run: ParseRun, resource: ResourceSection): void {
  for (const mesh of resource.meshes) createMesh(run, resource, mesh);
  if (resource.unsettledConnections.length === 0) createImplicitConnection(run, resource);
}

function createMesh(run: ParseRun, resource: ResourceSection, mesh: MeshSection): void {
  const where = `${resource.position.file}:${resource.position.line}: in resource ${resource.name}:`;
  const members: HostSection[] = [];
  let isComplete = true;
  for (const name of mesh.hosts) {
    const host = findHost(resource, name);
    if (host === undefined) {
      const text = `There is no 'on' section for hostname '${name}' named in the connection-mesh`;
      report(run, 'late', `${where}\n\t${text}`);
      isComplete = false;
      break;
    }
    members.push(host);
  }
  // Of an incomplete mesh the first host's connections are made, up to the host that is missing, as in the original.
  const firsts = isComplete ? members : members.slice(0, 1);
  for (const [index, a] of firsts.entries()) {
    for (const b of members.slice(index + 1)) {
      if (a === b) continue;
      if (a.proxy !== undefined && b.proxy !== undefined) {
        report(run, 'late', `${where}\n\t${PROXY_IN_MESH}`);
        continue;
      }
      const connection = connectionBetween([a, b], 'mesh', mesh.position);
      for (const option of mesh.netOptions) {
        if (connection.netOptions.some((other) => other.name === option.name)) continue;
        connection.netOptions.unshift({ ...option, inherited: true });
      }
      resource.unsettledConnections.push(connection);
    }
  }
}

const PROXY_IN_MESH =
  "There is a drbd-8.x proxy config syntax within an 'on' section and you are using\n" +
  "\tthe 'mesh' keyword from drbd-9.x syntax. That does not work together.\n\n" +
  '\tUse an explicit connection to configure a proxy and omit that pair of hosts\n\tfrom the mesh.';

function createImplicitConnection(run: ParseRun, resource: ResourceSection): void {
  if (resource.hosts.length > 2) {
    const text = `Resource ${resource.name}:\n\tUse explicit 'connection' sections (or a 'connection-mesh' section) with more than two 'on' sections.`;
    report(run, 'warning', text);
    return;
  }
  const [a, b] = resource.hosts.filter((host) => host.address !== undefined);
  if (a === undefined || b === undefined) return;
  resource.unsettledConnections.push(connectionBetween([a, b], 'implicit', NOWHERE));
}

function connectionBetween(
  hosts: readonly [HostSection, HostSection],
  origin: 'implicit' | 'mesh',
  position: Position,
): ConnectionSection {
  const endpoints = [endpointOf(hosts[0], position), endpointOf(hosts[1], position)];
  return newConnection(position, origin, [{ position, implicit: true, endpoints }]);
}

function endpointOf(host: HostSection, position: Position): EndpointSection {
  const name = host.kind === 'stacked' ? undefined : host.names[0];
  const endpoint = newEndpoint(position, name, undefined, undefined, 'host');
  endpoint.proxy = host.proxy;
  endpoint.host = host;
  return endpoint;
}

/** Finds the host section and the address of each endpoint. */
export function resolveEndpoints(run: ParseRun, resource: ResourceSection): void {
  for (const connection of resource.unsettledConnections) {
    for (const path of connection.paths) {
      for (const endpoint of path.endpoints) resolveEndpoint(run, resource, connection, endpoint);
    }
  }
}

function resolveEndpoint(
  run: ParseRun,
  resource: ResourceSection,
  connection: ConnectionSection,
  endpoint: EndpointSection,
): void {
  endpoint.host ??= hostOf(resource, endpoint);
  endpoint.resolvedAddress = addressOf(endpoint);
  if (endpoint.resolvedAddress !== undefined) return;
  if (connection.origin === 'mesh') {
    const name = endpoint.host?.names[0];
    const text = `"connection-mesh" (for "${resource.name}") with a host ("${name}") that has no "address" defined`;
    report(run, 'late', text);
    return;
  }
  const { file, line } = endpoint.position;
  if (endpoint.host === undefined) {
    report(
      run,
      'late',
      `${file}:${line}: in resource ${resource.name} a hostname ("${endpoint.name}") is given\n` +
        'with a "host" keyword, has no "address" keyword, and no matching\nhost section ("on" keyword)',
    );
    return;
  }
  const unknown = endpoint.port === undefined ? 'address and port' : 'address';
  const where = `${file}:${line}: Resource ${resource.name}, host ${endpoint.name}`;
  report(run, 'late', `${where}: cannot determine which ${unknown} to use`);
}

function hostOf(resource: ResourceSection, endpoint: EndpointSection): HostSection | undefined {
  const { address, name } = endpoint;
  if (endpoint.role === 'this') return resource.hosts.find((host) => host.kind === 'this');
  if (endpoint.role === 'remote') return undefined;
  if (name !== undefined) return findHost(resource, name);
  return resource.hosts.find((host) => {
    return host.address !== undefined && address !== undefined && sameAddress(host.address, address);
  });
}

function addressOf(endpoint: EndpointSection): EndpointSection['resolvedAddress'] {
  if (endpoint.address !== undefined) return endpoint.address;
  const address = endpoint.host?.address;
  if (address === undefined) return undefined;
  return endpoint.port === undefined ? address : { ...address, port: endpoint.port };
}

/** Marks the connections that this host has no end of. */
export function markIgnoredConnections(resource: ResourceSection): void {
  for (const connection of resource.unsettledConnections) {
    connection.ignored = connection.paths.some((path) => myEndpoint(resource, path) === undefined);
  }
}

export function myEndpoint(resource: ResourceSection, path: PathSection): EndpointSection | undefined {
  const { me } = resource;
  if (me === undefined) return undefined;
  return path.endpoints.find((endpoint) => endpoint.host === me || isNamedAs(endpoint, me));
}

function isNamedAs({ host, name }: EndpointSection, me: HostSection): boolean {
  return host === undefined && name !== undefined && me.names.some((candidate) => isSameHost(candidate, name));
}

export function peerEndpoint(resource: ResourceSection, path: PathSection): EndpointSection | undefined {
  const mine = myEndpoint(resource, path);
  return mine === undefined ? undefined : path.endpoints.find((endpoint) => endpoint !== mine);
}
