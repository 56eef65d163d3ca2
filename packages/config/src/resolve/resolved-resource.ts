/** From the completed and expanded section of a resource to this host's view of it. Sources: config.md 5, adm.md 3. */
import type {
  Address,
  ConnectionSection,
  EndpointSection,
  HostSection,
  OptionSetting,
  PathSection,
  ResolvedConnection,
  ResolvedHost,
  ResolvedOption,
  ResolvedPath,
  ResolvedProxy,
  ResolvedResource,
  ResolvedVolume,
  ResourceSection,
  VolumeSection,
} from '../model';
import { findVolume, hasDisk, settingOf } from '../model';
import { myEndpoint, peerEndpoint } from './connections';
import { peerHostNames, peerOf } from './peers';

/** `proxy-host`: one that only runs a proxy counts too; it sees what the host sees that its proxy works for. */
export type Viewer = 'drbd-host' | 'proxy-host';

/** Undefined if this host takes no part in it. The peers must have been computed. */
export function resolveResource(resource: ResourceSection, viewer: Viewer = 'drbd-host'): ResolvedResource | undefined {
  const { me } = resource;
  if (me === undefined || (resource.proxyOnly && viewer === 'drbd-host')) return undefined;
  return {
    name: resource.name,
    file: resource.position.file,
    line: resource.position.line,
    lowerResource: me.lower ?? null,
    nodeId: me.nodeId ?? '',
    hosts: resource.hosts.map((host) => resolveHost(host, me)),
    volumes: me.volumes.flatMap(resolveVolume),
    connections: resource.connections.flatMap((connection) => resolveConnection(resource, connection)),
    resourceOptions: known(resource.resource),
    netOptions: known(resource.net),
    startupOptions: known(resource.startup),
    stackedTimeouts: resource.stackedTimeouts,
    handlers: new Map(known(resource.handlers).map(({ name, value }) => [name, value])),
  };
}

function resolveHost(host: HostSection, me: HostSection): ResolvedHost {
  return { names: host.names, nodeId: host.nodeId ?? '', address: host.address ?? null, isMe: host === me };
}

function resolveVolume(volume: VolumeSection): readonly ResolvedVolume[] {
  const { minor } = volume;
  // Without a minor number the configuration is invalid, and nothing is planned from it.
  if (minor === undefined) return [];
  return [
    {
      number: volume.vnr,
      minor,
      deviceName: volume.device ?? `/dev/drbd${minor}`,
      isImplicit: volume.implicit,
      backing: hasDisk(volume) ? { disk: volume.disk, metaDisk: volume.metaDisk ?? { kind: 'internal' } } : null,
      diskOptions: known(volume.diskOptions),
      deviceOptions: known(volume.deviceOptions),
    },
  ];
}

function resolveConnection(resource: ResourceSection, connection: ConnectionSection): readonly ResolvedConnection[] {
  const peer = peerOf(resource, connection);
  if (connection.ignored || peer === undefined) return [];
  return [
    {
      position: connection.position,
      peerNodeId: connection.peerNodeId ?? peer.host?.nodeId ?? '',
      peerHostNames: peerHostNames(peer),
      name: settingOf(connection.netOptions, '_name') ?? '',
      netOptions: known(connection.netOptions),
      paths: connection.paths.flatMap((path) => resolvePath(resource, path)),
      peerDevices: connection.peerDevices.map(({ vnr, options }) => ({
        volumeNumber: vnr,
        peerHasDisk: hasDiskFor(peer, vnr),
        options: known(options),
      })),
    },
  ];
}

function hasDiskFor(peer: EndpointSection, vnr: number): boolean {
  const volume = findVolume(peer.host?.volumes ?? [], vnr);
  return volume !== undefined && hasDisk(volume);
}

function resolvePath(resource: ResourceSection, path: PathSection): readonly ResolvedPath[] {
  const mine = myEndpoint(resource, path);
  const peer = peerEndpoint(resource, path);
  const local = mine?.resolvedAddress;
  const target = mine === undefined || peer === undefined ? undefined : connectTo(mine, peer);
  if (mine === undefined || peer === undefined || local === undefined || target === undefined) return [];
  return [{ local, peer: target, proxy: resolveProxy(mine, peer, local) }];
}

function resolveProxy(mine: EndpointSection, peer: EndpointSection, local: Address): ResolvedProxy | null {
  const { proxy } = mine;
  const peerOutside = peer.proxy?.outside;
  if (proxy?.inside === undefined || proxy.outside === undefined || peerOutside === undefined) return null;
  return {
    hosts: proxy.hosts,
    hostNames: peerHostNames(mine),
    peerHostNames: peerHostNames(peer),
    peerProxyHosts: peer.proxy?.hosts ?? [],
    inside: proxy.inside,
    outside: proxy.outside,
    peerOutside,
    local,
    options: known(proxy.options),
    plugins: proxy.plugins.map(({ name }) => name),
  };
}

function connectTo(mine: EndpointSection, peer: EndpointSection): Address | undefined {
  return mine.proxy?.inside ?? peer.outsideAddress ?? peer.resolvedAddress;
}

/** Options that `_unknown` marks have no value and are not passed on. */
function known(options: readonly OptionSetting[]): readonly ResolvedOption[] {
  return options.flatMap(({ name, value }) => (value === undefined ? [] : [{ name, value }]));
}
