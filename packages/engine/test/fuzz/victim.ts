/** One of our nodes with a peer that sends whatever the test hands in. */
import { Connection, Device, LocalDisk, Resource, attach, promote, type PeerLink } from '../../src/core';
import {
  MD_BLOCK_BYTES,
  MdFlag,
  PeerMdFlag,
  decodeSuperblock,
  encodeSuperblock,
  isMetadataError,
  superblockOffset,
  withFlags,
} from '../../src/metadata';
import { holderCount, letGoPiece, shareMemory } from '../../src/payload';
import { SimClock } from '../../src/sim/clock';
import { SimDisk, simDiskMemory } from '../../src/sim/disk';
import { hostOfLife } from '../../src/sim/node-life';
import { createMd } from '../../src/sim/prepare-disk';
import type { SimRandom } from '../../src/sim/random';
import { Framer, UUID_JUST_CREATED, type Packet, type SocketKind } from '../../src/wire';
import type { Scene } from './scenes';

const DISK_BYTES = 8 * 1024 * 1024;
const NODE_ID = 0;
const PEER_NODE_ID = 1;
/** More events than any stream can cause, unless something goes round in circles. */
const EVENTS_MAX = 60_000;
const APPLICATION_WRITE_MS = 20;

/** What is on the disk beyond its metadata is of no interest here. */
const memory = simDiskMemory(DISK_BYTES);

type Listener = Parameters<PeerLink['listen']>[0];

/** Frames the bytes as a TCP link does, and throws away what is sent. */
class BadPeerLink implements PeerLink {
  readonly unsentBytes = 0;
  isClosed = false;
  sentCount = 0;
  private listener: Listener | null = null;
  private readonly framers: Readonly<Record<SocketKind, Framer>> = {
    data: new Framer('data'),
    meta: new Framer('meta'),
  };

  constructor(
    readonly acceptedMeta: boolean,
    private readonly clock: SimClock,
  ) {}

  listen(listener: Listener): void {
    this.listener = listener;
  }

  agree(version: number, featureFlags: number): void {
    for (const socket of ['data', 'meta'] as const) {
      const framer = this.framers[socket];
      framer.agree(version, featureFlags);
      this.clock.schedule(0, () => this.judge(framer.resume(this.sink(socket))));
    }
  }

  setIntegrityDigestSizes(_send: number, receiveBytes: number): void {
    this.framers.data.setDigestBytes(receiveBytes);
  }

  send(): void {
    this.sentCount++;
  }

  /** One that does not care whether it is read. */
  readData(): void {}

  close(): void {
    this.isClosed = true;
    this.framers.data.stop();
    this.framers.meta.stop();
  }

  receive(socket: SocketKind, chunk: Uint8Array): void {
    if (!this.isClosed) this.judge(this.framers[socket].push(chunk, this.sink(socket)));
  }

  hangUp(): void {
    if (this.isClosed) return;
    this.close();
    this.listener?.closed('BrokenPipe', 'peer closed the connection');
  }

  private sink(socket: SocketKind) {
    return {
      packet: (packet: Packet): void => {
        if (!this.isClosed) this.listener?.packet(socket, packet);
      },
    };
  }

  private judge(error: { readonly message: string } | null): void {
    if (error === null || this.isClosed) return;
    this.close();
    this.listener?.closed('ProtocolError', error.message);
  }
}

export class Victim {
  readonly resource: Resource;
  readonly device: Device;
  readonly connection: Connection;
  readonly log: string[] = [];
  private readonly clock = new SimClock();
  private readonly link: BadPeerLink;
  private unanswered = 0;
  private eventCount = 0;
  private writing = true;
  private readonly chunks: ArrayBuffer[] = [];

  constructor(
    scene: Scene,
    private readonly random: SimRandom,
  ) {
    const disk = new SimDisk('sda', DISK_BYTES, this.clock, random, memory);
    prepare(disk, scene);
    const world = {
      clock: this.clock,
      random,
      log: (_level: string, _subject: string, text: string) => void this.log.push(text),
      runHandler: (_call: unknown, done: (exitCode: number) => void) => void this.clock.schedule(1, () => done(0)),
    };
    this.resource = new Resource(
      'r0',
      NODE_ID,
      hostOfLife(world, () => true),
    );
    this.device = this.resource.newDevice(0, 0);
    this.connection = this.resource.newConnection(PEER_NODE_ID, 'peer', scene.net);
    this.link = new BadPeerLink(scene.acceptedMeta, this.clock);
    const handle = disk.open();
    LocalDisk.open({ data: handle, meta: handle, placement: 'internal', sizeSectors: 0, mdFlushes: true }, (opened) => {
      if (!(opened instanceof LocalDisk)) throw new Error(`attach: ${opened.kind}`);
      attach(this.device, opened, () => undefined);
    });
    this.pass(50);
    if (scene.isPrimary) {
      promote(this.resource, 'forced', () => undefined);
      this.pass(50);
      this.write();
    }
    this.connection.connect();
    this.connection.linked(this.link);
    this.pass(1);
  }

  get isCutOff(): boolean {
    return this.link.isClosed;
  }

  receive(socket: SocketKind, bytes: Uint8Array, passMs: number): void {
    // Memory that is used again as soon as nobody says that he needs it.
    const memory = new ArrayBuffer(bytes.length);
    const chunk = new Uint8Array(memory);
    chunk.set(bytes);
    shareMemory(memory, () => chunk.fill(0xdd));
    this.chunks.push(memory);
    this.link.receive(socket, chunk);
    letGoPiece(chunk);
    this.pass(passMs);
  }

  /** The peer hangs up, if it was not thrown out; then everything ends that is under way. */
  end(): void {
    this.link.hangUp();
    this.writing = false;
    this.pass(30_000);
  }

  /** What is wrong with the node afterwards. */
  complaints(): string[] {
    const { connection, device } = this;
    const [peerDevice] = device.peerDevices;
    const found: string[] = [];
    const expect = (what: string, holds: boolean): void => void (holds || found.push(what));
    expect('the disk is gone', device.disk !== null);
    expect('an application waits for ever', this.unanswered === 0);
    expect('the connection counts as up', !connection.isUp);
    expect('writes wait for an acknowledgement', connection.pendingWrites.size === 0);
    expect('reads wait for an answer', connection.pendingReads.size === 0);
    expect("the peer's requests are under way", peerDevice?.requests.inFlight === 0);
    expect('still in a connected state', (peerDevice?.conn ?? 0) < 9);
    const held = this.chunks.filter((memory) => holderCount(memory) > 1).length;
    expect(`${held} chunks are held by several`, held === 0);
    return found;
  }

  private pass(ms: number): void {
    const { clock } = this;
    const stop = (): boolean => ++this.eventCount > EVENTS_MAX;
    clock.run(clock.nowMs() + ms, stop);
    if (this.eventCount > EVENTS_MAX) throw new Error('goes round in circles');
  }

  /** An application writes all the time. */
  private write(): void {
    if (!this.writing) return;
    const blocks = Math.floor(this.device.sizeSectors / 8);
    this.unanswered++;
    const data = new Uint8Array(4096).fill(1 + this.random.below(255));
    this.device.writes.submit('write', 8 * this.random.below(blocks), [data], data.length, () => {
      this.unanswered--;
      this.clock.schedule(APPLICATION_WRITE_MS, () => this.write());
    });
  }
}

/** The disk that this side of the recording had: its UUIDs, consistent if it was more than just created. */
function prepare(disk: SimDisk, { uuids }: Scene): void {
  createMd(disk);
  if (uuids.current === UUID_JUST_CREATED) return;
  const at = superblockOffset('internal', disk.sizeBytes);
  const fresh = decodeSuperblock(disk.peek(at, MD_BLOCK_BYTES));
  if (isMetadataError(fresh)) throw new Error(fresh.message);
  const [, , ...older] = fresh.historyUuids;
  const peers = fresh.peers.map((peer, nodeId) =>
    nodeId === PEER_NODE_ID
      ? { ...peer, bitmapUuid: uuids.bitmap, bitmapIndex: 0, flags: withFlags(peer.flags, PeerMdFlag.nodeExists) }
      : peer,
  );
  const used = {
    ...fresh,
    currentUuid: uuids.current,
    historyUuids: [uuids.history0, uuids.history1, ...older],
    flags: withFlags(fresh.flags, MdFlag.consistent | MdFlag.wasUpToDate | MdFlag.alClean),
    effectiveSizeSectors: fresh.effectiveSizeSectors,
    peers,
  };
  disk.poke(at, encodeSuperblock(used));
}
