/**
 * Two of our nodes on simulated disks and a simulated cable, for tests of one rule at a time: what they sent to each
 * other, which handlers ran, and what is on the disks.
 */
import {
  Connection,
  Device,
  LocalDisk,
  Resource,
  attach,
  demote,
  diskOptions,
  newCurrentUuid,
  peerDeviceOptions,
  promote,
  type OptionValues,
  type PeerDevice,
  type PeerLink,
} from '../../src/core';
import { SimClock } from '../../src/sim/clock';
import { SimDisk } from '../../src/sim/disk';
import { SimNetwork, type CableEnd } from '../../src/sim/network';
import { hostOfLife, linkOfLife } from '../../src/sim/node-life';
import { applyAl, createMd } from '../../src/sim/prepare-disk';
import { SimRandom } from '../../src/sim/random';
import type { Packet } from '../../src/wire';

export interface PairOptions {
  /** Options of both nodes, DRBD's names. */
  readonly net?: OptionValues;
  readonly netOfBob?: OptionValues;
  readonly disk?: OptionValues;
  readonly peerDevice?: OptionValues;
  readonly resource?: OptionValues;
  readonly diskBytes?: number;
  readonly diskBytesOfBob?: number;
  /** Both offer no more than this. */
  readonly version?: number;
  readonly featureFlags?: number;
  readonly seed?: number;
  /** Exit codes of handlers by name; 0 where absent. */
  readonly handlers?: Readonly<Record<string, number>>;
}

const DISK_BYTES = 2 * 1024 * 1024;
const FAST: OptionValues = { 'c-plan-ahead': 0, 'resync-rate': 40960, 'c-min-rate': 0 };
const HANDLER_MS = 20;

export class PairNode implements CableEnd {
  resource: Resource;
  device: Device;
  connection: Connection;
  readonly log: string[] = [];
  readonly handlers: string[] = [];
  readonly sent: Packet[] = [];
  /** What is lost on the way from this node, as if it had never been sent. */
  loses: (packet: Packet) => boolean = () => false;
  /** What this node says instead: a peer that does things in another way. */
  says: (packet: Packet) => Packet = (packet) => packet;
  /** Waits on the data socket, whatever the simulated link says. */
  unsentBytes: number | null = null;
  private life = 0;
  readonly exitCodes: Record<string, number>;

  constructor(
    readonly name: string,
    private readonly nodeId: number,
    private readonly pair: Pair,
    readonly disk: SimDisk,
  ) {
    this.exitCodes = { ...pair.options.handlers };
    createMd(disk);
    ({ resource: this.resource, device: this.device, connection: this.connection } = this.objects());
  }

  private objects() {
    const { life } = this;
    const { clock, random, options, network } = this.pair;
    const host = hostOfLife(
      {
        clock,
        random,
        log: (_level, _subject, text) => void this.log.push(text),
        runHandler: ({ handler }, done) => {
          this.handlers.push(handler);
          clock.schedule(HANDLER_MS, () => done(this.exitCodes[handler] ?? 0));
        },
      },
      () => life === this.life,
    );
    const resource = new Resource('r0', this.nodeId, host);
    resource.setOptions(options.resource ?? {});
    const device = resource.newDevice(0, this.nodeId);
    device.diskOptionValues = options.disk ?? {};
    device.diskOptions = diskOptions(device.diskOptionValues);
    const net = { ...options.net, ...(this.nodeId === 1 ? options.netOfBob : {}) };
    const connection = resource.newConnection(1 - this.nodeId, 'peer', { 'ping-int': 1, 'connect-int': 1, ...net });
    connection.finder = network.finder(this, () => life === this.life);
    for (const peerDevice of device.peerDevices) {
      peerDevice.options = peerDeviceOptions({ ...FAST, ...options.peerDevice });
    }
    return { resource, device, connection };
  }

  get peerDevice(): PeerDevice {
    return this.device.peerDevices[0]!;
  }

  take(link: PeerLink): void {
    const { life } = this;
    const { version, featureFlags } = this.pair.options;
    const limited = (packet: Packet): Packet =>
      packet.kind === 'ConnectionFeatures'
        ? {
            ...packet,
            protocolMax: version ?? packet.protocolMax,
            featureFlags: featureFlags ?? packet.featureFlags,
          }
        : packet;
    const alive = linkOfLife(link, () => life === this.life);
    const unsentBytes = (): number => this.unsentBytes ?? alive.unsentBytes;
    this.connection.linked({
      acceptedMeta: alive.acceptedMeta,
      get unsentBytes() {
        return unsentBytes();
      },
      listen: (listener) => alive.listen(listener),
      agree: (agreed, flags) => alive.agree(agreed, flags),
      setIntegrityDigestSizes: (send, receive) => alive.setIntegrityDigestSizes(send, receive),
      readData: (how) => alive.readData(how),
      close: () => alive.close(),
      send: (socket, packet) => {
        if (this.loses(packet)) return;
        const said = this.says(limited(packet));
        this.sent.push(said);
        alive.send(socket, said);
      },
    });
  }

  attach(): void {
    applyAl(this.disk);
    const handle = this.disk.open();
    const { sizeSectors } = this.device.diskOptions;
    let code = 0;
    LocalDisk.open({ data: handle, meta: handle, placement: 'internal', sizeSectors, mdFlushes: true }, (opened) => {
      if (!(opened instanceof LocalDisk)) throw new Error(`attach: ${JSON.stringify(opened)}`);
      attach(this.device, opened, (result) => (code = result));
    });
    this.pair.run(200);
    if (code !== 1) throw new Error(`attach: ${code}`);
  }

  /** The engine is killed, and its kernel resets the sockets; or the machine is without power. */
  kill(how: 'killed' | 'power-cut' = 'killed'): void {
    this.life++;
    if (how === 'killed') this.disk.killProcess();
    else this.disk.cutPower();
    this.pair.network.nodeGone(this, how);
    ({ resource: this.resource, device: this.device, connection: this.connection } = this.objects());
  }

  /** The code that a procedure answers with. */
  code(start: (done: (code: number) => void) => void): number {
    let result: number | null = null;
    start((code) => (result = code));
    this.pair.run(2000, () => result !== null);
    if (result === null) throw new Error(`${this.name}: no answer`);
    return result;
  }

  primary(mode: 'plain' | 'forced' = 'plain'): number {
    return this.code((done) => promote(this.resource, mode, done));
  }

  secondary(): number {
    return this.code((done) => demote(this.resource, 'plain', done));
  }

  /** Null: the write succeeded; undefined: nobody answered yet. */
  write(sector: number, fill: number, sizeBytes = 4096): { error: string | null | undefined } {
    const result: { error: string | null | undefined } = { error: undefined };
    const data = new Uint8Array(sizeBytes).fill(fill);
    this.device.writes.submit('write', sector, [data], sizeBytes, (error) => (result.error = error));
    return result;
  }

  /** Changes the data behind DRBD's back. */
  poke(sector: number, fill: number, sizeBytes = 4096): void {
    this.disk.poke(sector * 512, new Uint8Array(sizeBytes).fill(fill));
  }

  peek(sector: number, sizeBytes = 4096): number[] {
    return [...new Set(this.disk.peek(sector * 512, sizeBytes))];
  }

  sentKinds(): string[] {
    return this.sent.map(({ kind }) => kind);
  }

  get states(): string {
    const { device, peerDevice, resource } = this;
    return `${resource.role}/${this.connection.peerRole} ${peerDevice.conn} ${device.diskState}/${peerDevice.pdsk}`;
  }
}

export class Pair {
  readonly clock = new SimClock();
  readonly random: SimRandom;
  readonly network: SimNetwork;
  readonly alice: PairNode;
  readonly bob: PairNode;

  constructor(readonly options: PairOptions = {}) {
    this.random = new SimRandom(options.seed ?? 1);
    this.network = new SimNetwork(this.clock, this.random, 'bytes', () => 'b');
    const disk = (name: string, sizeBytes: number): SimDisk => new SimDisk(name, sizeBytes, this.clock, this.random);
    const bytes = options.diskBytes ?? DISK_BYTES;
    this.alice = new PairNode('alice', 0, this, disk('a', bytes));
    this.bob = new PairNode('bob', 1, this, disk('b', options.diskBytesOfBob ?? bytes));
  }

  get nodes(): readonly [PairNode, PairNode] {
    return [this.alice, this.bob];
  }

  /** Lets time pass, at most until `done` holds. */
  run(durationMs: number, done: () => boolean = () => false): void {
    const endMs = this.clock.nowMs() + durationMs;
    while (this.clock.nowMs() < endMs && !done()) this.clock.run(Math.min(endMs, this.clock.nowMs() + 1));
  }

  connect(): this {
    for (const node of this.nodes) node.connection.connect();
    this.run(1500);
    return this;
  }

  attach(): this {
    for (const node of this.nodes) node.attach();
    return this;
  }

  /** Attached, connected, the initial sync skipped: both UpToDate, both Secondary. */
  upToDate(): this {
    this.attach().connect();
    const { alice } = this;
    const code = alice.code((done) => newCurrentUuid(alice.device, 'clear-bitmap', done));
    if (code !== 101) throw new Error(`new-current-uuid: ${code}`);
    this.run(500);
    return this;
  }
}
