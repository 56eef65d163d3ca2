/** `status --json` of a real node, read back into a node's state; what only the text form says is read from there. */
import type { NodeState, ResyncSuspendFlags, SyncDetails } from '@tsdrbd/engine/control';
import {
  INTERNAL_BACKING,
  connectionState,
  deviceState,
  deviceStatistics,
  peerDeviceState,
  peerDeviceStatistics,
  resourceState,
  syncDetails,
} from '@tsdrbd/engine/control/testing';

/* eslint-disable @typescript-eslint/no-explicit-any -- recorded data of a known shape */

export interface RecordedStatus {
  readonly text: string;
  readonly json: string;
}

export function recordedStatuses(transcript: string): RecordedStatus[] {
  return transcript
    .split(/^\$ drbdsetup status r0 --verbose --statistics\n/m)
    .slice(1)
    .map((part) => {
      const [text = '', json = ''] = part.split(/^\$ drbdsetup status r0 --json\n/m);
      return { text: text.trimEnd(), json: json.trimEnd() };
    });
}

export function nodeStateOf({ text, json }: RecordedStatus): NodeState {
  const backing = text.match(/backing_dev:(\S+)/)?.[1];
  const ownLine = text.slice(text.indexOf('  volume:'));
  return {
    resources: JSON.parse(json).map((resource: any) =>
      resourceState({
        name: resource.name,
        nodeId: resource['node-id'],
        role: resource.role,
        suspended: {
          user: resource['suspended-user'],
          noData: resource['suspended-no-data'],
          fencing: resource['suspended-fencing'],
          quorum: resource['suspended-quorum'],
        },
        forceIoFailures: resource['force-io-failures'],
        writeOrdering: resource['write-ordering'],
        devices: resource.devices.map((device: any) =>
          deviceState({
            volume: device.volume,
            minor: device.minor,
            diskState: device['disk-state'],
            client: device.client ? 'yes' : 'no',
            quorum: device.quorum,
            backing: backing === undefined || backing === 'none' ? null : { ...INTERNAL_BACKING, dataDevice: backing },
            statistics: deviceStatistics({
              sizeSectors: device.size * 2,
              readSectors: device.read * 2,
              writtenSectors: device.written * 2,
              alWriteCount: device['al-writes'],
              bmWriteCount: device['bm-writes'],
              upperPendingCount: device['upper-pending'],
              lowerPendingCount: device['lower-pending'],
              alSuspended: ownLine.includes('al-suspended:yes'),
              upperBlocked: ownLine.includes('blocked:upper'),
              lowerBlocked: /blocked:(upper,)?lower/.test(ownLine),
            }),
          }),
        ),
        connections: resource.connections.map((connection: any) =>
          connectionState({
            peerNodeId: connection['peer-node-id'],
            name: connection.name,
            connectionState: connection['connection-state'],
            peerRole: connection['peer-role'],
            congested: connection.congested,
            apInFlightSectors: connection['ap-in-flight'],
            rsInFlightSectors: connection['rs-in-flight'],
            peerDevices: connection.peer_devices.map((peer: any) =>
              peerDeviceState({
                volume: peer.volume,
                replicationState: peer['replication-state'],
                peerDiskState: peer['peer-disk-state'],
                peerClient: peer['peer-client'] ? 'yes' : 'no',
                resyncSuspended: resyncSuspendFlags(peer['resync-suspended']),
                statistics: peerDeviceStatistics({
                  receivedSectors: peer.received * 2,
                  sentSectors: peer.sent * 2,
                  outOfSyncSectors: peer['out-of-sync'] * 2,
                  pendingCount: peer.pending,
                  unackedCount: peer.unacked,
                }),
                sync: peer['has-sync-details'] ? syncOf(peer) : null,
              }),
            ),
          }),
        ),
      }),
    ),
  };
}

function syncOf(peer: any): SyncDetails {
  return syncDetails({
    totalSectors: peer['rs-total'],
    startMs: peer['rs-dt-start-ms'],
    pausedMs: peer['rs-paused-ms'],
    mark0Ms: peer['rs-dt0-ms'],
    mark0Sectors: peer['rs-db0-sectors'],
    mark1Ms: peer['rs-dt1-ms'],
    mark1Sectors: peer['rs-db1-sectors'],
    failedSectors: peer['rs-failed'] ?? 0,
    sameChecksumSectors: peer['rs-same-csum'] ?? 0,
    wantKibPerSecond: peer.want * 1024,
  });
}

export function resyncSuspendFlags(list: string): ResyncSuspendFlags {
  const words = list.split(',');
  return { user: words.includes('user'), peer: words.includes('peer'), dependency: words.includes('dependency') };
}
