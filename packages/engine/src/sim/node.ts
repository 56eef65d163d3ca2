/** One simulated node: a disk that outlives crashes, and the resource that runs on it while the node is up. */
import {
  Connection,
  Device,
  ERR,
  LocalDisk,
  Resource,
  attach,
  type Host,
  type OptionValues,
  type PeerLink,
} from '../core';
import type { SimClock } from './clock';
import type { SimDisk } from './disk';
import type { SimNetwork } from './network';
import { hostOfLife, linkOfLife } from './node-life';
import { applyAl } from './prepare-disk';
import type { SimRandom } from './random';

export interface SimNodeOptions {
  readonly name: string;
  readonly nodeId: number;
  readonly net: OptionValues;
  readonly diskOptions: OptionValues;
  readonly peerDevice: OptionValues;
  readonly resource: OptionValues;
}

export class SimNode {
  resource: Resource | null = null;
  device: Device | null = null;
  connection: Connection | null = null;
  private life = 0;
  splitBrainsReported = 0;
  readonly log: string[] = [];
  /** By block: the last write that applications here were told of since the node became Primary. */
  readonly acknowledged = new Map<number, number>();

  constructor(
    readonly options: SimNodeOptions,
    readonly disk: SimDisk,
    private readonly clock: SimClock,
    private readonly random: SimRandom,
    private readonly network: SimNetwork,
  ) {}

  get isUp(): boolean {
    return this.resource !== null;
  }

  /** new-resource, new-minor, apply-al, attach, new-peer, connect. */
  up(attached: () => void = () => undefined): void {
    const host = this.host();
    const resource = new Resource('r0', this.options.nodeId, host);
    resource.setOptions(this.options.resource);
    this.resource = resource;
    const device = resource.newDevice(0, this.options.nodeId);
    device.diskOptions = { ...device.diskOptions, alExtents: Number(this.options.diskOptions['al-extents'] ?? 1237) };
    this.device = device;
    const connection = resource.newConnection(1 - this.options.nodeId, 'peer', this.options.net);
    const { life } = this;
    connection.finder = this.network.finder(this, () => life === this.life);
    this.connection = connection;
    for (const peerDevice of device.peerDevices) {
      peerDevice.options = { ...peerDevice.options, cPlanAheadTenths: 0, resyncRateKiBs: 1024 * 1024, cMinRateKiBs: 0 };
    }
    this.attachDisk(() => {
      connection.connect();
      attached();
    });
  }

  /** As `attach` does, with apply-al before. `done` comes with whatever result. */
  attachDisk(done: (code: number) => void = () => undefined): void {
    const { life, device } = this;
    if (device === null) return;
    if (this.disk.isBroken) return done(ERR.ERR_IO_MD_DISK);
    applyAl(this.disk);
    const handle = this.disk.open();
    LocalDisk.open({ data: handle, meta: handle, placement: 'internal', sizeSectors: 0, mdFlushes: true }, (disk) => {
      if (life !== this.life) return;
      if (!(disk instanceof LocalDisk)) {
        if (!this.disk.isBroken) throw new Error(`attach: ${JSON.stringify(disk)}`);
        return done(ERR.ERR_IO_MD_DISK);
      }
      attach(device, disk, (code) => {
        if (life === this.life) done(code);
      });
    });
  }

  /** Hands a link to this life of the node; the next one hears nothing of it. */
  take(link: PeerLink): void {
    const { life } = this;
    this.connection?.linked(linkOfLife(link, () => life === this.life));
  }

  crash(how: 'killed' | 'power-cut'): void {
    this.life++;
    this.splitBrainsReported += this.resource?.splitBrainsReported ?? 0;
    this.resource = this.device = this.connection = null;
    if (how === 'killed') this.disk.killProcess();
    else this.disk.cutPower();
    this.network.nodeGone(this, how);
  }

  get splitBrains(): number {
    return this.splitBrainsReported + (this.resource?.splitBrainsReported ?? 0);
  }

  /** Time, chance and timers, as long as this life of the node lasts. */
  private host(): Host {
    const { life, clock, random } = this;
    return hostOfLife(
      {
        clock,
        random,
        log: (level, subject, text) => {
          this.log.push(`${clock.nowMs().toFixed(1)} ${this.options.name} ${level} ${subject}: ${text}`);
        },
        runHandler: (_call, done) => void clock.schedule(1, () => done(0)),
      },
      () => life === this.life,
    );
  }
}
