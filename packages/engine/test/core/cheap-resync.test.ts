/** Resyncs that move less than the dirty blocks: by checksum, and without the zeroes. Source: wire.md 8.2, 8.3. */
import { disconnect, invalidate } from '../../src/core';
import { Conn, StateResult as SS, type Packet } from '../../src/wire';
import { Pair, type PairNode, type PairOptions } from './pair';

const isOver = (pair: Pair) => (): boolean =>
  pair.nodes.every(({ peerDevice, device }) => peerDevice.conn === Conn.Connected && device.diskState === 8);

/** `node` becomes the target of a full sync. */
function fullSync(pair: Pair, node: PairNode): void {
  for (const { sent } of pair.nodes) sent.length = 0;
  expect(node.code((done) => invalidate(node.device, done))).toBe(SS.SS_SUCCESS);
  pair.run(20_000, isOver(pair));
  pair.run(50);
}

const count = (packets: readonly Packet[], kind: Packet['kind']): number =>
  packets.filter((packet) => packet.kind === kind).length;

const kib = (packets: readonly Packet[], kind: Packet['kind']): number =>
  packets.reduce(
    (sum, packet) => (packet.kind === kind ? sum + ('sizeBytes' in packet ? packet.sizeBytes : 0) : sum),
    0,
  ) / 1024;

function expectEqualDisks(pair: Pair): void {
  const { alice, bob } = pair;
  const size = alice.device.sizeSectors * 512;
  expect(Buffer.compare(alice.disk.peek(0, size), bob.disk.peek(0, size))).toBe(0);
  expect(pair.nodes.map(({ peerDevice }) => peerDevice.outOfSyncBits)).toEqual([0, 0]);
  expect(pair.nodes.map(({ states }) => states)).toEqual(['2/2 10 8/8', '2/2 10 8/8']);
}

describe.each(['alice', 'bob'] as const)('checksum-based resync of %s', (target) => {
  const csums = (options: PairOptions = {}): { pair: Pair; to: PairNode; from: PairNode } => {
    const pair = new Pair({ ...options, net: { 'csums-alg': 'crc32c', ...options.net } }).upToDate();
    const to = pair[target];
    return { pair, to, from: to === pair.alice ? pair.bob : pair.alice };
  };

  test('only requests with a difference in them cost data', () => {
    const { pair, to, from } = csums();
    to.poke(2048 + 8, 0xaa);
    fullSync(pair, to);
    expect(count(to.sent, 'RsDataRequest')).toBe(0);
    // In the order in which the target's own disk was read.
    const asked = to.sent.flatMap((packet) => (packet.kind === 'CsumRsRequest' ? [packet.sizeBytes / 1024] : []));
    expect(asked.sort()).toEqual([1024, 984]);
    expect(count(from.sent, 'RsIsInSync')).toBe(1);
    expect(kib(from.sent, 'RsDataReply')).toBe(984);
    expectEqualDisks(pair);
    const line = '50 % had equal checksums, eliminated: 1024K; transferred 984K total 2008K';
    for (const { log } of pair.nodes) expect(log).toContain(line);
  });

  test('csums-after-crash-only: not after an invalidate in good order, but for a crashed Primary', () => {
    const { pair, to, from } = csums({ net: { 'csums-after-crash-only': true } });
    fullSync(pair, to);
    expect(count(to.sent, 'CsumRsRequest')).toBe(0);
    expect(kib(from.sent, 'RsDataReply')).toBe(2008);
    to.device.crashedPrimary = true;
    fullSync(pair, to);
    expect(count(to.sent, 'RsDataRequest')).toBe(0);
    expect(kib(from.sent, 'RsDataReply')).toBe(0);
    expectEqualDisks(pair);
  });

  test('below protocol 89 there are none', () => {
    const { pair, to, from } = csums({ version: 88 });
    fullSync(pair, to);
    expect(count(to.sent, 'CsumRsRequest')).toBe(0);
    expect(kib(from.sent, 'RsDataReply')).toBe(2008);
    expectEqualDisks(pair);
  });

  test('while the source writes', () => {
    const { pair, to, from } = csums({ peerDevice: { 'resync-rate': 4000 } });
    to.poke(0, 0xaa, 512 * 1024);
    expect(from.primary()).toBe(1);
    expect(to.code((done) => invalidate(to.device, done))).toBe(SS.SS_SUCCESS);
    for (let i = 1; !isOver(pair)() && i < 4000; i++) {
      from.write(pair.random.below(500) * 8, i);
      pair.run(0.5);
    }
    pair.run(2000);
    expect(count(from.sent, 'RsIsInSync')).toBeGreaterThan(0);
    expect(from.secondary()).toBe(1);
    expectEqualDisks(pair);
  });
});

describe.each(['alice', 'bob'] as const)('thin resync of %s', (target) => {
  const thin = (options: PairOptions = {}): { pair: Pair; to: PairNode; from: PairNode } => {
    const pair = new Pair({ ...options, disk: { 'rs-discard-granularity': 65536 } }).upToDate();
    const to = pair[target];
    return { pair, to, from: to === pair.alice ? pair.bob : pair.alice };
  };

  test('aligned units of zeroes are told, not sent, and become zeroes on the target', () => {
    const { pair, to, from } = thin();
    to.poke(0, 0xbb, 2008 * 1024);
    from.poke(1024, 0x11);
    fullSync(pair, to);
    expect(kib(from.sent, 'RsDeallocated')).toBe(30 * 64);
    // The unit with the block in it, and the 24 KiB behind the last whole one.
    expect(kib(from.sent, 'RsDataReply')).toBe(64 + 24);
    expect(count(to.sent, 'RsThinReq')).toBe(31);
    expectEqualDisks(pair);
    expect(to.peek(1024)).toEqual([0x11]);
    expect(to.peek(4000)).toEqual([0]);
  });

  test('a slow rate does not split the units', () => {
    const { pair, to, from } = thin({ peerDevice: { 'resync-rate': 160 } });
    to.poke(0, 0xbb, 2008 * 1024);
    fullSync(pair, to);
    expect(kib(from.sent, 'RsDeallocated')).toBe(31 * 64);
    expectEqualDisks(pair);
  });

  test('not without the feature', () => {
    const { pair, to, from } = thin({ featureFlags: 0 });
    fullSync(pair, to);
    expect(count(to.sent, 'RsThinReq')).toBe(0);
    expect(kib(from.sent, 'RsDataReply')).toBe(2008);
    expectEqualDisks(pair);
  });
});

test('requests grow as far as the alignment of their start: the recorded sizes', () => {
  const pair = new Pair({ diskBytes: 8 * 1024 * 1024 }).upToDate();
  const { alice, bob } = pair;
  for (const { peerDevice } of pair.nodes) peerDevice.bitmap?.set(1270, 1527);
  expect(alice.primary()).toBe(1);
  alice.code((done) => disconnect(alice.connection, 'graceful', done));
  pair.run(100);
  bob.sent.length = 0;
  alice.connection.connect();
  pair.run(3000, isOver(pair));
  const asked = bob.sent.flatMap((packet) =>
    packet.kind === 'RsDataRequest' ? [[packet.sector, packet.sizeBytes]] : [],
  );
  expect(asked).toEqual([
    [10160, 8192],
    [10176, 32768],
    [10240, 1011712],
  ]);
});
