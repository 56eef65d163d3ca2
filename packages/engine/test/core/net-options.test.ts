/** Options of a connection that change while it is up. Source: setup.md 2.4, wire.md 5.1, 5.2. */
import { changeNetOptions, invalidate } from '../../src/core';
import { Conn, type Packet } from '../../src/wire';
import { Pair, type PairNode, type PairOptions } from './pair';

const OK = 101;
const states = (pair: Pair): string[] => pair.nodes.map((node) => node.states);
const change = (node: PairNode, values: Readonly<Record<string, string | number | boolean>>): number =>
  changeNetOptions(node.connection, { ...node.connection.netValues, ...values });
const digests = (packets: readonly Packet[]): (number | undefined)[] =>
  packets.flatMap((packet) => (packet.kind === 'Data' ? [packet.digest?.length] : []));

function primary(options: PairOptions = {}): Pair {
  const pair = new Pair(options).upToDate();
  expect(pair.alice.primary()).toBe(1);
  for (const { sent } of pair.nodes) sent.length = 0;
  return pair;
}

test.each([
  ['A', 'C'],
  ['B', 'A'],
  ['C', 'A'],
  ['C', 'B'],
])('protocol %s becomes %s under load, on both sides, without a lost write', (from, to) => {
  const pair = primary({ net: { protocol: from } });
  const results: { error: string | null | undefined }[] = [];
  for (let i = 0; i < 200; i++) {
    if (i === 100) expect(change(pair.alice, { protocol: to })).toBe(OK);
    results.push(pair.alice.write((i % 90) * 8, i));
    pair.run(1);
  }
  pair.run(1000);
  expect(results.every(({ error }) => error === null)).toBe(true);
  expect(pair.alice.sent.find(({ kind }) => kind === 'ProtocolUpdate')).toMatchObject({
    protocol: { A: 1, B: 2, C: 3 }[to],
  });
  for (const { connection } of pair.nodes) expect(connection.netValues).toMatchObject({ protocol: to });
  expect(states(pair)).toEqual(['1/2 10 8/8', '2/1 10 8/8']);
  expect(pair.alice.connection.pendingWrites.size).toBe(0);
});

test('data-integrity-alg: each direction changes with its own announcement', () => {
  const pair = primary();
  const { alice, bob } = pair;
  alice.write(0, 1);
  pair.run(50);
  expect(change(alice, { 'data-integrity-alg': 'sha1' })).toBe(OK);
  alice.write(8, 2);
  pair.run(300);
  expect(digests(alice.sent)).toEqual([undefined, 20]);
  expect(bob.connection.receiveDigest?.sizeBytes).toBe(20);
  expect(bob.connection.sendDigest).toBeNull();
  expect(alice.secondary()).toBe(1);
  expect(bob.primary()).toBe(1);
  bob.write(16, 3);
  pair.run(50);
  expect(change(bob, { 'data-integrity-alg': 'crc32c' })).toBe(OK);
  bob.write(24, 4);
  pair.run(300);
  expect(digests(bob.sent)).toEqual([undefined, 4]);
  expect(states(pair)).toEqual(['2/1 10 8/8', '1/2 10 8/8']);
  expect(pair.nodes.map((node) => node.peek(24))).toEqual([[4], [4]]);
});

test('verify-alg and csums-alg are taken over by P_SYNC_PARAM89', () => {
  const pair = primary();
  expect(change(pair.alice, { 'verify-alg': 'sha1', 'csums-alg': 'crc32c' })).toBe(OK);
  pair.run(100);
  expect(pair.bob.connection.netValues).toMatchObject({ 'verify-alg': 'sha1', 'csums-alg': 'crc32c' });
  expect(pair.bob.connection.verifyDigest?.sizeBytes).toBe(20);
});

describe('refusals', () => {
  test.each([
    [{ 'allow-two-primaries': true, protocol: 'A' }, 139],
    [{ fencing: 'resource-and-stonith', protocol: 'A' }, 154],
    [{ 'on-congestion': 'pull-ahead' }, 155],
    [{ 'cram-hmac-alg': 'rot13' }, 120],
    [{ 'data-integrity-alg': 'rot13' }, 141],
    [{ 'csums-alg': 'rot13' }, 144],
    [{ 'verify-alg': 'rot13' }, 146],
  ])('%j: %i, and nothing changes', (values, code) => {
    const pair = primary();
    const { net } = pair.alice.connection;
    expect(change(pair.alice, values)).toBe(code);
    expect(pair.alice.connection.net).toBe(net);
    expect(pair.alice.sent).toEqual([]);
  });
  test('below protocol 100 what both agreed on stays: 163', () => {
    const pair = primary({ version: 97 });
    expect(change(pair.alice, { protocol: 'A' })).toBe(163);
    expect(change(pair.alice, { 'ping-int': 5 })).toBe(OK);
  });
  test('two Primaries need allow-two-primaries: 164', () => {
    const pair = primary({ net: { 'allow-two-primaries': true } });
    expect(pair.bob.primary()).toBe(1);
    expect(change(pair.alice, { 'allow-two-primaries': false })).toBe(164);
  });
  test('algorithms in use: 148, 149', () => {
    const pair = primary({ net: { 'verify-alg': 'sha1' }, peerDevice: { 'resync-rate': 400 } });
    pair.bob.code((done) => invalidate(pair.bob.device, done));
    pair.run(200);
    expect(change(pair.alice, { 'csums-alg': 'sha1' })).toBe(148);
    expect(change(pair.alice, { 'verify-alg': 'crc32c' })).toBe(OK);
  });
});

describe('data-integrity-alg', () => {
  test('a digest that does not fit drops the connection, which comes back and resyncs', () => {
    const pair = primary({ net: { 'data-integrity-alg': 'sha1' } });
    const { alice, bob } = pair;
    const { sendDigest } = alice.connection;
    alice.connection.sendDigest = { sizeBytes: 20, of: () => new Uint8Array(20) };
    const result = alice.write(80, 5);
    pair.run(50);
    expect(bob.peerDevice.conn).toBeLessThan(Conn.Connected);
    expect(bob.log.join('\n')).toContain('Digest integrity check FAILED');
    expect(bob.log.join('\n')).toContain('ProtocolError');
    expect(bob.peek(80)).toEqual([0]);
    alice.connection.sendDigest = sendDigest;
    pair.run(5000);
    expect(result.error).toBeNull();
    expect(states(pair)).toEqual(['1/2 10 8/8', '2/1 10 8/8']);
    expect(bob.peek(80)).toEqual([5]);
  });
  test('different algorithms on the two nodes: both StandAlone', () => {
    const pair = new Pair({ net: { 'data-integrity-alg': 'sha1' }, netOfBob: { 'data-integrity-alg': 'crc32c' } });
    pair.attach().connect();
    expect(pair.nodes.map(({ connection }) => connection.conn)).toEqual([Conn.StandAlone, Conn.StandAlone]);
    for (const { log } of pair.nodes) expect(log).toContain('incompatible data-integrity-alg settings');
  });
});

describe('cram-hmac-alg', () => {
  const auth = (secretOfBob: string | null): Pair => {
    const net = { 'cram-hmac-alg': 'sha1', 'shared-secret': 'right' };
    return new Pair({
      net,
      netOfBob: secretOfBob === null ? { 'cram-hmac-alg': '' } : { 'shared-secret': secretOfBob },
    })
      .attach()
      .connect();
  };
  test('the right secret connects', () => {
    const pair = auth('right');
    expect(pair.nodes.map(({ peerDevice }) => peerDevice.conn)).toEqual([Conn.Connected, Conn.Connected]);
    for (const { log } of pair.nodes) expect(log).toContain('Peer authenticated using 20 bytes HMAC');
  });
  test('a wrong one: at least one side says so, neither is connected, nobody dials for ever', () => {
    const pair = auth('wrong');
    pair.run(5000);
    expect(pair.nodes.map(({ connection }) => connection.conn)).toEqual([Conn.StandAlone, Conn.StandAlone]);
    for (const { log } of pair.nodes) expect(log).toContain('Authentication of peer failed');
  });
  test('a peer without authentication: the node that wants it is StandAlone, the other goes on trying', () => {
    const pair = auth(null);
    pair.run(5000);
    expect(pair.alice.connection.conn).toBe(Conn.StandAlone);
    expect(pair.bob.connection.conn).toBe(Conn.WFConnection);
  });
});

describe('on-congestion', () => {
  const congested = (policy: string): Pair =>
    primary({ net: { protocol: 'A', 'on-congestion': policy, 'congestion-fill': 64 } });
  const burst = (pair: Pair, pauseMs = 1): { error: string | null | undefined }[] => {
    const results = [];
    for (let i = 0; i < 60; i++) {
      results.push(pair.alice.write(i * 8, i + 1));
      if (pauseMs > 0) pair.run(pauseMs);
    }
    return results;
  };

  test('pull-ahead: Ahead and Behind, only notices, then a resync of the rest', () => {
    const pair = congested('pull-ahead');
    const results = burst(pair);
    expect(states(pair)).toEqual(['1/2 22 8/7', '2/1 23 5/8']);
    const told = pair.alice.sent.filter(({ kind }) => kind === 'OutOfSync').length;
    expect(told).toBeGreaterThan(20);
    pair.run(300);
    expect(results.every(({ error }) => error === null)).toBe(true);
    expect(pair.nodes.map(({ peerDevice }) => peerDevice.outOfSyncBits)).toEqual([told, told]);
    pair.run(5000);
    expect(states(pair)).toEqual(['1/2 10 8/8', '2/1 10 8/8']);
    expect(pair.bob.peerDevice.stats.receivedSectors).toBe(60 * 8);
    for (let i = 0; i < 60; i++) expect(pair.bob.peek(i * 8)).toEqual([i + 1]);
  });

  test('during a resync: open requests are cancelled, all is asked for again', () => {
    const pair = congested('pull-ahead');
    pair.bob.peerDevice.options = { ...pair.bob.peerDevice.options, resyncRateKiBs: 1000 };
    pair.bob.poke(0, 0xff, 1024 * 1024);
    pair.bob.code((done) => invalidate(pair.bob.device, done));
    pair.run(300);
    burst(pair, 0);
    pair.run(10);
    expect(pair.alice.peerDevice.conn).toBe(Conn.Ahead);
    pair.run(10_000);
    expect(states(pair)).toEqual(['1/2 10 8/8', '2/1 10 8/8']);
    const [a, b] = pair.nodes.map(({ disk }) => disk.peek(0, 2008 * 1024));
    expect(Buffer.compare(a!, b!)).toBe(0);
  });

  test('disconnect', () => {
    const pair = congested('disconnect');
    burst(pair);
    expect(pair.alice.connection.conn).toBe(Conn.StandAlone);
  });

  test('block: nothing happens', () => {
    const pair = congested('block');
    burst(pair);
    pair.run(500);
    expect(states(pair)).toEqual(['1/2 10 8/8', '2/1 10 8/8']);
  });
});
