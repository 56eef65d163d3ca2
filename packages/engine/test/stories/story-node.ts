/**
 * A node of a story: disks that outlive everything, the core on top of them, and the commands that the stories type,
 * each made of the same calls as the daemon's backend makes.
 */
import {
  Connection,
  Device,
  ERR,
  LocalDisk,
  Resource,
  attach,
  demote,
  detach,
  disconnect,
  diskOptions,
  peerDeviceOptions,
} from '../../src/core';
import type { HandlerCall, OptionValues, PeerLink } from '../../src/core';
import { MdFlag, PeerMdFlag, hasFlags } from '../../src/metadata';
import type { SimClock } from '../../src/sim/clock';
import { SimDisk } from '../../src/sim/disk';
import type { CableEnd, SimNetwork } from '../../src/sim/network';
import { hostOfLife, linkOfLife } from '../../src/sim/node-life';
import { applyAl, createMd } from '../../src/sim/prepare-disk';
import type { SimRandom } from '../../src/sim/random';
import { Conn, Role, StateResult as SS, conns, disks, roles } from '../../src/wire';
import type { NodeName } from './recorded-story';
import { parseStoryConf, type StoryConf, type StoryVolume } from './story-conf';
import { tellingOf, type Told } from './told';

export interface StoryWorld {
  readonly clock: SimClock;
  readonly random: SimRandom;
  readonly network: SimNetwork;
}

export interface StoryNodeOptions {
  readonly name: NodeName;
  readonly conf: string;
  /** Exit codes of handlers in the order of their runs, as recorded; 0 when used up. */
  readonly helperExitCodes: ReadonlyMap<string, readonly number[]>;
}

/** An SS_* or ERR_* code. */
type Code = number;

/** Handlers that 8.4 does not know. */
const NEW_IN_9: ReadonlySet<string> = new Set(['connected', 'disconnected', 'quorum-lost']);
const HANDLER_MS = 150;
/** The stories' disks: two of 8 MiB. `loop0` is made by its own story. */
const DISK_BYTES = 8 * 1024 * 1024;
const BIT_KIB = 4;

export class StoryNode implements CableEnd {
  readonly disks = new Map<string, SimDisk>();
  resource: Resource | null = null;
  connection: Connection | null = null;
  confText: string;
  told: Told[] = [];
  readonly log: string[] = [];
  private life = 0;
  private readonly helperRuns = new Map<string, number>();
  private readonly nodeId: number;

  constructor(
    private readonly options: StoryNodeOptions,
    private readonly world: StoryWorld,
  ) {
    this.confText = options.conf;
    this.nodeId = options.name === 'alice' ? 0 : 1;
    for (const name of ['vda', 'vdb']) this.addDisk(name, DISK_BYTES);
  }

  addDisk(name: string, sizeBytes: number): void {
    const { clock, random } = this.world;
    this.disks.set(name, new SimDisk(`${this.options.name}:${name}`, sizeBytes, clock, random));
  }

  disk(name: string): SimDisk {
    const disk = this.disks.get(name);
    if (disk === undefined) throw new Error(`no disk ${name}`);
    return disk;
  }

  get conf(): StoryConf {
    return parseStoryConf(this.confText);
  }

  device(minor: number): Device | null {
    for (const device of this.resource?.devices.values() ?? []) if (device.minor === minor) return device;
    return null;
  }

  get minors(): number[] {
    return [...(this.resource?.devices.values() ?? [])].map(({ minor }) => minor);
  }

  take(link: PeerLink): void {
    const { life } = this;
    this.connection?.linked(linkOfLife(link, () => life === this.life));
  }

  /** The virtual machine is gone at once. Its disk lives in the machine around it, and keeps what it was given. */
  die(): void {
    this.life++;
    this.resource = this.connection = null;
    this.told = [];
    for (const disk of this.disks.values()) disk.killProcess();
    this.world.network.nodeGone(this, 'power-cut');
  }

  // ---- commands ----

  createMd(): void {
    for (const { disk } of this.conf.volumes) createMd(this.disk(disk));
  }

  newResource(): void {
    const { clock, random } = this.world;
    const { life } = this;
    const world = {
      clock,
      random,
      log: (_level: string, subject: string, text: string) => this.note(subject, text),
      runHandler: (call: HandlerCall, done: (exitCode: number) => void) => this.handler(call, done),
    };
    this.resource = new Resource(
      'r0',
      this.nodeId,
      hostOfLife(world, () => life === this.life),
    );
  }

  newMinor({ volume, minor }: Pick<StoryVolume, 'volume' | 'minor'>): void {
    const device = this.resource?.newDevice(volume, minor);
    if (device !== undefined) this.setDiskOptions(device, this.conf.diskOptions);
  }

  attach(volume: StoryVolume, done: (code: Code) => void): void {
    const { resource } = this;
    const device = this.device(volume.minor);
    if (resource === null || device === null) return done(127);
    if (device.disk !== null) return done(ERR.ERR_DISK_CONFIGURED);
    const disk = this.disk(volume.disk);
    applyAl(disk);
    const handle = disk.open();
    LocalDisk.open(
      {
        data: handle,
        meta: handle,
        placement: 'internal',
        sizeSectors: device.diskOptions.sizeSectors,
        mdFlushes: true,
      },
      (opened) => {
        if (!(opened instanceof LocalDisk)) throw new Error(`attach: ${JSON.stringify(opened)}`);
        this.setDiskOptions(device, this.conf.diskOptions);
        attach(device, opened, done);
      },
    );
  }

  setDiskOptions(device: Device, values: OptionValues): void {
    device.diskOptionValues = { ...device.diskOptionValues, ...values };
    device.diskOptions = diskOptions(device.diskOptionValues);
    for (const peerDevice of device.peerDevices) {
      peerDevice.optionValues = device.diskOptionValues;
      peerDevice.options = peerDeviceOptions(device.diskOptionValues);
    }
  }

  /** new-peer where there is none, the options as the file has them now, connect. */
  connect(how: { readonly discardMyData: boolean }): Code {
    const { resource } = this;
    if (resource === null) return 158;
    const { net } = this.conf;
    if (this.connection === null) {
      this.connection = resource.newConnection(1 - this.nodeId, 'peer', net);
      const { life } = this;
      this.connection.finder = this.world.network.finder(this, () => life === this.life);
      for (const device of resource.devices.values()) this.setDiskOptions(device, {});
    }
    const { connection } = this;
    if (connection.conn === Conn.StandAlone) {
      connection.setNetOptions(net);
      connection.discardMyData = how.discardMyData;
    }
    return connection.connect();
  }

  disconnect(mode: 'graceful' | 'forced', done: (code: Code) => void): void {
    const { resource, connection } = this;
    if (resource === null || connection === null) return done(ERR.ERR_INVALID_REQUEST);
    disconnect(connection, mode, done);
  }

  up(done: (code: Code) => void): void {
    this.newResource();
    const { volumes } = this.conf;
    for (const volume of volumes) this.newMinor(volume);
    const next = (index: number): void => {
      const volume = volumes[index];
      if (volume === undefined) return done(this.connect({ discardMyData: false }));
      this.attach(volume, (code) => (isSuccess(code) ? next(index + 1) : done(code)));
    };
    next(0);
  }

  down(done: (code: Code) => void): void {
    const { resource, connection } = this;
    if (resource === null) return done(158);
    const detachAll = (devices: Device[]): void => {
      const [device, ...rest] = devices;
      if (device === undefined) {
        if (connection !== null) resource.deleteConnection(connection);
        this.resource = this.connection = null;
        return done(SS.SS_SUCCESS);
      }
      detach(device, 'graceful', (code) => {
        if (!isSuccess(code)) return done(code);
        resource.deleteDevice(device);
        detachAll(rest);
      });
    };
    demote(resource, 'plain', (code) => {
      if (!isSuccess(code)) return done(code);
      const devices = [...resource.devices.values()];
      if (connection === null || connection.conn === Conn.StandAlone) return detachAll(devices);
      disconnect(connection, 'graceful', (left) => (isSuccess(left) ? detachAll(devices) : done(left)));
    });
  }

  // ---- what can be seen ----

  /** `0: cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate r----- oos:0`, a line for each volume. */
  proc(): string[] {
    const { resource } = this;
    if (resource === null) return [];
    return [...resource.devices.values()].map((device) => {
      const [peerDevice] = device.peerDevices;
      const flag = (letter: string, is: boolean | undefined): string => (is === true ? letter : '-');
      const flags = [
        device.suspendedByUser ? 's' : 'r',
        flag('a', peerDevice?.aftrIsp),
        flag('p', peerDevice?.peerIsp),
        flag('u', peerDevice?.userIsp),
        '--',
      ].join('');
      return [
        `${device.minor}: cs:${conns.name(peerDevice?.conn ?? Conn.StandAlone)}`,
        `ro:${roles.name(resource.role)}/${roles.name(peerDevice?.connection.peerRole ?? 0)}`,
        `ds:${disks.name(device.diskState)}/${disks.name(peerDevice?.pdsk ?? 6)}`,
        flags,
        `oos:${(peerDevice?.outOfSyncBits ?? this.outOfSyncBits(device)) * BIT_KIB}`,
      ].join(' ');
    });
  }

  private outOfSyncBits(device: Device): number {
    return device.disk?.bitmaps[0]?.weight ?? 0;
  }

  /** As get-gi prints them, null without a disk: UUIDs, then the flags. */
  generation(minor: number): { readonly uuids: readonly bigint[]; readonly flags: string } | null {
    const device = this.device(minor);
    const disk = device?.disk;
    if (device === null || disk === undefined || disk === null) return null;
    const { superblock } = disk;
    const peer = disk.peer(1 - this.nodeId);
    const own = (mask: number): string => (hasFlags(superblock.flags, mask) ? '1' : '0');
    const ofPeer = (mask: number): string => (hasFlags(peer.flags, mask) ? '1' : '0');
    return {
      uuids: [
        superblock.currentUuid,
        peer.bitmapUuid,
        superblock.historyUuids[0] ?? 0n,
        superblock.historyUuids[1] ?? 0n,
      ],
      flags: [
        own(MdFlag.consistent),
        own(MdFlag.wasUpToDate),
        own(MdFlag.primaryInd),
        ofPeer(PeerMdFlag.connected),
        ofPeer(PeerMdFlag.fullSync),
        ofPeer(PeerMdFlag.outdated),
        // A Primary's is set by DRBD 9's rule; 8.4 has it only for one that did crash.
        device.resource.role === Role.Primary ? Number(device.crashedPrimary) : own(MdFlag.crashedPrimary),
      ].join(':'),
    };
  }

  // ---- inside ----

  private note(subject: string, text: string): void {
    this.log.push(`${this.world.clock.nowMs().toFixed(1)} ${this.options.name} ${subject}: ${text}`);
    const told = tellingOf(text);
    const [, minor] = /drbd(\d+)$/.exec(subject) ?? [];
    if (told !== null) this.told.push({ ...told, minor: minor === undefined ? null : Number(minor) });
  }

  private handler({ handler, minor }: HandlerCall, done: (exitCode: number) => void): void {
    if (!NEW_IN_9.has(handler))
      this.note(minor === null ? 'r0' : `r0 drbd${minor}`, `helper command: /sbin/drbdadm ${handler} r0`);
    const run = this.helperRuns.get(handler) ?? 0;
    this.helperRuns.set(handler, run + 1);
    const exitCode = this.options.helperExitCodes.get(handler)?.[run] ?? 0;
    this.world.clock.schedule(NEW_IN_9.has(handler) ? 0 : HANDLER_MS, () => done(exitCode));
  }
}

export const isSuccess = (code: Code): boolean => code === ERR.NO_ERROR || (code >= SS.SS_SUCCESS && code <= 4);
