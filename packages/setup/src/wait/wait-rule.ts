/** When a wait is over. Source: setup.md 7.4. */
import { REPLICATION_STATE_NAMES } from '@tsdrbd/engine/control';
import type { ConnectionState, PeerDeviceState, ResourceState } from '@tsdrbd/engine/control';
import type { WaitTimeouts } from './wait-options';

export type WaitGoal = 'connect' | 'sync';

export interface WaitTarget {
  readonly resourceName: string;
  /** Null: all of them. */
  readonly peerNodeId: number | null;
  readonly volume: number | null;
}

export interface WaitedFor {
  readonly connection: ConnectionState;
  readonly peerDevice: PeerDeviceState;
}

export function waitedFor(resource: ResourceState, target: WaitTarget): WaitedFor[] {
  return resource.connections
    .filter((connection) => target.peerNodeId === null || connection.peerNodeId === target.peerNodeId)
    .flatMap((connection) =>
      connection.peerDevices
        .filter((peerDevice) => target.volume === null || peerDevice.volume === target.volume)
        .map((peerDevice) => ({ connection, peerDevice })),
    );
}

export function reached(goal: WaitGoal, { peerDevice }: WaitedFor): boolean {
  const { replicationState } = peerDevice;
  return goal === 'sync'
    ? replicationState === 'Established'
    : REPLICATION_STATE_NAMES.indexOf(replicationState) >= REPLICATION_STATE_NAMES.indexOf('Established');
}

/** It will not connect by itself, so there is nothing to wait for. */
export function givenUp({ connection }: WaitedFor): boolean {
  return connection.connectionState === 'StandAlone' || connection.connectionState === 'Disconnecting';
}

/** Chosen when the wait begins, from what is recorded about the peer. 0: forever. */
export function timeoutSeconds({ peerDevice }: WaitedFor, timeouts: WaitTimeouts): number {
  const { generation } = peerDevice;
  if (generation.peerOutdated) return timeouts.outdatedWfcSeconds;
  if (generation.crashedPrimary && !generation.peerConnected) return timeouts.degrWfcSeconds;
  return timeouts.wfcSeconds;
}

export const keyOf = ({ connection, peerDevice }: WaitedFor): string => `${connection.peerNodeId}/${peerDevice.volume}`;
