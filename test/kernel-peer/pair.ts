/** A pair of nodes for a test: the kernel's DRBD in a guest, tsdrbd beside it, one configuration. */
import { closeSync, openSync, readSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { RESOURCE, drbdConfig } from '../../scripts/kernel-peer-tools/drbd-config';
import { Guest } from '../../scripts/kernel-peer-tools/guest';
import { missingForKernelPeer, missingPrograms } from '../../scripts/kernel-peer-tools/requirements';
import { Room } from '../../scripts/kernel-peer-tools/room';
import { KernelNode } from './kernel-node';
import { OurNode } from './our-node';

export const MIB = 1024 * 1024;
/** For booting, and for everything that a group of tests prepares. */
export const PREPARE_TIMEOUT_MS = 240_000;
export const TEST_TIMEOUT_MS = 120_000;

/** As describe; on a machine that cannot boot the kernel peer, its tests are skipped, and say why. */
export function describeKernelPeer(name: string, tests: () => void): void {
  const missing = [...missingForKernelPeer(), ...missingPrograms([['qemu-io', 'qemu-utils']])];
  if (missing.length === 0) describe(name, tests);
  else describe.skip(`${name} (this machine lacks ${missing.join('; ')})`, tests);
}

export interface PairSetup {
  /** Short, for names of directories. */
  readonly label: string;
  readonly net?: Readonly<Record<string, string>>;
  readonly disk?: Readonly<Record<string, string>>;
  readonly volumeCount?: number;
  readonly kernelDiskBytes?: number;
  readonly ourDiskBytes?: number;
  /** Metadata on devices of their own, one per volume; in the guest they come after those of the volumes. */
  readonly externalMetadata?: boolean;
  /** More disks of the guest, after those. */
  readonly extraKernelDisks?: readonly number[];
}

/** As fast as it goes: most tests are not about the pace. */
export const FAST_RESYNC = { 'c-plan-ahead': '0', 'resync-rate': '200M', 'c-min-rate': '0' };

/** A dead link or peer is noticed within some 5 s. */
export const QUICK_DETECTION = { 'ping-int': '3', 'connect-int': '3', timeout: '20' };

/** A machine that is busy with other tests answers late; a lost connection would be an event that no test is about. */
const PATIENT = { 'ping-timeout': '10' };

let pairCount = 0;

const METADATA_BYTES = MIB;

export interface Configuration {
  readonly net?: Readonly<Record<string, string>>;
  readonly kernelNet?: Readonly<Record<string, string>>;
  readonly disk?: Readonly<Record<string, string>>;
  /** Of our node. */
  readonly handlers?: Readonly<Record<string, string>>;
}

function deviceOfGuest(index: number): string {
  return `/dev/vd${'abcdefgh'[index] ?? ''}`;
}

export class Pair {
  private kernelConfig = '';

  private constructor(
    readonly room: Room,
    readonly kernel: KernelNode,
    readonly ours: OurNode,
    private readonly volumeCount: number,
    private readonly metadata: 'internal' | 'external',
  ) {}

  /** Boots; no metadata yet. */
  static async start(setup: PairSetup): Promise<Pair> {
    const room = await Room.create(`${setup.label}-${process.pid}-${pairCount++}`, 'with-this-process');
    const guest = new Guest(room);
    const ours = new OurNode(room, join(room.directory, 'drbd.conf'));
    const pair = new Pair(
      room,
      new KernelNode(guest),
      ours,
      setup.volumeCount ?? 1,
      setup.externalMetadata ? 'external' : 'internal',
    );
    for (let volume = 0; volume < pair.volumeCount; volume++) {
      if (setup.externalMetadata) {
        guest.setDiskSize(pair.metaIndex(volume), METADATA_BYTES);
        ours.setDiskSize(pair.metaIndex(volume), METADATA_BYTES);
      }
      guest.setDiskSize(volume, setup.kernelDiskBytes ?? 32 * MIB);
      ours.setDiskSize(volume, setup.ourDiskBytes ?? 32 * MIB);
    }
    (setup.extraKernelDisks ?? []).forEach((sizeBytes, index) =>
      guest.setDiskSize(pair.volumeCount * (setup.externalMetadata ? 2 : 1) + index, sizeBytes),
    );
    try {
      await guest.boot();
      await pair.configure(setup);
    } catch (error) {
      await room.end();
      throw error;
    }
    return pair;
  }

  /** Gives both nodes a new configuration, which the next commands use; `kernelNet` is what the kernel's has instead. */
  async configure({ net, kernelNet = {}, disk, handlers }: Configuration): Promise<void> {
    const volumes = [...Array(this.volumeCount).keys()].map((volume) => ({
      guest: deviceOfGuest(volume),
      host: this.ours.diskPath(volume),
      ...(this.metadata === 'internal'
        ? {}
        : {
            guestMeta: deviceOfGuest(this.metaIndex(volume)),
            hostMeta: this.ours.diskPath(this.metaIndex(volume)),
          }),
    }));
    const diskOptions = disk ?? FAST_RESYNC;
    writeFileSync(
      this.ours.configPath,
      drbdConfig({ net: { ...PATIENT, ...net }, disk: diskOptions, handlers, volumes }),
    );
    this.kernelConfig = drbdConfig({ net: { ...PATIENT, ...net, ...kernelNet }, disk: diskOptions, volumes });
    await this.kernel.guest.putFile('/etc/drbd.conf', this.kernelConfig);
  }

  /** As configure, and both nodes take it over. */
  async adjust(configuration: Configuration): Promise<void> {
    await this.configure(configuration);
    await this.kernel.adm(`adjust ${RESOURCE}`);
    await this.ours.mustAdm('adjust', RESOURCE);
  }

  private metaIndex(volume: number): number {
    return this.volumeCount + volume;
  }

  /** After a power cut. */
  async bootKernelAgain(): Promise<void> {
    await this.kernel.guest.boot();
    await this.kernel.guest.putFile('/etc/drbd.conf', this.kernelConfig);
  }

  async createMetadata(): Promise<void> {
    await Promise.all([
      this.kernel.adm(`create-md --force ${RESOURCE}`),
      this.ours.mustAdm('create-md', '--force', RESOURCE),
    ]);
  }

  async up(): Promise<void> {
    await Promise.all([this.kernel.adm(`up ${RESOURCE}`), this.ours.mustAdm('up', RESOURCE)]);
    await this.connected();
  }

  /** Both UpToDate and connected, without an initial sync: the disks must be equal already. */
  async upInSync(): Promise<void> {
    await this.createMetadata();
    await this.up();
    for (let volume = 0; volume < this.volumeCount; volume++) {
      await this.ours.mustAdm('new-current-uuid', '--clear-bitmap', `${RESOURCE}/${volume}`);
    }
    await this.inSync();
  }

  async down(): Promise<void> {
    await this.ours.mustAdm('down', RESOURCE);
    await this.kernel.adm(`down ${RESOURCE}`);
  }

  async connected(): Promise<void> {
    await this.kernel.until(/ 0: cs:Connected/);
    await this.ours.until('Connected', ({ connection }) => connection === 'Connected');
  }

  /** Waits for both nodes to call both disks UpToDate, with nothing out of sync. */
  async inSync(timeoutMs?: number): Promise<void> {
    for (let volume = 0; volume < this.volumeCount; volume++) {
      const pattern = new RegExp(` ${volume}: cs:Connected ro:\\S+ ds:UpToDate/UpToDate .*\\n.* oos:0\\n`);
      await this.kernel.until(pattern, timeoutMs);
      await this.ours.until(
        'UpToDate/UpToDate, nothing out of sync',
        (seen) =>
          seen.replication === 'Established' &&
          seen.disk === 'UpToDate' &&
          seen.peerDisk === 'UpToDate' &&
          seen.oosKib === 0,
        timeoutMs,
        volume,
      );
    }
  }

  /** Pseudo-random contents, different for every seed, straight onto the backing disks. */
  fillKernelDisk(seed: number, volume = 0): void {
    fill(this.kernel.guest.diskPath(volume), seed);
  }

  fillOurDisk(seed: number, volume = 0): void {
    fill(this.ours.diskPath(volume), seed);
  }

  /** Where the backing disks differ within the replicated area, in KiB; both nodes must be idle. */
  async differencesKib(volume = 0): Promise<readonly number[]> {
    const { sizeKib } = await this.ours.status(volume);
    return this.differencesWithinKib(sizeKib, volume);
  }

  differencesWithinKib(sizeKib: number, volume = 0): readonly number[] {
    const ours = readStart(this.ours.diskPath(volume), sizeKib * 1024);
    const kernels = readStart(this.kernel.guest.diskPath(volume), sizeKib * 1024);
    const differing: number[] = [];
    for (let kib = 0; kib < sizeKib; kib++) {
      const from = kib * 1024;
      if (ours.compare(kernels, from, from + 1024, from, from + 1024) !== 0) differing.push(kib);
    }
    return differing;
  }

  /** Nobody complained since the last time, apart from what the test provoked. */
  async expectNoComplaints(provoked: readonly RegExp[] = []): Promise<void> {
    const kernels = await this.kernel.complaints(provoked);
    const ours = this.ours.complaints(provoked);
    await this.forgetLogs();
    expect(kernels).toEqual([]);
    expect(ours).toEqual([]);
  }

  async forgetLogs(): Promise<void> {
    await this.kernel.forgetLog();
    this.ours.forgetLog();
  }

  async end(): Promise<void> {
    this.kernel.guest.leave();
    await this.room.end();
  }
}

function readStart(path: string, sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  const fd = openSync(path, 'r');
  try {
    if (readSync(fd, bytes, 0, sizeBytes, 0) !== sizeBytes)
      throw new Error(`${path} is shorter than ${sizeBytes} bytes`);
  } finally {
    closeSync(fd);
  }
  return bytes;
}

/** Every 4 KiB block differs from every other one, and from the same one under another seed. */
function fill(path: string, seed: number): void {
  const fd = openSync(path, 'r+');
  try {
    const block = Buffer.alloc(4096);
    const blockCount = Math.floor(statSync(path).size / block.length);
    for (let index = 0; index < blockCount; index++) {
      block.fill(Buffer.from(`seed ${seed}, block ${index}; `));
      writeSync(fd, block, 0, block.length, index * block.length);
    }
  } finally {
    closeSync(fd);
  }
}
