/** Carries out control requests on the core's objects. Checks and their numbers: setup.md 2 and 3. */
import { EventEmitter } from 'node:events';
import type { Logger } from 'pino';
import {
  CONNECTION_STATE_NAMES,
  ERR,
  NO_ERROR,
  SS,
  isSuccess,
  type ControlBackend,
  type ControlEvent,
  type ControlReply,
  type ControlRequest,
  type NodeState,
  type OptionValues,
  type RequestOf,
} from '../control';
import {
  Connection,
  Device,
  Resource,
  attach,
  changeNetOptions,
  checkNetOptions,
  demote,
  detach,
  disconnect,
  diskOptions,
  forgetPeer,
  invalidate,
  invalidateRemote,
  netOptions,
  newCurrentUuid,
  outdate,
  peerDeviceOptions,
  promote,
  resize,
  resumeByAdministrator,
  resyncAfterProblem,
  setPause,
  startVerify,
  suspendByAdministrator,
  type HandlerCall,
  type Host,
  type PeerDevice,
} from '../core';
import type { TcpTransport } from '../transport';
import { Conn } from '../wire';
import { AutoPromotion, type DemotionHooks } from './auto-promotion';
import type { HandlerSubject } from './handlers/handler-variables';
import { PathFinder } from './link-finder';
import { messageOf } from './message-of';
import { openDisk } from './open-disk';
import { reply } from './reply';
import {
  attachRefusal,
  connectRefusal,
  delPathRefusal,
  delResourceRefusal,
  invalidateRefusal,
  invalidateRemoteRefusal,
  newMinorRefusal,
  newPathRefusal,
  newPeerRefusal,
  newResourceRefusal,
  peerNodeIdRefusal,
  renameRefusal,
  samePath,
  unknownConnection,
  unknownMinor,
  unknownResource,
  unknownVolume,
  type KnownPath,
} from './request-checks';
import { ResyncOrder } from './resync-order';
import { resourceState } from './snapshot';

/** Where volumes become reachable for applications. */
export interface VolumeExporter {
  publish(device: Device, autoPromotion: AutoPromotion): Promise<void>;
  withdraw(device: Device): Promise<void>;
  /** Something that status would show is different. */
  changed(resource: Resource): void;
  /** Whether a path is a device of this engine's own. */
  owns(path: string): boolean;
  /** When what follows from the last change is done, so that a command that was answered can be relied on. */
  settled(resource: Resource): Promise<void>;
  /** Around a demotion. Null: it needs nothing. */
  readonly demotion: DemotionHooks | null;
}

export interface BackendDependencies {
  readonly host: Host;
  readonly transport: TcpTransport;
  readonly exporter: VolumeExporter;
  readonly log: Logger;
}

const OK = reply(NO_ERROR);

export class Backend implements ControlBackend {
  private readonly resources = new Map<string, Resource>();
  private readonly autoPromotions = new WeakMap<Resource, AutoPromotion>();
  private readonly events = new EventEmitter().setMaxListeners(0);

  constructor(private readonly dependencies: BackendDependencies) {}

  snapshot(): NodeState {
    return { resources: [...this.resources.values()].map((resource) => this.state(resource)) };
  }

  subscribe(listener: (event: ControlEvent) => void): () => void {
    this.events.on('event', listener);
    return () => void this.events.off('event', listener);
  }

  /** `listener` hears that there was a change, which costs next to nothing. */
  onTouched(listener: () => void): void {
    this.events.on('touched', listener);
  }

  emit(event: ControlEvent): void {
    this.events.emit('event', event);
  }

  /** Every disk released, every connection closed: the daemon ends. */
  async shutdown(): Promise<void> {
    for (const resource of [...this.resources.values()]) await this.down(resource, 'forced');
  }

  async execute(request: ControlRequest): Promise<ControlReply> {
    switch (request.command) {
      case 'new-resource':
        return this.newResource(request);
      case 'new-minor':
        return this.newMinor(request);
      case 'attach':
        return this.withDevice(request.minor, (device) => this.attach(device, request));
      case 'detach':
        return this.withDevice(request.minor, async (device) => {
          const mode = request.force === true ? 'forced' : 'graceful';
          const result = await code((done) => detach(device, mode, done));
          if (request.diskless !== true || !isSuccess(result.code)) return result;
          device.deviceOptionValues = { ...device.deviceOptionValues, diskless: true };
          device.resource.changed();
          return result;
        });
      case 'del-minor':
        return this.withDevice(request.minor, (device) => this.delMinor(device));
      case 'disk-options':
        return this.withDevice(request.minor, (device) => {
          const values = merged(device.diskOptionValues, request);
          const options = diskOptions(values);
          const problem = resyncAfterProblem(device.minor, options.resyncAfterMinor, this.deviceOf);
          if (problem !== NO_ERROR) return reply(problem);
          device.diskOptionValues = values;
          device.diskOptions = options;
          this.resyncOrder.noteOptions(device);
          device.resource.changed();
          return OK;
        });
      case 'invalidate':
        return this.withDevice(
          request.minor,
          (device) => invalidateRefusal(request, device) ?? code((done) => invalidate(device, done)),
        );
      case 'outdate':
        return this.withDevice(request.minor, (device) =>
          device.disk === null ? reply(SS.SS_IS_DISKLESS) : reply(outdate(device)),
        );
      case 'suspend-io':
      case 'resume-io':
        return this.withDevice(request.minor, async ({ resource }) => {
          if (request.command === 'resume-io') resumeByAdministrator(resource);
          else await new Promise<void>((done) => suspendByAdministrator(resource, done));
          return OK;
        });
      case 'new-current-uuid':
        return this.withDevice(request.minor, (device) =>
          code((done) => newCurrentUuid(device, request.clearBitmap === true ? 'clear-bitmap' : 'keep-bitmap', done)),
        );
      case 'resize':
        return this.withDevice(request.minor, async (device) => {
          const result = await code((done) => resize(device, request, done));
          await this.dependencies.exporter.settled(device.resource);
          return result;
        });
      case 'resource-options':
        return this.withResource(request.resource, (resource) => {
          resource.setOptions(merged(resource.optionValues, request));
          resource.changed();
          return OK;
        });
      case 'rename-resource':
        return this.withResource(request.resource, (resource) => this.rename(resource, request));
      case 'del-resource':
        return this.withResource(request.resource, (resource) => delResourceRefusal(resource) ?? this.remove(resource));
      case 'down':
        return this.withResource(request.resource, (resource) => this.down(resource, 'graceful'));
      case 'primary':
        return this.withResource(request.resource, (resource) =>
          this.changeRole(
            resource,
            code((done) => promote(resource, request.force === true ? 'forced' : 'plain', done)),
          ),
        );
      case 'secondary':
        return this.withResource(request.resource, (resource) =>
          this.changeRole(resource, this.demote(resource, request.force === true ? 'forced' : 'plain')),
        );
      case 'new-peer':
        return this.withResource(request.resource, (resource) => this.newPeer(resource, request));
      case 'net-options':
        return this.withConnection(request, (connection) => {
          const result = changeNetOptions(connection, merged(connection.netValues, request));
          connection.resource.changed();
          return reply(result);
        });
      case 'del-peer':
        return this.withConnection(request, (connection) => this.delPeer(connection, request.force === true));
      case 'forget-peer':
        return this.withResource(request.resource, (resource) =>
          code((done) => forgetPeer(resource, request.peerNodeId, done)),
        );
      case 'new-path':
        return this.withConnection(request, (connection) => this.newPath(connection, request));
      case 'del-path':
        return this.withConnection(request, (connection) => this.delPath(connection, request));
      case 'connect':
        return this.withConnection(request, (connection) => this.connect(connection, request));
      case 'disconnect':
        return this.withConnection(request, (connection) =>
          connection.conn === Conn.StandAlone
            ? OK
            : code((done) => disconnect(connection, request.force === true ? 'forced' : 'graceful', done)),
        );
      case 'peer-device-options':
        return this.withPeerDevice(request, (peerDevice) => {
          peerDevice.optionValues = merged(peerDevice.optionValues, request);
          peerDevice.options = peerDeviceOptions(peerDevice.optionValues);
          peerDevice.device.resource.changed();
          return OK;
        });
      case 'invalidate-remote':
        return this.withPeerDevice(
          request,
          (peerDevice) =>
            invalidateRemoteRefusal(request, peerDevice.device) ?? code((done) => invalidateRemote(peerDevice, done)),
        );
      case 'pause-sync':
      case 'resume-sync':
        return this.withPeerDevice(request, (peerDevice) =>
          reply(setPause(peerDevice, request.command === 'pause-sync')),
        );
      case 'verify':
        return this.withPeerDevice(request, (peerDevice) => code((done) => startVerify(peerDevice, request, done)));
      default:
        return assertNever(request);
    }
  }

  // ---- resources ----

  private newResource(request: RequestOf<'new-resource'>): ControlReply {
    const refused = newResourceRefusal(request);
    if (refused !== null) return refused;
    // Whatever its node id and options: drbdadm relies on it.
    if (this.resources.has(request.resource)) return OK;
    const resource = new Resource(request.resource, request.nodeId, this.dependencies.host);
    resource.setOptions(request.options ?? {});
    resource.onChanged = () => this.noteChange(resource);
    this.resources.set(resource.name, resource);
    resource.changed();
    return OK;
  }

  private rename(resource: Resource, request: RequestOf<'rename-resource'>): ControlReply {
    const refused = renameRefusal(request, this.resources);
    if (refused !== null) return refused;
    const { newName } = request;
    const resourceName = resource.name;
    this.resources.delete(resourceName);
    resource.name = newName;
    this.resources.set(newName, resource);
    this.events.emit('touched');
    this.emit({ kind: 'renamed', resourceName, newName });
    return OK;
  }

  private remove(resource: Resource): ControlReply {
    this.resources.delete(resource.name);
    resource.onChanged = () => undefined;
    this.events.emit('touched');
    this.emit({ kind: 'removed', resourceName: resource.name });
    return OK;
  }

  /** Source: behaviour.md 2.1. */
  private async down(resource: Resource, mode: 'graceful' | 'forced'): Promise<ControlReply> {
    const demoted = await this.demote(resource, mode === 'forced' ? 'forced' : 'plain');
    if (!isSuccess(demoted.code)) return { ...demoted, messages: ['failed to demote', ...demoted.messages] };
    for (const connection of [...resource.connections.values()]) {
      const left = await this.delPeer(connection, mode === 'forced');
      if (!isSuccess(left.code)) return { ...left, messages: ['failed to disconnect', ...left.messages] };
    }
    for (const device of [...resource.devices.values()]) {
      const detached = await code((done) => detach(device, mode, done));
      if (!isSuccess(detached.code)) return { ...detached, messages: ['failed to detach', ...detached.messages] };
      const removed = await this.delMinor(device);
      if (!isSuccess(removed.code)) {
        return { ...removed, messages: ['failed to delete volume', ...removed.messages] };
      }
    }
    return delResourceRefusal(resource) ?? this.remove(resource);
  }

  private async demote(resource: Resource, mode: 'plain' | 'forced'): Promise<ControlReply> {
    const { demotion } = this.dependencies.exporter;
    await demotion?.before(resource, mode === 'forced' ? 'forced' : 'if unused');
    const result = await code((done) => demote(resource, mode, done));
    await demotion?.after(resource);
    return result;
  }

  private async changeRole(resource: Resource, change: Promise<ControlReply>): Promise<ControlReply> {
    const result = await change;
    await this.dependencies.exporter.settled(resource);
    if (isSuccess(result.code)) this.autoPromotionOf(resource).decidedByAdministrator();
    return result;
  }

  private autoPromotionOf(resource: Resource): AutoPromotion {
    const known = this.autoPromotions.get(resource);
    if (known !== undefined) return known;
    const created = new AutoPromotion(resource, this.dependencies.exporter.demotion);
    this.autoPromotions.set(resource, created);
    return created;
  }

  // ---- volumes ----

  private async newMinor(request: RequestOf<'new-minor'>): Promise<ControlReply> {
    const resource = this.resources.get(request.resource);
    if (resource === undefined) return unknownResource;
    const refused = newMinorRefusal(request, resource, this.deviceOf(request.minor));
    if (refused !== null) return refused;
    const device = resource.newDevice(request.volume, request.minor);
    this.devicesByMinor.set(device.minor, device);
    device.deviceOptionValues = request.options ?? {};
    try {
      await this.dependencies.exporter.publish(device, this.autoPromotionOf(resource));
    } catch (error) {
      this.forget(device);
      return reply(ERR.ERR_INVALID_REQUEST, `cannot export ${device.subject}: ${messageOf(error)}`);
    }
    return OK;
  }

  private async delMinor(device: Device): Promise<ControlReply> {
    if (device.disk !== null) return reply(ERR.ERR_MINOR_CONFIGURED);
    if (device.writeOpeners + device.readOpeners > 0) return reply(-12);
    device.writes.failHeld();
    device.reads.failHeld();
    await this.dependencies.exporter.withdraw(device);
    this.forget(device);
    return OK;
  }

  private forget(device: Device): void {
    this.devicesByMinor.delete(device.minor);
    this.resyncOrder.noteRemoved(device);
    device.resource.deleteDevice(device);
  }

  private async attach(device: Device, request: RequestOf<'attach'>): Promise<ControlReply> {
    const refused = attachRefusal(request, device);
    if (refused !== null) return refused;
    const values = request.options ?? {};
    const options = diskOptions(values);
    const problem = resyncAfterProblem(device.minor, options.resyncAfterMinor, this.deviceOf);
    if (problem !== NO_ERROR) return reply(problem);
    const opened = await openDisk(request, options, (path) => this.dependencies.exporter.owns(path));
    if (opened.kind === 'refused') return opened.reply;
    device.diskOptionValues = values;
    device.diskOptions = options;
    this.resyncOrder.noteOptions(device);
    const result = await code((done) => attach(device, opened.disk, done));
    if (isSuccess(result.code)) {
      device.backing = { dataDevice: request.dataDevice, metaDevice: request.metaDevice, metaIndex: request.metaIndex };
      device.resource.changed();
    } else await opened.release();
    return result;
  }

  // ---- peers ----

  private newPeer(resource: Resource, request: RequestOf<'new-peer'>): ControlReply {
    const refused = newPeerRefusal(request, resource);
    if (refused !== null) return refused;
    const { _name, ...values } = request.options ?? {};
    const problem = checkNetOptions(netOptions(values), this.dependencies.host);
    if (problem !== NO_ERROR) return reply(problem);
    const connection = resource.newConnection(request.peerNodeId, typeof _name === 'string' ? _name : '', values);
    connection.finder = new PathFinder(connection, this.dependencies.transport);
    return OK;
  }

  private async delPeer(connection: Connection, force: boolean): Promise<ControlReply> {
    const { resource } = connection;
    if (connection.conn !== 0) {
      const left = await code((done) => disconnect(connection, force ? 'forced' : 'graceful', done));
      if (!isSuccess(left.code)) return left;
    }
    resource.deleteConnection(connection);
    return OK;
  }

  /** Returns before anything happened; only what is wrong with this end is known at once. */
  private async connect(connection: Connection, request: RequestOf<'connect'>): Promise<ControlReply> {
    const { finder } = connection;
    const refused = connectRefusal(connection, request, finder instanceof PathFinder ? finder.paths : []);
    if (refused !== null) return refused;
    connection.discardMyData = request.discardMyData === true;
    connection.dryRun = request.tentative === true;
    const result = connection.connect();
    if (!isSuccess(result)) return reply(result);
    return reply(NO_ERROR, ...(finder instanceof PathFinder ? await finder.troubleAtStart() : []));
  }

  private newPath(connection: Connection, { local, peer }: RequestOf<'new-path'>): ControlReply {
    const { finder } = connection;
    if (!(finder instanceof PathFinder)) return reply(ERR.ERR_INVALID_REQUEST);
    const refused = newPathRefusal(connection.resource, { local, peer }, this.allPaths());
    if (refused !== null) return refused;
    finder.add({ local, peer });
    connection.resource.changed();
    return OK;
  }

  private delPath(connection: Connection, { local, peer }: RequestOf<'del-path'>): ControlReply {
    const { finder } = connection;
    if (!(finder instanceof PathFinder)) return reply(ERR.ERR_INVALID_REQUEST);
    const refused = delPathRefusal(connection, { local, peer }, finder.paths);
    const path = finder.paths.find((known) => samePath(known, { local, peer }));
    if (refused !== null || path === undefined) return refused ?? reply(ERR.ERR_INVALID_REQUEST);
    finder.remove(path);
    connection.resource.changed();
    return OK;
  }

  // ---- lookups ----

  private allPaths(): readonly KnownPath[] {
    return [...this.resources.values()].flatMap((resource) =>
      [...resource.connections.values()].flatMap(({ finder }) =>
        finder instanceof PathFinder ? finder.paths.map((path) => ({ ...path, resource })) : [],
      ),
    );
  }

  private readonly devicesByMinor = new Map<number, Device>();

  private readonly deviceOf = (minor: number): Device | undefined => this.devicesByMinor.get(minor);

  private readonly resyncOrder = new ResyncOrder(this.deviceOf);

  private async withDevice(
    minor: number,
    act: (device: Device) => ControlReply | Promise<ControlReply>,
  ): Promise<ControlReply> {
    const device = this.deviceOf(minor);
    return device === undefined ? unknownMinor : act(device);
  }

  private async withResource(
    name: string,
    act: (resource: Resource) => ControlReply | Promise<ControlReply>,
  ): Promise<ControlReply> {
    const resource = this.resources.get(name);
    return resource === undefined ? unknownResource : act(resource);
  }

  private async withConnection(
    at: { readonly resource: string; readonly peerNodeId: number },
    act: (connection: Connection) => ControlReply | Promise<ControlReply>,
  ): Promise<ControlReply> {
    return this.withResource(at.resource, (resource) => {
      const connection = resource.connections.get(at.peerNodeId);
      if (connection !== undefined) return act(connection);
      return peerNodeIdRefusal(resource, at.peerNodeId) ?? unknownConnection;
    });
  }

  private async withPeerDevice(
    at: { readonly resource: string; readonly peerNodeId: number; readonly volume: number },
    act: (peerDevice: PeerDevice) => ControlReply | Promise<ControlReply>,
  ): Promise<ControlReply> {
    return this.withConnection(at, (connection) => {
      const peerDevice = connection.peerDevices.get(at.volume);
      return peerDevice === undefined ? unknownVolume : act(peerDevice);
    });
  }

  // ---- handlers ----

  handlerSubject(call: HandlerCall): HandlerSubject {
    const resource = this.resources.get(call.resource);
    const connection = call.peerNodeId === null ? undefined : resource?.connections.get(call.peerNodeId);
    const finder = connection?.finder;
    return {
      connection:
        connection === undefined
          ? null
          : {
              path: finder instanceof PathFinder ? (finder.paths[0] ?? null) : null,
              state: CONNECTION_STATE_NAMES[connection.conn] ?? 'StandAlone',
            },
      volumes: [...(resource?.devices.values() ?? [])].map(({ volume, minor, backing }) => ({
        volume,
        minor,
        backingDevice: backing?.dataDevice ?? null,
      })),
    };
  }

  // ---- state ----

  private state(resource: Resource) {
    const { host } = this.dependencies;
    return resourceState(resource, {
      nowMs: host.nowMs,
      pathsOf: ({ finder }) => (finder instanceof PathFinder ? finder.states() : []),
    });
  }

  /** With nobody listening nothing is built; a change is told as it happens, so that no state in between is lost. */
  private noteChange(resource: Resource): void {
    this.resyncOrder.noteChange();
    this.dependencies.exporter.changed(resource);
    this.events.emit('touched');
    if (this.events.listenerCount('event') === 0) return;
    this.emit({ kind: 'changed', resource: this.state(resource) });
  }
}

const code = (start: (done: (code: number) => void) => void): Promise<ControlReply> =>
  new Promise((resolve) => start((value) => resolve(reply(value))));

const merged = (
  before: OptionValues,
  request: { readonly setDefaults?: boolean; readonly options?: OptionValues },
): OptionValues => ({ ...(request.setDefaults === true ? {} : before), ...request.options });

function assertNever(value: never): never {
  throw new Error(`unexpected ${JSON.stringify(value)}`);
}
