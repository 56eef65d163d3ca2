/** A resource on this node: its role, its volumes, its peers. What administrators start stands in files of its own. */
import { Role } from '../../wire';
import { Connection } from '../connection/connection';
import { Device } from '../device/device';
import { upToDateNodes } from '../fencing/up-to-date-nodes';
import type { HandlerCall, Host, LogLevel } from '../host';
import { resourceOptions, type OptionValues, type ResourceOptions } from '../options';
import { PeerDevice } from '../peer-device/peer-device';
import { StateEngine } from './state-engine';

export class Resource {
  role: number = Role.Secondary;
  readonly devices = new Map<number, Device>();
  readonly connections = new Map<number, Connection>();
  readonly states = new StateEngine(this);
  optionValues: OptionValues = {};
  options: ResourceOptions = resourceOptions({});
  splitBrainsReported = 0;
  /** On the way from Primary to Secondary: writes are refused already. */
  demoting = false;
  /**
   * After `secondary --force` while a device was open: who has it open gets errors, and until the last of them has closed it
   * nobody promotes. Source: setup.md 2.5.
   */
  forceIoFailures = false;
  /** Told after every change that status would show. */
  onChanged: () => void = () => undefined;

  constructor(
    public name: string,
    readonly nodeId: number,
    readonly host: Host,
  ) {}

  /** I/O is held, whatever a single volume says. */
  readonly suspended = { noData: false, fencing: false };

  get isSuspended(): boolean {
    return this.suspended.noData || this.suspended.fencing;
  }

  setSuspended(to: { readonly noData?: boolean; readonly fencing?: boolean }): void {
    const { noData = this.suspended.noData, fencing = this.suspended.fencing } = to;
    const bit = Number;
    const changed: string[] = [];
    if (noData !== this.suspended.noData) changed.push(`susp_nod( ${bit(!noData)} -> ${bit(noData)} )`);
    if (fencing !== this.suspended.fencing) changed.push(`susp_fen( ${bit(!fencing)} -> ${bit(fencing)} )`);
    if (changed.length === 0) return;
    Object.assign(this.suspended, { noData, fencing });
    this.log('info', this.name, changed.join(' '));
    this.changed();
  }

  resumeIo(): void {
    for (const device of this.devices.values()) device.resumeIo();
  }

  log(level: LogLevel, subject: string, text: string): void {
    this.host.log(level, subject, text);
  }

  get isOpen(): boolean {
    return [...this.devices.values()].some(({ writeOpeners, readOpeners }) => writeOpeners + readOpeners > 0);
  }

  /** One who had a device open has closed it. */
  closed(): void {
    if (!this.isOpen) this.forceIoFailures = false;
    this.changed();
  }

  changed(): void {
    this.onChanged();
  }

  runHandler(
    handler: string,
    at: { readonly peerDevice?: PeerDevice; readonly connection?: Connection; readonly device?: Device },
    done: (exitCode: number) => void = () => undefined,
  ): void {
    const device = at.peerDevice?.device ?? at.device ?? null;
    const connection = at.peerDevice?.connection ?? at.connection;
    const call: HandlerCall = {
      handler,
      resource: this.name,
      peerNodeId: connection?.peerNodeId ?? null,
      ...(connection !== undefined && { connectionName: connection.name }),
      ...(handler === 'fence-peer' && { upToDateNodes: upToDateNodes(this, connection) }),
      ...(handler === 'unfence-peer' && { upToDateNodes: upToDateNodes(this) }),
      volume: device?.volume ?? null,
      minor: device?.minor ?? null,
    };
    this.host.runHandler(call, done);
  }

  setOptions(values: OptionValues): void {
    this.optionValues = values;
    this.options = resourceOptions(values);
  }

  newDevice(volume: number, minor: number): Device {
    const device = new Device(this, volume, minor);
    this.devices.set(volume, device);
    for (const connection of this.connections.values()) this.pair(device, connection);
    this.changed();
    return device;
  }

  newConnection(peerNodeId: number, name: string, values: OptionValues): Connection {
    const connection = new Connection(this, peerNodeId, name);
    connection.setNetOptions(values);
    this.connections.set(peerNodeId, connection);
    for (const device of this.devices.values()) this.pair(device, connection);
    this.changed();
    return connection;
  }

  private pair(device: Device, connection: Connection): void {
    const peerDevice = new PeerDevice(device, connection);
    device.peerDevices.push(peerDevice);
    connection.peerDevices.set(device.volume, peerDevice);
    if (connection.isUp) peerDevice.sendInitialPackets();
  }

  deleteDevice(device: Device): void {
    this.devices.delete(device.volume);
    for (const connection of this.connections.values()) connection.peerDevices.delete(device.volume);
    this.changed();
  }

  deleteConnection(connection: Connection): void {
    connection.destroy();
    this.connections.delete(connection.peerNodeId);
    for (const device of this.devices.values()) {
      const at = device.peerDevices.findIndex((peerDevice) => peerDevice.connection === connection);
      if (at !== -1) device.peerDevices.splice(at, 1);
    }
    this.changed();
  }
}
