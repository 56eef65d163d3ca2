/**
 * One of our nodes against a recorded peer: the core over a simulated clock and disk, and a link that is fed by the test.
 */
import { Connection, Device, LocalDisk, Resource, attach, promote, type Host, type PeerLink } from '../../src/core';
import {
  MD_BLOCK_BYTES,
  createMetadata,
  decodeSuperblock,
  encodeSuperblock,
  isMetadataError,
  layoutOfSuperblock,
  setBitsInBlock,
  superblockOffset,
  type SuperblockV09,
} from '../../src/metadata';
import { SimClock } from '../../src/sim/clock';
import { SimDisk } from '../../src/sim/disk';
import { SimRandom } from '../../src/sim/random';
import type { Packet, SocketKind } from '../../src/wire';

export interface SentPacket {
  readonly socket: SocketKind;
  readonly packet: Packet;
}

type Listener = Parameters<PeerLink['listen']>[0];

/** Keeps what is sent, delivers what the test hands in. */
export class PlayedLink implements PeerLink {
  readonly sent: SentPacket[] = [];
  readonly unsentBytes = 0;
  agreed: { readonly version: number; readonly featureFlags: number } | null = null;
  isClosed = false;
  private listener: Listener | null = null;

  constructor(readonly acceptedMeta: boolean) {}

  listen(listener: Listener): void {
    this.listener = listener;
  }

  agree(version: number, featureFlags: number): void {
    this.agreed = { version, featureFlags };
  }

  setIntegrityDigestSizes(): void {}

  send(socket: SocketKind, packet: Packet): void {
    this.sent.push({ socket, packet });
  }

  readData(): void {}

  close(): void {
    this.isClosed = true;
  }

  deliver(socket: SocketKind, packet: Packet): void {
    this.listener?.packet(socket, packet);
  }
}

export interface PlayedNodeOptions {
  readonly nodeId: number;
  readonly diskBytes: number;
  /** What the superblock holds before the disk is attached, on top of what create-md wrote. */
  readonly superblock: (fresh: SuperblockV09) => SuperblockV09;
  /** Out of sync before the disk is attached. */
  readonly dirtyBits: readonly number[];
  readonly net: Readonly<Record<string, string | number | boolean>>;
}

/** Long enough for every write that a step causes, far below every timeout. */
const STEP_MS = 50;

export class PlayedNode {
  readonly resource: Resource;
  readonly device: Device;
  readonly connection: Connection;
  private readonly clock = new SimClock();
  private readonly random = new SimRandom(84);
  private readonly disk: SimDisk;

  constructor(private readonly options: PlayedNodeOptions) {
    this.disk = new SimDisk('sda', options.diskBytes, this.clock, this.random);
    this.prepareDisk();
    this.resource = new Resource('r0', options.nodeId, this.host());
    this.device = this.resource.newDevice(0, 0);
    this.connection = this.resource.newConnection(1 - options.nodeId, 'peer', options.net);
  }

  /** Lets everything happen that is under way, or due within `forMs`. */
  settle(forMs = STEP_MS): void {
    this.clock.run(this.clock.nowMs() + forMs);
  }

  attach(): void {
    // The recorded disks are loop devices: discards reach the file.
    const handle = { ...this.disk.open(), discardSupported: true };
    let code = 0;
    LocalDisk.open({ data: handle, meta: handle, placement: 'internal', sizeSectors: 0, mdFlushes: true }, (opened) => {
      if (!(opened instanceof LocalDisk)) throw new Error(`attach: ${opened.kind}`);
      attach(this.device, opened, (result) => (code = result));
    });
    this.settle();
    if (code !== 1) throw new Error(`attach: ${code}`);
  }

  primary(mode: 'plain' | 'forced'): void {
    promote(this.resource, mode, (code) => {
      if (code !== 1) throw new Error(`primary: ${code}`);
    });
    this.settle();
  }

  connect(link: PlayedLink): void {
    this.connection.connect();
    this.connection.linked(link);
    this.settle();
  }

  private prepareDisk(): void {
    const { disk, options } = this;
    const { writes } = createMetadata({ deviceSizeBytes: disk.sizeBytes, placement: 'internal', maxPeers: 1 });
    for (const write of writes) {
      disk.poke(write.offsetBytes, write.kind === 'bytes' ? write.bytes : new Uint8Array(write.lengthBytes));
    }
    const at = superblockOffset('internal', disk.sizeBytes);
    const fresh = decodeSuperblock(disk.peek(at, MD_BLOCK_BYTES));
    if (isMetadataError(fresh)) throw new Error(fresh.message);
    const layout = layoutOfSuperblock(fresh, { placement: 'internal', superblockOffsetBytes: at });
    disk.poke(at, encodeSuperblock(options.superblock(fresh)));
    const block = disk.peek(layout.bitmapOffsetBytes, MD_BLOCK_BYTES).slice();
    for (const bit of options.dirtyBits) setBitsInBlock(block, { blockNumber: 0, slotCount: 1 }, bit, bit + 1);
    disk.poke(layout.bitmapOffsetBytes, block);
  }

  private host(): Host {
    return {
      nowMs: this.clock.nowMs,
      after: (delayMs, run) => {
        const entry = this.clock.schedule(delayMs, run);
        return { cancel: () => void (entry.cancelled = true) };
      },
      randomUuid: () => this.random.uuid(),
      randomBytes: (length) => this.random.bytes(length),
      randomFraction: () => this.random.fraction(),
      hmac: () => null,
      digest: () => null,
      log: () => undefined,
      runHandler: (_call, done) => void this.clock.schedule(1, () => done(0)),
    };
  }
}
