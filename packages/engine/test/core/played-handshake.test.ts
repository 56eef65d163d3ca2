/**
 * Our node takes the place of one of two recorded DRBD 8.4.11 nodes and is fed what the other one sent. What it sends
 * has to be what the real node sent, packet by packet and field by field, up to the start of the resync.
 */
import { join } from 'node:path';
import { MdFlag, UUID_JUST_CREATED, type SuperblockV09 } from '../../src/metadata';
import { sectors } from '../../src/units';
import {
  BitmapReceiver,
  Conn,
  Disk,
  bitmapChunkBytes,
  formatState,
  type Packet,
  type UuidsPacket,
} from '../../src/wire';
import { recordedLinks, type RecordedLink, type RecordedPacket } from '../pcap';
import { PlayedLink, PlayedNode, type PlayedNodeOptions } from './played-node';

const ALICE = '10.9.0.1';
const BOB = '10.9.0.2';
const links = recordedLinks(join(__dirname, '..', 'vectors', 'drbd-8.4.11-pair.pcap.gz'));

/** 4 MiB with internal metadata for one peer leave the 8112 sectors of the recorded P_SIZES. */
const DISK_BYTES = 4 * 1024 * 1024;
const DISK_SECTORS = 8112;
const BIT_COUNT = DISK_SECTORS / 8;
const NET = { protocol: 'C', 'verify-alg': 'crc32c' };

/** What cannot be equal, and why. All other fields of all other packets are. */
const EXCUSED: readonly {
  readonly when: (recorded: RecordedPacket, link: RecordedLink) => boolean;
  readonly field: string;
  /** What has to hold for our value all the same. */
  readonly but: (value: unknown) => boolean;
  readonly reason: string;
}[] = [
  {
    when: ({ packet }, link) => link === links[0] && packet.kind === 'Uuids' && packet.current !== UUID_JUST_CREATED,
    field: 'current',
    but: (value) => typeof value === 'bigint' && value > 0xffffn && (value & 1n) === 1n,
    reason: 'a new data generation of a Primary: random, bit 0 set',
  },
  {
    when: ({ packet }, link) => link === links[0] && packet.kind === 'SyncUuid',
    field: 'uuid',
    but: (value) => typeof value === 'bigint' && value > 0xffffn,
    reason: 'the bitmap UUID is JUST_CREATED: the sync UUID is random',
  },
];

/** Depends on the moment, not on what was said. */
const UNTIMED = new Set(['Ping', 'PingAck']);

interface Scene {
  readonly link: RecordedLink;
  /** Everything up to the P_SYNC_UUID that starts the resync. */
  readonly packets: readonly RecordedPacket[];
}

function sceneOf(index: number): Scene {
  const link = links[index];
  if (link === undefined) throw new Error(`the capture has ${links.length} links`);
  const end = link.packets.findIndex(({ packet }) => packet.kind === 'SyncUuid');
  return { link, packets: link.packets.slice(0, end + 1) };
}

const sentBy = (scene: Scene, node: string): RecordedPacket[] =>
  scene.packets.filter(({ from, packet }) => from === node && !UNTIMED.has(packet.kind));

/** Plays `peer`'s packets of the scene to our node; `cue` runs where the real node sent that packet. */
function play(
  scene: Scene,
  node: PlayedNode,
  self: string,
  cue: (real: Packet) => void = () => undefined,
): { link: PlayedLink; sent: Packet[] } {
  const link = new PlayedLink(scene.link.acceptedMeta === self);
  node.connect(link);
  for (const { from, socket, packet } of scene.packets) {
    if (packet.kind === 'SyncUuid') break;
    if (from === self) cue(packet);
    else link.deliver(socket, packet);
    node.settle();
  }
  return { link, sent: link.sent.map(({ packet }) => packet).filter(({ kind }) => !UNTIMED.has(kind)) };
}

/** States as text, so that a difference can be read. */
const readable = (packet: Packet): unknown =>
  packet.kind === 'State' ? { kind: packet.kind, volume: packet.volume, state: formatState(packet.state) } : packet;

function expectSameAs(scene: Scene, node: string, sent: readonly Packet[]): void {
  const real = sentBy(scene, node);
  expect(sent.map(({ kind }) => kind)).toEqual(real.map(({ packet }) => packet.kind));
  real.forEach((recorded, i) => {
    const ours = { ...sent[i] } as Record<string, unknown>;
    for (const { when, field, but } of EXCUSED) {
      if (!when(recorded, scene.link)) continue;
      expect([field, but(ours[field])]).toEqual([field, true]);
      ours[field] = { ...recorded.packet }[field as keyof Packet];
    }
    expect(readable(ours as unknown as Packet)).toEqual(readable(recorded.packet));
  });
}

/** The bits that the recorded node's bitmap packets name. */
function recordedBits(scene: Scene, node: string): number[] {
  const bits: number[] = [];
  const receiver = new BitmapReceiver(
    { bitCount: BIT_COUNT, chunkBytes: bitmapChunkBytes(scene.link.agreement.version) },
    {
      setBits: (from, to) => {
        for (let bit = from; bit < to; bit++) bits.push(bit);
      },
      orWords: () => {
        throw new Error('the recorded bitmaps are compressed');
      },
    },
  );
  for (const { packet } of sentBy(scene, node)) {
    if (packet.kind === 'CompressedBitmap' || packet.kind === 'Bitmap') receiver.feed(packet);
  }
  return bits;
}

const nodeIdOf = (node: string): number => (node === ALICE ? 0 : 1);

/** As after create-md and attach: the size is agreed, all is out of sync, nobody's data is good. */
function freshNode(node: string): PlayedNode {
  const options: PlayedNodeOptions = {
    nodeId: nodeIdOf(node),
    diskBytes: DISK_BYTES,
    superblock: (fresh) => ({ ...fresh, effectiveSizeSectors: sectors(DISK_SECTORS) }),
    dirtyBits: Array.from({ length: BIT_COUNT }, (_, bit) => bit),
    net: NET,
  };
  const played = new PlayedNode(options);
  played.attach();
  return played;
}

/** As the recorded node was before it reconnected: its own P_UUIDS say which generations it had. */
function returningNode(scene: Scene, node: string, dirtyBits: readonly number[]): PlayedNode {
  const uuids = sentBy(scene, node)
    .map(({ packet }) => packet)
    .find((packet): packet is UuidsPacket => packet.kind === 'Uuids');
  if (uuids === undefined) throw new Error(`${node} sent no P_UUIDS`);
  const superblock = (fresh: SuperblockV09): SuperblockV09 => ({
    ...fresh,
    effectiveSizeSectors: sectors(DISK_SECTORS),
    flags: fresh.flags | MdFlag.consistent | MdFlag.wasUpToDate,
    currentUuid: uuids.current,
    historyUuids: [uuids.history0, uuids.history1, ...fresh.historyUuids.slice(2)],
    peers: fresh.peers.map((peer, id) =>
      id === 1 - nodeIdOf(node) ? { ...peer, flags: 0, bitmapUuid: uuids.bitmap, bitmapIndex: 0 } : peer,
    ),
  });
  const played = new PlayedNode({ nodeId: nodeIdOf(node), diskBytes: DISK_BYTES, superblock, dirtyBits, net: NET });
  played.attach();
  return played;
}

describe('two fresh nodes, then primary --force', () => {
  const scene = sceneOf(0);

  test('our node as alice, who becomes Primary and source', () => {
    const node = freshNode(ALICE);
    const { link, sent } = play(scene, node, ALICE, (real) => {
      if (real.kind === 'StateChgReq') node.primary('forced');
    });
    expect(link.agreed).toEqual(scene.link.agreement);
    expectSameAs(scene, ALICE, sent);
    expect(node.device.peerDevices[0]).toMatchObject({ conn: Conn.SyncSource, lastRule: 30 });
    expect(link.isClosed).toBe(false);
  });

  test('our node as bob, who becomes target', () => {
    const node = freshNode(BOB);
    const { link, sent } = play(scene, node, BOB);
    expect(link.agreed).toEqual(scene.link.agreement);
    expectSameAs(scene, BOB, sent);
    expect(node.device.peerDevices[0]).toMatchObject({ conn: Conn.WFSyncUUID, lastRule: 20 });
    expect(link.isClosed).toBe(false);
  });
});

describe('reconnect after alice wrote alone', () => {
  const scene = sceneOf(1);
  const changed = recordedBits(scene, ALICE);

  test('the recorded bitmap has as many bits as the recorded P_UUIDS says', () => {
    const uuids = sentBy(scene, ALICE).find(({ packet }) => packet.kind === 'Uuids')?.packet;
    expect(uuids?.kind === 'Uuids' && uuids.dirtyBits).toBe(BigInt(changed.length));
    expect(changed.length).toBe(13);
  });

  test('our node as alice: source by rule 70, with the same bitmap and sync UUID', () => {
    const node = returningNode(scene, ALICE, changed);
    node.primary('plain');
    const { link, sent } = play(scene, node, ALICE);
    expectSameAs(scene, ALICE, sent);
    expect(node.device.peerDevices[0]).toMatchObject({ conn: Conn.SyncSource, pdsk: Disk.Inconsistent, lastRule: 70 });
    expect(link.isClosed).toBe(false);
  });

  test('our node as bob: target by rule 50, answers with the merged bitmap', () => {
    const node = returningNode(scene, BOB, []);
    const { link, sent } = play(scene, node, BOB);
    expectSameAs(scene, BOB, sent);
    expect(node.device.peerDevices[0]).toMatchObject({ conn: Conn.WFSyncUUID, lastRule: 50 });
    expect(node.device.peerDevices[0]?.bitmap?.weight).toBe(changed.length);
    expect(link.isClosed).toBe(false);
  });
});
