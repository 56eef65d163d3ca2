/**
 * An engine without disks or links, to try the way between program and backend with: objects come and go, states
 * change as commands say, and what real DRBD refuses for want of an object is refused with its number.
 */
import type { ControlBackend, ControlEvent, ControlReply } from '../control-backend';
import type { ConnectionState, DeviceState, NodeState, ResourceState } from '../schema/node-state';
import type { ControlRequest, PeerAddress, RequestOf } from '../schema/request';
import { ERR, NO_ERROR, SS } from '../schema/reply-codes';
import { connectionState, deviceState, peerDeviceState, resourceState } from './states';

const OK: ControlReply = { code: NO_ERROR, messages: [] };
const refuse = (code: number, ...messages: string[]): ControlReply => ({ code, messages });

export class FakeBackend implements ControlBackend {
  readonly requests: ControlRequest[] = [];
  private readonly resources = new Map<string, ResourceState>();
  private readonly listeners = new Set<(event: ControlEvent) => void>();

  constructor(resources: readonly ResourceState[] = []) {
    for (const resource of resources) this.resources.set(resource.name, resource);
  }

  snapshot(): NodeState {
    return { resources: [...this.resources.values()] };
  }

  subscribe(listener: (event: ControlEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  get subscriberCount(): number {
    return this.listeners.size;
  }

  emit(event: ControlEvent): void {
    for (const listener of this.listeners) listener(event);
  }

  /** Puts a resource into a state, as a change of the real engine would. */
  put(resource: ResourceState): void {
    this.resources.set(resource.name, resource);
    this.emit({ kind: 'changed', resource });
  }

  async execute(request: ControlRequest): Promise<ControlReply> {
    this.requests.push(request);
    switch (request.command) {
      case 'new-resource':
        if (!this.resources.has(request.resource)) {
          const { resource: name, nodeId, options = {} } = request;
          this.put(resourceState({ name, nodeId, options }));
        }
        return OK;
      case 'new-minor':
        return this.onResource(request.resource, (resource) => this.newMinor(resource, request));
      case 'new-peer':
        return this.onResource(request.resource, (resource) => this.newPeer(resource, request));
      case 'new-path':
        return this.onConnection(request, (connection) => {
          const { local, peer } = request;
          return { ...connection, paths: [...connection.paths, { local, peer, established: false }] };
        });
      case 'connect':
        return this.onConnection(request, (connection) =>
          connection.paths.length === 0
            ? refuse(ERR.ERR_INVALID_REQUEST, 'connection endpoint(s) missing')
            : { ...connection, connectionState: 'Connecting' },
        );
      case 'disconnect':
        return this.onConnection(request, (connection) => ({ ...connection, connectionState: 'StandAlone' }));
      case 'attach':
        return this.onDevice(request.minor, (device) =>
          device.diskState === 'Diskless'
            ? {
                ...device,
                diskState: 'Inconsistent',
                diskOptions: request.options ?? {},
                backing: {
                  dataDevice: request.dataDevice,
                  metaDevice: request.metaDevice,
                  metaIndex: request.metaIndex,
                },
              }
            : refuse(ERR.ERR_DISK_CONFIGURED),
        );
      case 'detach':
        return this.onDevice(request.minor, (device) => ({ ...device, diskState: 'Diskless', backing: null }));
      case 'primary':
        return this.onResource(request.resource, (resource) => {
          const hasData = resource.devices.every((device) => device.diskState === 'UpToDate');
          if (!hasData && request.force !== true) return refuse(SS.SS_NO_UP_TO_DATE_DISK);
          const devices = resource.devices.map((device): DeviceState => ({ ...device, diskState: 'UpToDate' }));
          return { ...resource, role: 'Primary', devices };
        });
      case 'secondary':
        return this.onResource(request.resource, (resource) => ({ ...resource, role: 'Secondary' }));
      case 'down':
        return this.remove(request.resource);
      case 'del-resource':
        return this.resources.get(request.resource)?.devices.length === 0
          ? this.remove(request.resource)
          : refuse(ERR.ERR_RES_IN_USE);
      case 'del-minor':
        return this.onResourceOf(request.minor, (resource) => ({
          ...resource,
          devices: resource.devices.filter(({ minor }) => minor !== request.minor),
        }));
      default:
        return refuse(ERR.ERR_INVALID_REQUEST, `the fake knows no ${request.command}`);
    }
  }

  private remove(resourceName: string): ControlReply {
    if (!this.resources.delete(resourceName)) return refuse(ERR.ERR_RES_NOT_KNOWN, 'unknown resource');
    this.emit({ kind: 'removed', resourceName });
    return OK;
  }

  private onResourceOf(minor: number, change: (resource: ResourceState) => ResourceState): ControlReply {
    const owner = [...this.resources.values()].find(({ devices }) => devices.some((each) => each.minor === minor));
    return owner === undefined ? refuse(ERR.ERR_MINOR_INVALID, 'unknown minor') : this.onResource(owner.name, change);
  }

  private newMinor(resource: ResourceState, request: RequestOf<'new-minor'>): ResourceState | ControlReply {
    if (resource.devices.some((device) => device.volume === request.volume)) {
      return refuse(ERR.ERR_MINOR_OR_VOLUME_EXISTS);
    }
    const { minor, volume, options = {} } = request;
    const client = options['diskless'] === true ? 'yes' : 'no';
    const device = deviceState({ minor, volume, client, diskState: 'Diskless', backing: null, deviceOptions: options });
    return { ...resource, devices: [...resource.devices, device] };
  }

  private newPeer(resource: ResourceState, request: RequestOf<'new-peer'>): ResourceState | ControlReply {
    const { peerNodeId, options = {} } = request;
    if (resource.connections.some((each) => each.peerNodeId === peerNodeId)) {
      return refuse(ERR.ERR_INVALID_REQUEST, `Connection for peer node id ${peerNodeId} already exists`);
    }
    const { _name: name = '', ...netOptions } = options;
    const peerDevices = resource.devices.map(({ volume }) =>
      peerDeviceState({ volume, replicationState: 'Off', peerDiskState: 'DUnknown' }),
    );
    const connection = connectionState({
      peerNodeId,
      name: String(name),
      netOptions,
      peerDevices,
      connectionState: 'StandAlone',
      peerRole: 'Unknown',
    });
    return { ...resource, connections: [...resource.connections, connection] };
  }

  private onResource(name: string, change: (resource: ResourceState) => ResourceState | ControlReply): ControlReply {
    const resource = this.resources.get(name);
    if (resource === undefined) return refuse(ERR.ERR_RES_NOT_KNOWN, 'unknown resource');
    const result = change(resource);
    if ('code' in result) return result;
    this.put(result);
    return OK;
  }

  private onConnection(
    { resource: name, peerNodeId }: PeerAddress,
    change: (connection: ConnectionState) => ConnectionState | ControlReply,
  ): ControlReply {
    return this.onResource(name, (resource) => {
      const connection = resource.connections.find((each) => each.peerNodeId === peerNodeId);
      if (connection === undefined) return refuse(ERR.ERR_INVALID_REQUEST, 'unknown connection');
      const result = change(connection);
      if ('code' in result) return result;
      return { ...resource, connections: resource.connections.map((each) => (each === connection ? result : each)) };
    });
  }

  private onDevice(minor: number, change: (device: DeviceState) => DeviceState | ControlReply): ControlReply {
    for (const resource of this.resources.values()) {
      const device = resource.devices.find((each) => each.minor === minor);
      if (device === undefined) continue;
      const result = change(device);
      if ('code' in result) return result;
      this.put({ ...resource, devices: resource.devices.map((each) => (each === device ? result : each)) });
      return OK;
    }
    return refuse(ERR.ERR_MINOR_INVALID, 'unknown minor');
  }
}
