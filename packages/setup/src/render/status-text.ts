/** `status` as text, to the byte. Source: setup.md 4.1 to 4.3; version 9.34. */
import { isBeyondEstablished } from '@tsdrbd/engine/control';
import type { ConnectionState, DeviceState, NodeState, PeerDeviceState, ResourceState } from '@tsdrbd/engine/control';
import { LineWriter } from './line-writer';
import type { Paint } from './color';
import { sortedConnections, sortedDevices, sortedPeerDevices, sortedResources } from './order';
import { detailTokens, syncProgress, twoDecimals } from './sync-progress';
import { blockedList, kib, resyncSuspendedList, suspendedList, yesNo } from './words';

export interface StatusStyle {
  /** 0, 1 or 2 times `--verbose`. */
  readonly verbosity: number;
  readonly statistics: boolean;
  readonly isTerminal: boolean;
  readonly widthColumns: number;
  readonly paint: Paint;
}

export const DEFAULT_WIDTH_COLUMNS = 80;

export function renderStatus(node: NodeState, style: StatusStyle): string {
  return sortedResources(node)
    .map((resource) => renderResource(resource, style))
    .join('');
}

function renderResource(resource: ResourceState, style: StatusStyle): string {
  const out = new LineWriter(style.widthColumns);
  const verbose = style.verbosity > 0;
  const suspended = suspendedList(resource.suspended);

  out.setIndent(0);
  out.token(resource.name);
  out.setIndent(4);
  if (verbose) out.token(`node-id:${resource.nodeId}`);
  out.token(`role:${style.paint.role(resource.role, 'local')}`);
  if (verbose || suspended !== 'no') out.token(`suspended:${suspended}`);
  if (verbose || resource.forceIoFailures) {
    out.token(`force-io-failures:${style.paint.forceIoFailures(yesNo(resource.forceIoFailures))}`);
  }
  if (verbose && style.statistics) {
    out.newline();
    out.token(`write-ordering:${resource.writeOrdering}`);
  }
  out.newline();

  const showsVolume = verbose || !isOnlyVolumeZero(resource);
  for (const device of sortedDevices(resource)) renderDevice(out, device, showsVolume, style);
  for (const connection of sortedConnections(resource)) {
    renderConnection(out, connection, style);
    if (!verbose && !style.statistics && connection.connectionState !== 'Connected') continue;
    for (const peerDevice of sortedPeerDevices(connection)) renderPeerDevice(out, peerDevice, showsVolume, style);
  }
  out.newline();
  return out.text();
}

function renderDevice(out: LineWriter, device: DeviceState, showsVolume: boolean, style: StatusStyle): void {
  const { paint, statistics } = style;
  const verbose = style.verbosity > 0;
  const counters = device.statistics;
  const blocked = blockedList(counters);

  out.setIndent(2);
  if (showsVolume) {
    out.token(`volume:${device.volume}`);
    out.setIndent(6);
  }
  if (verbose) out.token(`minor:${device.minor}`);
  out.token(`disk:${paint.disk(device.diskState, 'local', device.client === 'yes')}`);
  if (device.diskState === 'Diskless' && (verbose || !style.isTerminal)) out.token(`client:${device.client}`);
  if (verbose) out.token(`backing_dev:${device.backing?.dataDevice ?? 'none'}`);
  if (verbose || !device.quorum) out.token(`quorum:${paint.quorum(yesNo(device.quorum))}`);
  if (verbose || device.open !== 'unknown') out.token(`open:${paint.open(device.open)}`);
  out.setIndent(6);
  if (statistics) {
    out.newline();
    if (verbose) out.token(`size:${kib(counters.sizeSectors)}`);
    out.token(`read:${kib(counters.readSectors)}`);
    out.token(`written:${kib(counters.writtenSectors)}`);
    if (verbose) {
      out.token(`al-writes:${counters.alWriteCount}`);
      out.token(`bm-writes:${counters.bmWriteCount}`);
      out.token(`upper-pending:${counters.upperPendingCount}`);
      out.token(`lower-pending:${counters.lowerPendingCount}`);
      out.token(`al-suspended:${yesNo(counters.alSuspended)}`);
    }
  }
  if (verbose || blocked !== 'no') out.token(`blocked:${blocked}`);
  out.newline();
}

function renderConnection(out: LineWriter, connection: ConnectionState, style: StatusStyle): void {
  const { paint } = style;
  const verbose = style.verbosity > 0;
  const connected = connection.connectionState === 'Connected';

  out.setIndent(2);
  if (connection.name !== '') out.token(connection.name);
  if (verbose || connection.name === '') out.token(`node-id:${connection.peerNodeId}`);
  out.setIndent(6);
  if (verbose || !connected) out.token(`connection:${paint.connection(connection.connectionState)}`);
  if (verbose || connected) out.token(`role:${paint.role(connection.peerRole, 'peer')}`);
  if (verbose || (connection.tls && connected)) out.token(`tls:${yesNo(connection.tls)}`);
  if (verbose || connection.congested) {
    out.token(`congested:${yesNo(connection.congested)}`);
    out.token(`ap-in-flight:${connection.apInFlightSectors}`);
    out.token(`rs-in-flight:${connection.rsInFlightSectors}`);
  }
  out.newline();
}

function renderPeerDevice(out: LineWriter, peer: PeerDeviceState, showsVolume: boolean, style: StatusStyle): void {
  const { paint, statistics } = style;
  const verbose = style.verbosity > 0;
  const progress = syncProgress(peer);

  out.setIndent(4);
  // The first token, whichever it is, ends the entry's own indent.
  let first = true;
  const token = (text: string): void => {
    out.token(text);
    if (first) out.setIndent(8);
    first = false;
  };
  if (showsVolume) token(`volume:${peer.volume}`);
  if (verbose || isBeyondEstablished(peer.replicationState)) {
    token(`replication:${paint.replication(peer.replicationState)}`);
  }
  if (verbose || statistics || peer.replicationState !== 'Off' || peer.peerDiskState !== 'DUnknown') {
    const suspended = resyncSuspendedList(peer.resyncSuspended);
    token(`peer-disk:${paint.disk(peer.peerDiskState, 'peer', peer.peerClient === 'yes')}`);
    if (peer.peerDiskState === 'Diskless' && (verbose || !style.isTerminal)) token(`peer-client:${peer.peerClient}`);
    if (progress !== null) token(`done:${twoDecimals(progress.donePercent)}`);
    if (verbose || suspended !== 'no') token(`resync-suspended:${suspended}`);
    if (statistics) {
      out.newline();
      token(`received:${kib(peer.statistics.receivedSectors)}`);
      token(`sent:${kib(peer.statistics.sentSectors)}`);
      const outOfSyncKib = kib(peer.statistics.outOfSyncSectors);
      if (verbose || outOfSyncKib !== 0) token(`out-of-sync:${outOfSyncKib}`);
      if (verbose) {
        token(`pending:${peer.statistics.pendingCount}`);
        token(`unacked:${peer.statistics.unackedCount}`);
        if (progress !== null)
          for (const each of detailTokens(progress, style.verbosity > 1 ? 'full' : 'brief')) token(each);
      }
    }
  }
  out.newline();
}

function isOnlyVolumeZero(resource: ResourceState): boolean {
  return resource.devices.length === 1 && resource.devices[0]?.volume === 0;
}
