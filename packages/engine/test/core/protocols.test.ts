/** Protocols A, B and C, and every protocol version against itself. Source: wire.md 3, 6.3, 6.4; stories 03 and 04. */
import { disconnect, invalidate, startVerify } from '../../src/core';
import { loseDisk } from '../../src/core/device/detach';
import { Conn, DataFlag, type Packet } from '../../src/wire';
import { Pair, type PairNode } from './pair';

const CONNECTED = ['1/2 10 8/8', '2/1 10 8/8'];
const states = (pair: Pair): string[] => pair.nodes.map((node) => node.states);
const isOver = (pair: Pair) => (): boolean =>
  pair.nodes.every(({ peerDevice, device }) => peerDevice.conn === Conn.Connected && device.diskState === 8);
const kinds = (packets: readonly Packet[]): string[] =>
  packets.map(({ kind }) => kind).filter((kind) => kind !== 'Ping' && kind !== 'PingAck' && kind !== 'UnplugRemote');
const flagsOf = (packets: readonly Packet[]): number[] =>
  packets.flatMap((packet) => (packet.kind === 'Data' ? [packet.flags] : []));

function expectEqualData(pair: Pair): void {
  const [a, b] = pair.nodes.map(({ disk }) => disk.peek(0, pair.alice.device.sizeSectors * 512));
  expect(Buffer.compare(a!, b!)).toBe(0);
}

function primary(protocol: string): Pair {
  const pair = new Pair({ net: { protocol } }).upToDate();
  expect(pair.alice.primary()).toBe(1);
  for (const { sent } of pair.nodes) sent.length = 0;
  return pair;
}

const reconnect = (node: PairNode, pair: Pair): void => {
  node.connection.connect();
  pair.run(200);
  pair.run(5000, isOver(pair));
  pair.run(100);
};

describe.each([
  ['A', 0, []],
  ['B', DataFlag.SEND_RECEIVE_ACK, ['RecvAck']],
  ['C', DataFlag.SEND_WRITE_ACK, ['WriteAck']],
] as const)('protocol %s', (protocol, flags, acks) => {
  test('asks for its acknowledgement, and gets no other', () => {
    const pair = primary(protocol);
    const result = pair.alice.write(80, 5);
    pair.run(500);
    expect(result.error).toBeNull();
    expect(flagsOf(pair.alice.sent)).toEqual([flags]);
    expect(kinds(pair.bob.sent)).toEqual([...acks, 'BarrierAck']);
    expectEqualData(pair);
    expect(pair.alice.connection.pendingWrites.size).toBe(0);
    expect(pair.alice.connection.inFlightSectors).toBe(0);
  });

  test('a write below protocol 100 carries no flags; the configured protocol decides', () => {
    const pair = new Pair({ net: { protocol }, version: 97 }).upToDate();
    expect(pair.alice.primary()).toBe(1);
    for (const { sent } of pair.nodes) sent.length = 0;
    pair.alice.write(80, 5);
    pair.run(500);
    expect(flagsOf(pair.alice.sent)).toEqual([0]);
    expect(kinds(pair.bob.sent)).toEqual([...acks, 'BarrierAck']);
  });

  test('writing for much longer than ko-count x timeout is no reason to lose the peer', () => {
    const pair = new Pair({ net: { protocol, timeout: 10, 'ko-count': 2 } }).upToDate();
    expect(pair.alice.primary()).toBe(1);
    for (let i = 0; i < 60; i++) {
      pair.alice.write((i % 100) * 8, i);
      pair.clock.run(pair.clock.nowMs() + 200);
    }
    expect(states(pair)).toEqual(CONNECTED);
    expect(pair.alice.log.join()).not.toContain('Timeout');
  });

  test('what a lost link took is out of sync, and comes with the next resync', () => {
    const pair = primary(protocol);
    pair.network.unplug('silently');
    const results = [0, 8, 16].map((sector) => pair.alice.write(sector, 9));
    pair.run(100);
    expect(results.map(({ error }) => error)).toEqual(results.map(() => (protocol === 'A' ? null : undefined)));
    pair.network.unplug('with-reset');
    pair.run(3000);
    expect(results.map(({ error }) => error)).toEqual([null, null, null]);
    expect(pair.alice.peerDevice.outOfSyncBits).toBe(3);
    pair.network.plug();
    pair.run(5000);
    expect(states(pair)).toEqual(CONNECTED);
    expect(pair.bob.peerDevice.stats.receivedSectors).toBe(24);
    expectEqualData(pair);
  });

  test("the peer's disk fails: P_NEG_ACK, the blocks are out of sync, the application does not notice", () => {
    const pair = primary(protocol);
    loseDisk(pair.bob.device);
    const result = pair.alice.write(80, 5);
    pair.run(300);
    expect(result.error).toBeNull();
    expect(pair.alice.peerDevice.bitmap?.isSet(10)).toBe(true);
    expect(pair.nodes.map(({ peerDevice }) => peerDevice.conn)).toEqual([10, 10]);
  });

  test('writes during a resync carry MAY_SET_IN_SYNC and are acknowledged', () => {
    const pair = new Pair({ net: { protocol }, peerDevice: { 'resync-rate': 800 } }).upToDate();
    expect(pair.alice.primary()).toBe(1);
    pair.bob.code((done) => invalidate(pair.bob.device, done));
    pair.run(200);
    for (const { sent } of pair.nodes) sent.length = 0;
    const result = pair.alice.write(3200, 5);
    pair.run(100);
    expect(result.error).toBeNull();
    expect(flagsOf(pair.alice.sent)[0]! & DataFlag.MAY_SET_IN_SYNC).not.toBe(0);
    expect(flagsOf(pair.alice.sent)[0]! & DataFlag.SEND_WRITE_ACK).not.toBe(0);
    expect(kinds(pair.bob.sent)).toContain('RsWriteAck');
    pair.run(10_000, isOver(pair));
    pair.run(100);
    expect(states(pair)).toEqual(CONNECTED);
    expectEqualData(pair);
  });
});

describe.each([86, 87, 88, 89, 90, 91, 92, 93, 94, 95, 96, 97, 100, 101])('protocol version %i', (version) => {
  const featureFlags = version >= 101 ? 15 : 0;

  test('full sync, writes of every kind and size, reconnect by bitmap, role change, verify', () => {
    const pair = new Pair({
      version,
      featureFlags,
      net: { 'verify-alg': 'sha1', 'csums-alg': 'sha1', 'data-integrity-alg': version >= 87 ? 'sha1' : '' },
    });
    const { alice, bob } = pair;
    bob.poke(0, 0xdd, 1024 * 1024);
    pair.attach().connect();
    expect(alice.connection.version).toBe(version);
    expect(alice.primary('forced')).toBe(1);
    pair.run(300);
    pair.run(10_000, isOver(pair));
    pair.run(100);
    expect(states(pair)).toEqual(CONNECTED);
    expectEqualData(pair);

    const results = [
      alice.write(8, 1),
      alice.write(64, 2, 512),
      alice.write(1024, 3, 1024 * 1024),
      alice.write(3200, 4, 129 * 512),
    ];
    let cleared = 0;
    alice.device.writes.submit('trim', 1024, [], 256 * 1024, (error) => (cleared += error === null ? 1 : 0));
    alice.device.writes.submit('zeroes', 2048, [], 100 * 1024, (error) => (cleared += error === null ? 1 : 0));
    pair.run(1000);
    expect(results.map(({ error }) => error)).toEqual([null, null, null, null]);
    expect(cleared).toBe(2);
    expect(states(pair)).toEqual(CONNECTED);
    expectEqualData(pair);
    expect(bob.peek(1024)).toEqual([0]);
    expect(bob.peek(1024 + 512 + 96)).toEqual([3]);

    expect(alice.code((done) => disconnect(alice.connection, 'graceful', done))).toBe(1);
    alice.write(80, 7, 8192);
    pair.run(200);
    reconnect(alice, pair);
    expect(states(pair)).toEqual(CONNECTED);
    expectEqualData(pair);
    expect(alice.secondary()).toBe(1);
    pair.run(100);
    expect(bob.primary()).toBe(1);
    pair.run(100);
    expect(states(pair)).toEqual(['2/1 10 8/8', '1/2 10 8/8']);
    bob.write(88, 8);
    pair.run(200);
    expectEqualData(pair);
    expect(pair.nodes.map(({ peerDevice }) => peerDevice.outOfSyncBits)).toEqual([0, 0]);

    if (version < 88) return;
    alice.poke(400, 0x99);
    expect(bob.code((done) => startVerify(bob.peerDevice, {}, done))).toBe(1);
    pair.run(10_000, isOver(pair));
    pair.run(100);
    expect(pair.nodes.map(({ peerDevice }) => peerDevice.outOfSyncBits)).toEqual([1, 1]);
  });

  test('a target that goes away in the middle goes on where it was', () => {
    const pair = new Pair({ version, featureFlags, peerDevice: { 'resync-rate': 2000 } });
    pair.attach().connect();
    expect(pair.alice.primary('forced')).toBe(1);
    pair.run(400);
    pair.network.unplug('with-reset');
    pair.run(500);
    pair.network.plug();
    pair.run(3000, () => !isOver(pair)());
    pair.run(10_000, isOver(pair));
    pair.run(200);
    expect(states(pair)).toEqual(CONNECTED);
    expectEqualData(pair);
  });
});

describe.each([
  [90, true],
  [95, true],
  [96, false],
  [101, false],
])('version %i: a target that does not tell of the end', (version, endsByCounting) => {
  const silent = (): Pair => {
    const pair = new Pair({ version }).upToDate();
    pair.bob.loses = (packet) => packet.kind === 'State';
    return pair;
  };

  test.each([
    ['with every block', (pair: Pair) => pair.bob.peerDevice.bitmap?.bitCount ?? 0],
    ['with nothing to do', () => 0],
  ])(`resync %s: the source ${endsByCounting ? 'counts' : 'waits'}`, (_how, dirtyBits) => {
    const pair = silent();
    const { alice } = pair;
    for (const { peerDevice } of pair.nodes) peerDevice.bitmap?.set(0, dirtyBits(pair));
    alice.resource.states.force(alice.peerDevice, { conn: Conn.SyncSource });
    pair.bob.resource.states.force(pair.bob.peerDevice, { conn: Conn.WFSyncUUID });
    pair.run(5000);
    expect(alice.peerDevice.outOfSyncBits).toBe(0);
    expect(alice.states).toBe(endsByCounting ? '2/2 10 8/8' : '2/2 16 8/4');
    expect(pair.bob.device.diskState).toBe(8);
  });
});
