/**
 * `status --json`: the layout is part of the interface, blank after the connection state and all. Source: setup.md 4.5.
 * Strings are escaped, which the original does not do: the two differ only where the original's output is no JSON.
 */
import type {
  ConnectionState,
  DeviceState,
  EndpointAddress,
  NodeState,
  PathState,
  PeerDeviceState,
  ResourceState,
} from '@tsdrbd/engine/control';
import { sortedConnections, sortedDevices, sortedPeerDevices, sortedResources } from './order';
import { syncProgress, twoDecimals } from './sync-progress';
import { kib, resyncSuspendedList } from './words';

/** What `estimated-seconds-to-finish` says where nothing moves. */
const NEVER_SECONDS = '987654321';

export function renderStatusJson(node: NodeState): string {
  return `[\n${sortedResources(node).map(resourceObject).join(',\n')}]\n\n`;
}

function resourceObject(resource: ResourceState): string {
  const { suspended } = resource;
  const anySuspended = suspended.user || suspended.noData || suspended.fencing || suspended.quorum;
  const devices = sortedDevices(resource);
  const lines = [
    text('name', resource.name),
    plain('node-id', resource.nodeId),
    text('role', resource.role),
    plain('suspended', anySuspended),
    plain('suspended-user', suspended.user),
    plain('suspended-no-data', suspended.noData),
    plain('suspended-fencing', suspended.fencing),
    plain('suspended-quorum', suspended.quorum),
    plain('force-io-failures', resource.forceIoFailures),
    text('write-ordering', resource.writeOrdering),
    list('devices', 4, devices.map(deviceLines)),
    list(
      'connections',
      4,
      sortedConnections(resource).map((each) => connectionLines(each, devices)),
    ),
  ];
  return block(0, lines) + '\n';
}

function deviceLines(device: DeviceState): string[] {
  const { statistics } = device;
  return [
    plain('volume', device.volume),
    plain('minor', device.minor),
    text('disk-state', device.diskState),
    plain('client', device.client === 'yes'),
    plain('open', device.open === 'yes'),
    plain('quorum', device.quorum),
    plain('size', kib(statistics.sizeSectors)),
    plain('read', kib(statistics.readSectors)),
    plain('written', kib(statistics.writtenSectors)),
    plain('al-writes', statistics.alWriteCount),
    plain('bm-writes', statistics.bmWriteCount),
    plain('upper-pending', statistics.upperPendingCount),
    plain('lower-pending', statistics.lowerPendingCount),
  ];
}

function connectionLines(connection: ConnectionState, devices: readonly DeviceState[]): string[] {
  return [
    plain('peer-node-id', connection.peerNodeId),
    text('name', connection.name),
    // The comma that follows every line is followed by a blank here.
    text('connection-state', connection.connectionState) + TRAILING_BLANK,
    plain('congested', connection.congested),
    text('peer-role', connection.peerRole),
    plain('tls', connection.tls),
    plain('ap-in-flight', connection.apInFlightSectors),
    plain('rs-in-flight', connection.rsInFlightSectors),
    list('paths', 8, connection.paths.map(pathLines)),
    list(
      'peer_devices',
      8,
      sortedPeerDevices(connection).map((each) => peerDeviceLines(each, devices)),
    ),
  ];
}

function pathLines(path: PathState): string[] {
  return [
    `"this_host": ${endpoint(path.local)}`,
    `"remote_host": ${endpoint(path.peer)}`,
    plain('established', path.established),
  ];
}

function endpoint({ address, port, family }: EndpointAddress): string {
  return block(10, [text('address', address), plain('port', port), text('family', family)]).trimStart();
}

function peerDeviceLines(peer: PeerDeviceState, devices: readonly DeviceState[]): string[] {
  const { statistics } = peer;
  const progress = syncProgress(peer);
  const verify = progress?.sync.verify ?? null;
  const verifying = verify !== null && verify.leftSectors !== 0;
  const sizeSectors = devices.find((each) => each.volume === peer.volume)?.statistics.sizeSectors ?? 0;
  const inSync = sizeSectors === 0 ? 0 : 100 * (1 - statistics.outOfSyncSectors / sizeSectors);
  const lines = [
    plain('volume', peer.volume),
    text('replication-state', peer.replicationState),
    text('peer-disk-state', peer.peerDiskState),
    plain('peer-client', peer.peerClient === 'yes'),
    text('resync-suspended', resyncSuspendedList(peer.resyncSuspended)),
    plain('received', kib(statistics.receivedSectors)),
    plain('sent', kib(statistics.sentSectors)),
    plain('out-of-sync', kib(statistics.outOfSyncSectors)),
    plain('pending', statistics.pendingCount),
    plain('unacked', statistics.unackedCount),
    plain('has-sync-details', progress !== null),
    plain('has-online-verify-details', verifying),
    plain('percent-in-sync', twoDecimals(inSync)),
  ];
  if (progress === null) return lines;
  const { sync } = progress;
  const eta = progress.secondsLeft;
  return [
    ...lines,
    plain('rs-total', sync.totalSectors),
    plain('rs-dt-start-ms', sync.startMs),
    plain('rs-paused-ms', sync.pausedMs),
    plain('rs-dt0-ms', sync.mark0Ms),
    plain('rs-db0-sectors', sync.mark0Sectors),
    plain('rs-dt1-ms', sync.mark1Ms),
    plain('rs-db1-sectors', sync.mark1Sectors),
    ...(verifying
      ? [
          plain('ov-start-sector', verify.startSector),
          plain('ov-stop-sector', verify.stopSector ?? -1),
          plain('ov-position', verify.positionSector),
          plain('ov-left', verify.leftSectors),
          plain('ov-skipped', verify.skippedSectors),
        ]
      : [plain('rs-failed', sync.failedSectors), plain('rs-same-csum', sync.sameChecksumSectors)]),
    plain('want', twoDecimals(progress.wantMibPerSecond)),
    plain('db0/dt0 [MiB/s]', twoDecimals(progress.mark0MibPerSecond)),
    plain('db1/dt1 [MiB/s]', twoDecimals(progress.mark1MibPerSecond)),
    plain('estimated-seconds-to-finish', eta === null ? NEVER_SECONDS : eta.toFixed(0)),
    plain('db/dt [MiB/s]', twoDecimals(progress.averageMibPerSecond)),
    plain('percent-resync-done', twoDecimals(progress.donePercent)),
  ];
}

const TRAILING_BLANK = '\0';

const text = (key: string, value: string): string => `"${key}": ${JSON.stringify(value)}`;
const plain = (key: string, value: string | number | boolean): string => `"${key}": ${value}`;

/** `{`, the members indented by two more columns, `}`. */
function block(indent: number, members: readonly string[]): string {
  const pad = ' '.repeat(indent);
  const body = members.map((member, at) => {
    const last = at === members.length - 1;
    const trailing = member.endsWith(TRAILING_BLANK);
    return `${pad}  ${trailing ? member.slice(0, -1) : member}${last ? '' : ','}${trailing ? ' ' : ''}\n`;
  });
  return `${pad}{\n${body.join('')}${pad}}`;
}

/** A list of objects: its end stands on the line of the last object's end. */
function list(key: string, indent: number, objects: ReadonlyArray<readonly string[]>): string {
  return `"${key}": [\n${objects.map((members) => block(indent, members)).join(',\n')} ]`;
}
