/**
 * The fence-peer handler: before this node goes on alone, the peer's disk has to be known as outdated.
 * Source: behaviour.md 8.2, with the corrections of errata.md (exit 6).
 */
import { Conn, Disk, Role } from '../../wire';
import type { Connection } from '../connection/connection';
import { endFencing } from './suspension';

export type FenceOutcome = 'fenced' | 'failed' | 'peer-is-primary';

/** Exit codes of the handler. */
const EXIT = { PEER_INCONSISTENT: 3, PEER_OUTDATED: 4, PEER_DOWN: 5, PEER_PRIMARY: 6, PEER_STONITHED: 7 } as const;

/** After a connection was lost: a Primary that does not know what became of the peer's disk asks the handler. */
export function fenceAfterLoss(connection: Connection): void {
  const { resource, net } = connection;
  if (net.fencing === 'dont-care' || resource.role !== Role.Primary) return;
  if (connection.conn >= Conn.WFReportParams) return;
  const peerDevices = [...connection.peerDevices.values()];
  if (!peerDevices.some(({ pdsk }) => pdsk === Disk.DUnknown)) return;
  if (!peerDevices.some(({ device }) => device.diskState >= Disk.Consistent)) {
    connection.log('info', 'Not fencing peer, I am not even Consistent myself.');
    endFencing(resource, 'lost');
    return;
  }
  fencePeer(connection, () => undefined);
}

/** The outcome is in the states before `done` runs. A connection that came meanwhile makes it void. */
export function fencePeer(connection: Connection, done: (outcome: FenceOutcome) => void): void {
  const { resource, session } = connection;
  resource.runHandler('fence-peer', { connection }, (exitCode) => {
    if (session !== connection.session || connection.conn >= Conn.WFReportParams) {
      connection.log('info', 'Ignoring the result of fence-peer: the peer is connected, or was meanwhile');
      return done('failed');
    }
    const pdsk = knownDiskOf(connection, exitCode);
    if (exitCode === EXIT.PEER_PRIMARY) {
      connection.log('warn', 'Peer is primary, outdating myself.');
      // A running Primary is not stopped by it.
      if (resource.role !== Role.Primary) {
        resource.states.make(
          ({ device }) => (device.diskState > Disk.Outdated ? { disk: Disk.Outdated } : null),
          'forced',
        );
      }
      return done('peer-is-primary');
    }
    if (pdsk === null) {
      connection.log('error', `fence-peer helper broken, returned ${exitCode}`);
      return done('failed');
    }
    resource.states.make(
      ({ peerDevice }) => (peerDevice?.connection === connection && peerDevice.pdsk > Disk.Outdated ? { pdsk } : null),
      'forced',
    );
    endFencing(resource, 'lost');
    done('fenced');
  });
}

function knownDiskOf(connection: Connection, exitCode: number): number | null {
  switch (exitCode) {
    case EXIT.PEER_INCONSISTENT:
      connection.log('info', 'fence-peer helper returned 3 (peer is inconsistent or worse)');
      return Disk.Inconsistent;
    case EXIT.PEER_OUTDATED:
      connection.log('info', 'fence-peer helper returned 4 (peer was fenced)');
      return Disk.Outdated;
    case EXIT.PEER_DOWN: {
      const disks = [...connection.peerDevices.values()].map(({ device }) => device.diskState);
      connection.log('info', 'fence-peer helper returned 5 (peer is unreachable, assumed to be dead)');
      return Math.max(...disks) === Disk.UpToDate ? Disk.Outdated : null;
    }
    case EXIT.PEER_STONITHED:
      if (connection.net.fencing !== 'resource-and-stonith') {
        connection.log('error', 'fence-peer() = 7 && fencing != Stonith !!!');
      }
      return Disk.Outdated;
    default:
      return null;
  }
}

/** After a resync as source: nothing keeps the peer from being promoted any more. Source: behaviour.md 7.6. */
export function unfencePeer(connection: Connection): void {
  if (connection.net.fencing === 'dont-care') return;
  const isCurrent = [...connection.peerDevices.values()].every(
    ({ device, pdsk }) => device.diskState === Disk.UpToDate && pdsk === Disk.UpToDate,
  );
  if (isCurrent) connection.resource.runHandler('unfence-peer', { connection });
}
