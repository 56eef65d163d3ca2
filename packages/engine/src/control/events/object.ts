/**
 * A resource taken apart into the objects that events2 speaks of, each without its children.
 */
import type {
  ConnectionState,
  DeviceState,
  EndpointAddress,
  PathState,
  PeerDeviceState,
  ResourceState,
} from '../schema/node-state';
import { promotionOf } from './promotion';
import type { Promotion } from './promotion';

export type ControlObject = ResourceObject | ConnectionObject | DeviceObject | PeerDeviceObject | PathObject;

export interface ResourceObject extends Omit<ResourceState, 'devices' | 'connections'> {
  readonly type: 'resource';
  readonly promotion: Promotion;
}
export interface ConnectionObject extends Omit<ConnectionState, 'paths' | 'peerDevices'> {
  readonly type: 'connection';
  readonly resourceName: string;
}
export interface DeviceObject extends DeviceState {
  readonly type: 'device';
  readonly resourceName: string;
}
export interface PeerDeviceObject extends PeerDeviceState {
  readonly type: 'peer-device';
  readonly resourceName: string;
  readonly peerNodeId: number;
  readonly connectionName: string;
  /** Of the device below; derived progress needs it. */
  readonly sizeSectors: number;
}
export interface PathObject extends PathState {
  readonly type: 'path';
  readonly resourceName: string;
  readonly peerNodeId: number;
  readonly connectionName: string;
}

/** In the order of a dump: resource, connections, devices, then for each connection its peer devices and paths. */
export function objectsOf(state: ResourceState): ControlObject[] {
  const { devices, connections, ...resource } = state;
  const resourceName = state.name;
  const objects: ControlObject[] = [{ type: 'resource', ...resource, promotion: promotionOf(state) }];
  for (const { paths: _paths, peerDevices: _peerDevices, ...connection } of connections) {
    objects.push({ type: 'connection', resourceName, ...connection });
  }
  for (const device of devices) objects.push({ type: 'device', resourceName, ...device });
  for (const { peerNodeId, name, peerDevices, paths } of connections) {
    const address = { resourceName, peerNodeId, connectionName: name };
    for (const peerDevice of peerDevices) {
      const sizeSectors = devices.find((each) => each.volume === peerDevice.volume)?.statistics.sizeSectors ?? 0;
      objects.push({ type: 'peer-device', ...address, ...peerDevice, sizeSectors });
    }
    for (const path of paths) objects.push({ type: 'path', ...address, ...path });
  }
  return objects;
}

/** Names one object within its resource. */
export function objectKey(object: ControlObject): string {
  switch (object.type) {
    case 'resource':
      return 'resource';
    case 'connection':
      return `connection ${object.peerNodeId}`;
    case 'device':
      return `device ${object.volume}`;
    case 'peer-device':
      return `peer-device ${object.peerNodeId} ${object.volume}`;
    case 'path':
      return `path ${object.peerNodeId} ${JSON.stringify([object.local, object.peer])}`;
  }
}

/** Whether both have the same key, without making it. */
export function isSameObject(a: ControlObject, b: ControlObject): boolean {
  switch (a.type) {
    case 'resource':
      return b.type === 'resource';
    case 'connection':
      return b.type === 'connection' && a.peerNodeId === b.peerNodeId;
    case 'device':
      return b.type === 'device' && a.volume === b.volume;
    case 'peer-device':
      return b.type === 'peer-device' && a.peerNodeId === b.peerNodeId && a.volume === b.volume;
    case 'path':
      return (
        b.type === 'path' &&
        a.peerNodeId === b.peerNodeId &&
        sameEndpoint(a.local, b.local) &&
        sameEndpoint(a.peer, b.peer)
      );
  }
}

const sameEndpoint = (a: EndpointAddress, b: EndpointAddress): boolean =>
  a.family === b.family && a.address === b.address && a.port === b.port;
