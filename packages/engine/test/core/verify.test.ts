/** Online verify between two of our nodes. Source: wire.md 9, behaviour.md 7.7, story 26-verify-repair. */
import { disconnect, startVerify, type VerifyRange } from '../../src/core';
import { loseDisk } from '../../src/core/device/detach';
import { Conn, Disk, OvResultId, StateResult as SS, unpackState, type Packet } from '../../src/wire';
import { Pair, type PairNode, type PairOptions } from './pair';

const SHA = { 'verify-alg': 'sha1' };
/** 2 MiB with internal metadata. */
const verifiable = (options: PairOptions = {}): Pair =>
  new Pair({ ...options, net: { ...SHA, ...options.net } }).upToDate();

const verify = (node: PairNode, range: VerifyRange = {}): number =>
  node.code((done) => startVerify(node.peerDevice, range, done));

const isOver = (pair: Pair) => (): boolean => pair.nodes.every(({ peerDevice }) => peerDevice.conn === Conn.Connected);

const results = (packets: readonly Packet[]): bigint[] =>
  packets.flatMap((packet) => (packet.kind === 'OvResult' ? [packet.blockId] : []));

function plantDifferences(pair: Pair): void {
  for (const sector of [80, 88, 2000]) pair.bob.poke(sector, 0xee);
}

describe.each(['alice', 'bob'] as const)('started on %s', (starter) => {
  test('differences are found by both, nothing is copied, the handler runs on both', () => {
    const pair = verifiable();
    plantDifferences(pair);
    expect(verify(pair[starter])).toBe(SS.SS_SUCCESS);
    pair.run(10_000, isOver(pair));
    pair.run(100);
    for (const node of pair.nodes) {
      expect(node.states).toBe('2/2 10 8/8');
      expect(node.peerDevice.outOfSyncBits).toBe(3);
      expect([80, 88, 2000].map((sector) => node.peerDevice.bitmap?.isSet(sector / 8))).toEqual([true, true, true]);
      expect(node.handlers.filter((handler) => handler === 'out-of-sync')).toHaveLength(1);
      expect(node.log).toEqual(
        expect.arrayContaining([
          'Out of sync: start=2000, size=8 (sectors)',
          'Online verify found 3 4k block out of sync!',
        ]),
      );
      const loggedSectors = node.log.map((text) => Number(/^Out of sync: .*size=(\d+)/.exec(text)?.[1] ?? 0));
      expect(loggedSectors.reduce((sum, size) => sum + size)).toBe(24);
    }
    expect(pair.alice.peek(80)).toEqual([0]);
    expect(pair.bob.peek(80)).toEqual([0xee]);
  });
});

test('every block is asked for once, in order, the last one shorter', () => {
  const pair = verifiable({ diskBytes: 2 * 1024 * 1024 + 1024, disk: { size: 3333 } });
  expect(pair.alice.device.sizeSectors).toBe(3333);
  verify(pair.alice);
  pair.run(10_000, isOver(pair));
  const asked = pair.alice.sent.flatMap((packet) =>
    packet.kind === 'OvRequest' ? [[packet.sector, packet.sizeBytes] as const] : [],
  );
  const expected = Array.from({ length: 417 }, (_, i) => [i * 8, i === 416 ? 5 * 512 : 4096]);
  expect(asked).toEqual(expected);
  expect(results(pair.alice.sent)).toEqual(expected.map(() => OvResultId.IN_SYNC));
  expect(pair.bob.handlers).not.toContain('out-of-sync');
});

test('the wire is the one of the recorded kernel pair: request, reply, result, and a P_STATE at the end', () => {
  const pair = verifiable();
  const before = pair.nodes.map(({ sent }) => sent.length);
  verify(pair.alice);
  pair.run(10_000, isOver(pair));
  pair.run(100);
  const [sentByAlice, sentByBob] = pair.nodes.map(({ sent }, i) =>
    sent.slice(before[i]).filter(({ kind }) => kind !== 'Ping' && kind !== 'PingAck'),
  ) as [Packet[], Packet[]];
  expect(sentByAlice[0]).toMatchObject({ kind: 'StateChgReq', mask: 0x1f0, value: 0x120 });
  expect(new Set(sentByAlice.slice(1, -1).map(({ kind }) => kind))).toEqual(new Set(['OvRequest', 'OvResult']));
  const last = sentByAlice[sentByAlice.length - 1];
  expect(last?.kind === 'State' && unpackState(last.state)).toMatchObject({
    conn: Conn.Connected,
    disk: Disk.UpToDate,
  });
  expect(new Set(sentByBob.map(({ kind }) => kind))).toEqual(new Set(['StateChgReply', 'OvReply']));
});

test('a stop sector ends the run on both sides; the next run goes on from there', () => {
  const pair = verifiable();
  plantDifferences(pair);
  expect(verify(pair.alice, { startSector: 5, stopSector: 800 })).toBe(SS.SS_SUCCESS);
  pair.run(10_000, isOver(pair));
  pair.run(100);
  for (const node of pair.nodes) {
    expect(node.states).toBe('2/2 10 8/8');
    expect(node.peerDevice.outOfSyncBits).toBe(2);
  }
  expect(results(pair.alice.sent)).toHaveLength(100);
  expect(pair.alice.peerDevice.verifySource.nextStartSector).toBe(800);
  verify(pair.alice);
  pair.run(10_000, isOver(pair));
  expect(pair.alice.log).toContain('Starting Online Verify from sector 800');
  expect(pair.bob.peerDevice.outOfSyncBits).toBe(3);
  expect(pair.alice.peerDevice.verifySource.nextStartSector).toBe(0);
});

test('below protocol 101 there is no stop sector, and each side counts to the end by itself', () => {
  const pair = verifiable({ version: 100 });
  plantDifferences(pair);
  const before = pair.alice.sent.length;
  verify(pair.alice, { stopSector: 800 });
  pair.run(10_000, isOver(pair));
  pair.run(100);
  expect(pair.nodes.map(({ states }) => states)).toEqual(['2/2 10 8/8', '2/2 10 8/8']);
  expect(pair.nodes.map(({ peerDevice }) => peerDevice.outOfSyncBits)).toEqual([3, 3]);
  expect(pair.alice.sent.slice(before).some(({ kind }) => kind === 'State')).toBe(false);
});

test('progress: total, position and what is left, on both sides while it runs', () => {
  const pair = verifiable({ peerDevice: { 'resync-rate': 400 } });
  verify(pair.alice, { startSector: 160 });
  pair.run(950);
  const { alice, bob } = pair;
  const totalBits = Math.ceil(alice.device.sizeSectors / 8) - 20;
  for (const { peerDevice } of pair.nodes) expect(peerDevice.progress?.totalBits).toBe(totalBits);
  const { verifySource } = alice.peerDevice;
  const { verifyTarget } = bob.peerDevice;
  expect(verifySource.startSector).toBe(160);
  expect(verifyTarget.startSector).toBe(160);
  expect(verifySource.positionSector).toBe(160 + 10 * 10 * 8);
  expect(totalBits - verifySource.leftBits).toBeGreaterThan(80);
  expect(totalBits - verifyTarget.leftBits).toBeGreaterThan(80);
});

test('the rate is the one of the resync controller', () => {
  const slow = verifiable({ peerDevice: { 'resync-rate': 400 } });
  verify(slow.alice);
  slow.run(5000);
  // 400 KiB/s are 10 blocks in each step of 0.1 s.
  expect(results(slow.alice.sent).length).toBeGreaterThan(480);
  expect(results(slow.alice.sent).length).toBeLessThan(520);
});

test('a lost connection breaks it off; the next run starts at the first block without a result', () => {
  const pair = verifiable({ peerDevice: { 'resync-rate': 400 } });
  const { alice, bob } = pair;
  verify(alice);
  pair.run(1500);
  pair.network.unplug('with-reset');
  pair.run(100);
  expect(alice.peerDevice.conn).toBeLessThan(Conn.Connected);
  expect(alice.peerDevice.progress).toBeNull();
  const reached = alice.peerDevice.verifySource.nextStartSector;
  expect(reached / 8).toBeLessThanOrEqual(150);
  expect(reached / 8).toBeGreaterThan(120);
  pair.network.plug();
  pair.run(3000);
  expect(pair.nodes.map(({ states }) => states)).toEqual(['2/2 10 8/8', '2/2 10 8/8']);
  verify(alice);
  pair.run(20_000, isOver(pair));
  expect(alice.log).toContain(`Starting Online Verify from sector ${reached}`);
  expect(bob.peerDevice.outOfSyncBits).toBe(0);
  expect(pair.nodes.every(({ device }) => device.applicationLocks.size === 0 && device.peerLocks.size === 0)).toBe(
    true,
  );
});

test.each(['alice', 'bob'] as const)('the disk of %s is lost in the middle: both are Connected again', (loser) => {
  const pair = verifiable({ peerDevice: { 'resync-rate': 400 } });
  verify(pair.alice);
  pair.run(500);
  loseDisk(pair[loser].device);
  pair.run(1000);
  expect(pair.nodes.map(({ peerDevice }) => peerDevice.conn)).toEqual([Conn.Connected, Conn.Connected]);
  expect(pair.nodes.every(({ peerDevice }) => peerDevice.progress === null)).toBe(true);
  expect(pair.nodes.every(({ device }) => device.applicationLocks.size === 0 && device.peerLocks.size === 0)).toBe(
    true,
  );
});

test.each([
  ['alice', 'C'],
  ['bob', 'C'],
  ['alice', 'A'],
  ['bob', 'A'],
] as const)('writes of %s as Primary under protocol %s never look like differences', (writer, protocol) => {
  const pair = verifiable({ net: { protocol }, peerDevice: { 'resync-rate': 8000 } });
  const node = pair[writer];
  expect(node.primary()).toBe(1);
  verify(pair.alice);
  let fill = 1;
  let acknowledged = 0;
  while (!isOver(pair)()) {
    const sector = pair.random.below(400) * 8;
    node.device.writes.submit('write', sector, [new Uint8Array(4096).fill(fill++)], 4096, () => acknowledged++);
    pair.run(0.5);
  }
  pair.run(1000);
  expect(acknowledged).toBe(fill - 1);
  expect(acknowledged).toBeGreaterThan(100);
  expect(pair.nodes.map(({ peerDevice }) => peerDevice.outOfSyncBits)).toEqual([0, 0]);
  const [a, b] = pair.nodes.map(({ disk }) => disk.peek(0, 3200 * 512)) as [Uint8Array, Uint8Array];
  expect(Buffer.compare(a, b)).toBe(0);
});

describe('refusals', () => {
  test('without verify-alg', () => {
    expect(verify(new Pair().upToDate().alice)).toBe(SS.SS_NO_VERIFY_ALG);
  });
  test('without connection', () => {
    const pair = new Pair({ net: SHA }).attach();
    expect(verify(pair.alice)).toBe(SS.SS_NEED_CONNECTION);
  });
  test('below protocol 88', () => {
    expect(verify(verifiable({ version: 87 }).alice)).toBe(SS.SS_NOT_SUPPORTED);
  });
  test('while the peer verifies; where this node does, only the stop sector changes', () => {
    const pair = verifiable({ peerDevice: { 'resync-rate': 400 } });
    verify(pair.alice);
    pair.run(300);
    expect(verify(pair.bob)).toBe(SS.SS_RESYNC_RUNNING);
    expect(verify(pair.alice, { stopSector: 8 })).toBe(SS.SS_SUCCESS);
    pair.run(1000, isOver(pair));
    expect(pair.nodes.map(({ states }) => states)).toEqual(['2/2 10 8/8', '2/2 10 8/8']);
  });
  test('without a disk here: 138; without one there: -5', () => {
    const pair = verifiable();
    loseDisk(pair.bob.device);
    pair.run(500);
    expect(verify(pair.alice)).toBe(SS.SS_NO_REMOTE_DISK);
    expect(verify(pair.bob)).toBe(138);
  });
});

test('what verify found is repaired by a resync after the Primary was disconnected', () => {
  const pair = verifiable();
  const { alice, bob } = pair;
  plantDifferences(pair);
  expect(alice.primary()).toBe(1);
  verify(alice);
  pair.run(10_000, isOver(pair));
  expect(alice.code((done) => disconnect(alice.connection, 'graceful', done))).toBe(1);
  pair.run(100);
  alice.connection.connect();
  pair.run(5000);
  expect(bob.states).toBe('2/1 10 8/8');
  expect(bob.peek(80, 8192)).toEqual([0]);
  expect(bob.peerDevice.stats.receivedSectors).toBe(24);
  expect(pair.nodes.map(({ peerDevice }) => peerDevice.outOfSyncBits)).toEqual([0, 0]);
});
