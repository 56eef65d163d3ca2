/** Sizes that change while both nodes are connected. Source: wire.md 5.3, behaviour.md 11, story 32-resize-online. */
import { disconnect, invalidate, resize, type ResizeRequest } from '../../src/core';
import { loseDisk } from '../../src/core/device/detach';
import { decodeSuperblock, isMetadataError, superblockOffset, MdFlag, PeerMdFlag } from '../../src/metadata';
import { Conn, Disk, type Packet } from '../../src/wire';
import { Pair, type PairNode, type PairOptions } from './pair';

const MIB = 1024 * 1024;
const OK = 101;

const command = (node: PairNode, request: ResizeRequest = {}): number =>
  node.code((done) => resize(node.device, request, done));

/** Alice is Primary and has written something, as in the story. */
function story(options: PairOptions = {}): Pair {
  const pair = new Pair({ diskBytes: 5 * MIB, ...options }).upToDate();
  expect(pair.alice.primary()).toBe(1);
  for (let i = 0; i < 8; i++) pair.alice.write(i * 8, i + 1);
  pair.run(200);
  for (const { sent } of pair.nodes) sent.length = 0;
  return pair;
}

const settle = (pair: Pair): void => {
  pair.run(20);
  pair.run(10_000, () => pair.nodes.every(({ peerDevice }) => peerDevice.conn === Conn.Connected));
  pair.run(200);
};

const sizes = (pair: Pair): number[] => pair.nodes.map(({ device }) => device.sizeSectors);
const states = (pair: Pair): string[] => pair.nodes.map((node) => node.states);
const received = ({ peerDevice }: PairNode): number => peerDevice.stats.receivedSectors / 2;

/** What an attach would find now. */
function superblockOf(node: PairNode) {
  const superblock = decodeSuperblock(node.disk.peek(superblockOffset('internal', node.disk.sizeBytes), 4096));
  if (isMetadataError(superblock)) throw new Error(superblock.message);
  return superblock;
}

function expectEqualData(pair: Pair): void {
  const [a, b] = pair.nodes.map(({ disk }) => disk.peek(0, pair.alice.device.sizeSectors * 512));
  expect(Buffer.compare(a!, b!)).toBe(0);
}

const CONNECTED = ['1/2 10 8/8', '2/1 10 8/8'];

test('nothing grown: sizes are told and answered, nothing changes', () => {
  const pair = story();
  expect(command(pair.alice)).toBe(OK);
  settle(pair);
  expect(sizes(pair)).toEqual([10160, 10160]);
  expect(pair.alice.sentKinds()).toEqual(['Uuids', 'Sizes']);
  expect(pair.alice.sent[1]).toMatchObject({ currentSectors: 0, diskSectors: 10160, ddsFlags: 0 });
  expect(pair.bob.sent).toMatchObject([{ kind: 'Sizes', currentSectors: 10160 }]);
  expect(states(pair)).toEqual(CONNECTED);
});

test('only one disk grown: its metadata moves to the new end, the size stays', () => {
  const pair = story();
  pair.alice.disk.grow(8 * MIB);
  expect(command(pair.alice)).toBe(OK);
  settle(pair);
  expect(sizes(pair)).toEqual([10160, 10160]);
  expect(pair.alice.sent[1]).toMatchObject({ kind: 'Sizes', diskSectors: 16304 });
  expect(superblockOf(pair.alice).effectiveSizeSectors).toBe(10160);
  expect(states(pair)).toEqual(CONNECTED);
});

describe.each(['alice', 'bob'] as const)('both grown, resize on %s', (starter) => {
  const grown = (pair: Pair): void => pair.nodes.forEach(({ disk }) => disk.grow(8 * MIB));

  test('the Primary is source of exactly the new area, and the answer comes before the resync', () => {
    const pair = story();
    grown(pair);
    pair.bob.poke(12000, 0xff);
    const before = received(pair.bob);
    expect(command(pair[starter])).toBe(OK);
    settle(pair);
    expect(sizes(pair)).toEqual([16304, 16304]);
    expect(states(pair)).toEqual(CONNECTED);
    expect(received(pair.bob) - before).toBe(3072);
    expectEqualData(pair);
    const kinds = pair.alice.sentKinds();
    expect(kinds.indexOf('Sizes')).toBeLessThan(kinds.indexOf('SyncUuid'));
    expect([...kinds, ...pair.bob.sentKinds()]).not.toContain('CompressedBitmap');
    for (const node of pair.nodes) {
      expect(node.peerDevice.outOfSyncBits).toBe(0);
      expect(superblockOf(node)).toMatchObject({ effectiveSizeSectors: 16304 });
      expect(superblockOf(node).flags & MdFlag.alDisabled).toBe(0);
    }
  });

  test('--assume-clean: no resync', () => {
    const pair = story();
    grown(pair);
    const before = received(pair.bob);
    expect(command(pair[starter], { assumeClean: true })).toBe(OK);
    settle(pair);
    expect(sizes(pair)).toEqual([16304, 16304]);
    expect(received(pair.bob)).toBe(before);
    expect(pair.nodes.map(({ peerDevice }) => peerDevice.outOfSyncBits)).toEqual([0, 0]);
    expect(states(pair)).toEqual(CONNECTED);
  });

  test('an explicit size shrinks online, and back to all there is', () => {
    const pair = story();
    expect(command(pair[starter], { sizeSectors: 6144 })).toBe(OK);
    settle(pair);
    expect(sizes(pair)).toEqual([6144, 6144]);
    expect(pair.nodes.map(({ device }) => device.diskOptionValues)).toEqual([{ size: 6144 }, { size: 6144 }]);
    const before = received(pair.bob);
    expect(command(pair[starter], { sizeSectors: 0 })).toBe(OK);
    settle(pair);
    expect(sizes(pair)).toEqual([10160, 10160]);
    expect(pair.nodes.map(({ device }) => device.diskOptionValues)).toEqual([{}, {}]);
    expect(received(pair.bob) - before).toBe((10160 - 6144) / 2);
    expect(states(pair)).toEqual(CONNECTED);
    expectEqualData(pair);
  });

  test('under load: every write is acknowledged and on both disks', () => {
    const pair = story();
    let count = 0;
    let acknowledged = 0;
    const load = (durationMs: number): void => {
      for (let ms = 0; ms < durationMs; ms++) {
        const sector = pair.random.below(Math.floor(pair.alice.device.sizeSectors / 8)) * 8;
        const data = new Uint8Array(4096).fill(++count);
        pair.alice.device.writes.submit('write', sector, [data], 4096, (error) => {
          if (error === null) acknowledged++;
        });
        pair.run(1);
      }
    };
    load(100);
    grown(pair);
    let code = 0;
    resize(pair[starter].device, {}, (result) => (code = result));
    load(1000);
    settle(pair);
    expect(code).toBe(OK);
    expect(acknowledged).toBe(count);
    expect(sizes(pair)).toEqual([16304, 16304]);
    expect(states(pair)).toEqual(CONNECTED);
    expectEqualData(pair);
  });
});

test('the wire is the recorded one: P_UUIDS, P_SIZES asking back, the answer, P_SYNC_UUID, requests from the old end on', () => {
  const pair = story();
  pair.nodes.forEach(({ disk }) => disk.grow(8 * MIB));
  command(pair.alice);
  settle(pair);
  const kinds = (packets: readonly Packet[]) => packets.filter(({ kind }) => kind !== 'Ping' && kind !== 'PingAck');
  expect(kinds(pair.alice.sent)[0]).toMatchObject({ kind: 'Uuids', dirtyBits: 0n });
  expect(kinds(pair.alice.sent)[1]).toMatchObject({ kind: 'Sizes', diskSectors: 16304, currentSectors: 0 });
  expect(kinds(pair.alice.sent)[2]).toMatchObject({ kind: 'SyncUuid' });
  expect(kinds(pair.bob.sent)[0]).toMatchObject({ kind: 'Sizes', diskSectors: 16304, currentSectors: 16304 });
  const asked = pair.bob.sent.filter(({ kind }) => kind === 'RsDataRequest').slice(0, 3);
  expect(asked).toMatchObject([
    { sector: 10160, sizeBytes: 8192 },
    { sector: 10176, sizeBytes: 32768 },
    { sector: 10240 },
  ]);
});

describe('refusals', () => {
  test('by number', () => {
    const pair = story();
    expect(command(pair.alice, { sizeSectors: 99999 })).toBe(111);
    expect(command(pair.alice, { alStripes: 1, alStripeSizeKib: 16 })).toBe(168);
    expect(command(pair.alice, { alStripes: 1024, alStripeSizeKib: 16 * 1024 * 1024 })).toBe(167);
    expect(command(pair.alice, { alStripes: 1, alStripeSizeKib: 1024 })).toBe(169);
    expect(pair.alice.secondary()).toBe(1);
    expect(command(pair.alice)).toBe(131);
    loseDisk(pair.alice.device);
    pair.run(100);
    expect(command(pair.alice)).toBe(138);
  });
  test('during a verify or resync: 130', () => {
    const pair = story();
    pair.alice.resource.states.force(pair.bob.peerDevice, {});
    pair.bob.peerDevice.options = { ...pair.bob.peerDevice.options, resyncRateKiBs: 400 };
    expect(pair.bob.code((done) => invalidate(pair.bob.device, done))).toBe(1);
    pair.run(200);
    expect(command(pair.alice)).toBe(130);
    expect(command(pair.bob)).toBe(130);
  });
  test('--assume-clean below protocol 93: 153', () => {
    expect(command(story({ version: 92 }).alice, { assumeClean: true })).toBe(153);
  });
});

test('alone: grows only where the administrator vouches for the peer, who follows when it comes back', () => {
  const pair = story();
  const { alice, bob } = pair;
  alice.code((done) => disconnect(alice.connection, 'graceful', done));
  for (const { disk } of pair.nodes) disk.grow(8 * MIB);
  expect(command(alice)).toBe(OK);
  expect(alice.device.sizeSectors).toBe(10160);
  expect(command(alice, { assumePeerHasSpace: true })).toBe(OK);
  expect(alice.device.sizeSectors).toBe(16304);
  alice.write(16000, 0x77);
  pair.run(100);
  expect(command(bob, { assumePeerHasSpace: true })).toBe(OK);
  alice.connection.connect();
  settle(pair);
  expect(sizes(pair)).toEqual([16304, 16304]);
  expect(states(pair)).toEqual(CONNECTED);
  expectEqualData(pair);
});

test('a larger activity log: the metadata makes room in place', () => {
  const pair = new Pair({ diskBytes: 5 * MIB, disk: { size: 8000 } }).upToDate();
  expect(pair.alice.primary()).toBe(1);
  pair.alice.write(80, 7);
  pair.run(200);
  expect(command(pair.alice, { sizeSectors: 8000, alStripes: 2, alStripeSizeKib: 64 })).toBe(OK);
  settle(pair);
  expect(superblockOf(pair.alice)).toMatchObject({ alStripes: 2, alStripeSize4k: 16, alOffsetSectors: -256 });
  pair.alice.write(88, 8);
  pair.run(200);
  expect(states(pair)).toEqual(CONNECTED);
  expectEqualData(pair);
});

describe('a crash at any moment of the move', () => {
  /** Where the new place overlaps the old one, and where it does not. */
  test.each([
    ['far', 8 * MIB],
    ['near', 5 * MIB + 16 * 1024],
  ] as const)('to a %s place finds metadata that attach understands', (_where, grownBytes) => {
    for (let crashMs = 0; crashMs < 60; crashMs += 1.5) {
      const pair = story({ seed: 10 + crashMs });
      const { alice } = pair;
      for (const { disk } of pair.nodes) disk.grow(grownBytes);
      resize(alice.device, {}, () => undefined);
      pair.run(crashMs);
      alice.kill();
      const old = decodeSuperblock(alice.disk.peek(superblockOffset('internal', 5 * MIB), 4096));
      const now = decodeSuperblock(alice.disk.peek(superblockOffset('internal', grownBytes), 4096));
      // Before the new superblock the old one is whole: check-resize moves it.
      if (isMetadataError(now)) {
        expect(isMetadataError(old)).toBe(false);
        continue;
      }
      const needsFullSync = (now.flags & MdFlag.alDisabled) !== 0;
      if (needsFullSync) {
        expect(now.peers.every(({ flags }) => (flags & PeerMdFlag.fullSync) !== 0)).toBe(true);
        expect(now.flags & MdFlag.crashedPrimary).not.toBe(0);
      }
      alice.attach();
      if (needsFullSync) expect(alice.peerDevice.outOfSyncBits).toBe(alice.peerDevice.bitmap?.bitCount);
      alice.connection.connect();
      pair.run(500);
      settle(pair);
      expect(states(pair)).toEqual(['2/2 10 8/8', '2/2 10 8/8']);
      expectEqualData(pair);
      expect(alice.disk.peek(0, 4096)[0]).toBe(1);
    }
  });
});

test('the disk state is never above what it was: the target is Inconsistent while the new area comes', () => {
  const pair = story({ peerDevice: { 'resync-rate': 400 } });
  pair.nodes.forEach(({ disk }) => disk.grow(8 * MIB));
  command(pair.alice);
  pair.run(500);
  expect(pair.bob.device.diskState).toBe(Disk.Inconsistent);
  expect(states(pair)).toEqual(['1/2 16 8/4', '2/1 17 4/8']);
});
