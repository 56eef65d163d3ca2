/** In which order outputs list what a resource has. Source: setup.md 4.1. */
import type { ConnectionState, DeviceState, NodeState, PeerDeviceState, ResourceState } from '@tsdrbd/engine/control';

const byteOrder = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

export const sortedResources = (node: NodeState): ResourceState[] =>
  [...node.resources].sort((a, b) => byteOrder(a.name, b.name));

export const sortedDevices = (resource: ResourceState): DeviceState[] =>
  [...resource.devices].sort((a, b) => a.volume - b.volume);

/** By name, unnamed ones last. */
export const sortedConnections = (resource: ResourceState): ConnectionState[] =>
  [...resource.connections].sort((a, b) =>
    a.name === '' || b.name === '' ? Number(a.name === '') - Number(b.name === '') : byteOrder(a.name, b.name),
  );

export const sortedPeerDevices = (connection: ConnectionState): PeerDeviceState[] =>
  [...connection.peerDevices].sort((a, b) => a.volume - b.volume);
