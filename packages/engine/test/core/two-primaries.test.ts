/** Two Primaries under protocol C: concurrent writes end the same on both disks. Source: wire.md 6.9, behaviour.md 5.8. */
import { Conn } from '../../src/wire';
import { Pair, type PairOptions } from './pair';

const NET = { 'allow-two-primaries': true };

function twoPrimaries(options: PairOptions = {}): Pair {
  const pair = new Pair({ ...options, net: { ...NET, ...options.net } }).upToDate();
  expect(pair.alice.primary()).toBe(1);
  expect(pair.bob.primary()).toBe(1);
  pair.run(200);
  expect(pair.nodes.map(({ states }) => states)).toEqual(['1/1 10 8/8', '1/1 10 8/8']);
  return pair;
}

function expectEqualData(pair: Pair): void {
  const [a, b] = pair.nodes.map(({ disk }) => disk.peek(0, pair.alice.device.sizeSectors * 512));
  expect(Buffer.compare(a!, b!)).toBe(0);
  expect(pair.nodes.map(({ peerDevice }) => peerDevice.outOfSyncBits)).toEqual([0, 0]);
  for (const { device, connection } of pair.nodes) {
    expect([device.applicationLocks.size, device.peerLocks.size, connection.pendingWrites.size]).toEqual([0, 0, 0]);
  }
}

test('the same blocks at the same time: those of bob, who resolves, stay', () => {
  const pair = twoPrimaries();
  // Both have the extent in their activity log: nothing delays the writes.
  for (const node of pair.nodes) node.write(800, 9);
  pair.run(300);
  const results = [pair.alice.write(80, 1), pair.bob.write(80, 2)];
  pair.run(500);
  expect(results.map(({ error }) => error)).toEqual([null, null]);
  expect(pair.bob.connection.resolvesConflicts).toBe(true);
  expect(pair.bob.log.join('\n')).toContain('Concurrent writes detected');
  expect(pair.nodes.map((node) => node.peek(80))).toEqual([[2], [2]]);
  expectEqualData(pair);
});

test('blocks in part: those of bob lie over those of alice', () => {
  const pair = twoPrimaries();
  for (const node of pair.nodes) node.write(800, 9);
  pair.run(300);
  const results = [pair.alice.write(80, 1, 8192), pair.bob.write(88, 2, 8192)];
  pair.run(500);
  expect(results.map(({ error }) => error)).toEqual([null, null]);
  expect(pair.bob.log.join('\n')).toContain('Concurrent writes detected');
  expect(pair.nodes.map((node) => node.peek(80))).toEqual([[1], [1]]);
  expect(pair.nodes.map((node) => node.peek(88, 8192))).toEqual([[2], [2]]);
  expectEqualData(pair);
});

test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])('seed %i: a storm of overlapping writes from both', (seed) => {
  const pair = twoPrimaries({ seed });
  const { random } = pair;
  let issued = 0;
  let done = 0;
  for (let ms = 0; ms < 400; ms++) {
    for (const node of pair.nodes) {
      if (!random.chance(0.7)) continue;
      const sector = random.below(48);
      const data = new Uint8Array((1 + random.below(16)) * 512).fill(++issued);
      node.device.writes.submit('write', sector, [data], data.length, (error) => {
        expect(error).toBeNull();
        done++;
      });
    }
    pair.run(1);
  }
  pair.run(5000);
  expect(done).toBe(issued);
  expect(pair.nodes.map(({ states }) => states)).toEqual(['1/1 10 8/8', '1/1 10 8/8']);
  expectEqualData(pair);
  expect(pair.bob.log.filter((text) => text.startsWith('Concurrent writes detected')).length).toBeGreaterThan(10);
});

test('a lost link in the middle of a conflict holds nothing back', () => {
  const pair = twoPrimaries({ net: { 'ping-timeout': 5 } });
  for (const node of pair.nodes) node.write(800, 9);
  pair.run(300);
  const results = [pair.alice.write(80, 1, 8192), pair.bob.write(88, 2, 8192)];
  pair.run(1);
  pair.network.unplug('with-reset');
  pair.run(2000);
  expect(results.map(({ error }) => error)).toEqual([null, null]);
  for (const { device } of pair.nodes) expect([device.applicationLocks.size, device.peerLocks.size]).toEqual([0, 0]);
  // Both wrote alone: a split brain, as DRBD has it.
  pair.network.plug();
  pair.run(3000);
  expect(pair.nodes.map(({ connection }) => connection.conn)).toEqual([Conn.StandAlone, Conn.StandAlone]);
});

describe('a peer that answers as DRBD 8.4 does', () => {
  test.each([
    ['counts it in the epoch', 0],
    ['leaves it out of the count', 1],
  ])('P_RETRY_WRITE: the write is done once more; the peer %s', (_how, leftOut) => {
    const pair = twoPrimaries();
    const { alice, bob } = pair;
    let sentBack = 0;
    bob.says = (packet) => {
      if (packet.kind === 'WriteAck' && packet.sector === 80 && sentBack++ === 0)
        return { ...packet, kind: 'RetryWrite' };
      if (packet.kind === 'BarrierAck' && sentBack === 1) return { ...packet, setSize: packet.setSize - leftOut };
      return packet;
    };
    const write = alice.write(80, 7);
    pair.run(500);
    expect(write.error).toBeNull();
    expect(alice.sent.filter((packet) => packet.kind === 'Data' && packet.sector === 80)).toHaveLength(2);
    expect(pair.nodes.map(({ states }) => states)).toEqual(['1/1 10 8/8', '1/1 10 8/8']);
    expectEqualData(pair);
  });

  test('P_SUPERSEDED: the write is done', () => {
    const pair = twoPrimaries();
    pair.bob.says = (packet) => (packet.kind === 'WriteAck' ? { ...packet, kind: 'Superseded' } : packet);
    const write = pair.alice.write(80, 7);
    pair.run(500);
    expect(write.error).toBeNull();
    expectEqualData(pair);
  });
});
