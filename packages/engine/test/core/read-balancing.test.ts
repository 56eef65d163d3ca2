/** Reads that the own disk could serve and that go to the peer all the same. Source: behaviour.md 5.7. */
import { diskOptions } from '../../src/core';
import { Conn } from '../../src/wire';
import { Pair, type PairNode, type PairOptions } from './pair';

const BLOCK_SECTORS = 8;
const BLOCK_COUNT = 6;

function pairWith(policy: string, options: PairOptions = {}): Pair {
  const pair = new Pair({ ...options, disk: { 'read-balancing': policy, ...options.disk } }).upToDate();
  expect(pair.alice.primary()).toBe(1);
  return pair;
}

interface Read {
  error: string | null | undefined;
  readonly into: Uint8Array;
}

function read(node: PairNode, sector: number, sizeBytes = 4096): Read {
  const result: Read = { error: undefined, into: new Uint8Array(sizeBytes) };
  node.device.reads.submit(sector, result.into, (error) => (result.error = error));
  return result;
}

/** Alice's disk says 1, Bob's says 2: who answered is in the bytes. */
function whoServes(pair: Pair, sectors: readonly number[]): number[] {
  const { alice, bob } = pair;
  return sectors.map((sector) => {
    alice.poke(sector, 1);
    bob.poke(sector, 2);
    const result = read(alice, sector);
    pair.run(500, () => result.error !== undefined);
    expect(result.error).toBeNull();
    return result.into[0] ?? 0;
  });
}

const KIB_SECTORS = 2;

test.each<[string, number[], number[]]>([
  ['prefer-local', [0, 8, 16], [1, 1, 1]],
  ['prefer-remote', [0, 8, 16], [2, 2, 2]],
  ['round-robin', [0, 0, 0, 0], [1, 2, 1, 2]],
  ['when-congested-remote', [0, 8], [1, 1]],
  ['32K-striping', [0, 31, 32, 63, 64, 96].map((kib) => Math.floor(kib / 4) * 4 * KIB_SECTORS), [1, 1, 2, 2, 1, 2]],
  ['64K-striping', [0, 60, 64, 124, 128].map((kib) => kib * KIB_SECTORS), [1, 1, 2, 2, 1]],
  ['128K-striping', [0, 124, 128, 256].map((kib) => kib * KIB_SECTORS), [1, 1, 2, 1]],
  ['256K-striping', [0, 252, 256, 512].map((kib) => kib * KIB_SECTORS), [1, 1, 2, 1]],
  ['512K-striping', [0, 508, 512, 1024].map((kib) => kib * KIB_SECTORS), [1, 1, 2, 1]],
  ['1M-striping', [0, 1020, 1024].map((kib) => kib * KIB_SECTORS), [1, 1, 2]],
])('%s', (policy, sectors, served) => {
  expect(whoServes(pairWith(policy), sectors)).toEqual(served);
});

test('least-pending: the peer helps once the own disk has more to do than the connection', () => {
  const pair = pairWith('least-pending');
  const { alice, bob } = pair;
  alice.poke(0, 1);
  bob.poke(0, 2);
  const reads = [read(alice, 0), read(alice, 0), read(alice, 0), read(alice, 0)];
  pair.run(500);
  expect(reads.map(({ into }) => into[0])).toEqual([1, 2, 1, 2]);
});

test('the option may be changed at any time', () => {
  const pair = pairWith('prefer-local');
  expect(whoServes(pair, [0])).toEqual([1]);
  pair.alice.device.diskOptions = diskOptions({ 'read-balancing': 'prefer-remote' });
  expect(whoServes(pair, [0])).toEqual([2]);
});

test('a peer that is not connected, or misses the block, is not asked', () => {
  const pair = pairWith('prefer-remote');
  const { alice, bob } = pair;
  alice.peerDevice.setOutOfSync(0, 4096);
  expect(whoServes(pair, [0, 8])).toEqual([1, 2]);
  bob.connection.disconnectHard();
  pair.run(1000);
  expect(whoServes(pair, [0, 8])).toEqual([1, 1]);
});

test('a read on its way to a peer that is lost, or that refuses it, is served by the own disk', () => {
  const pair = pairWith('prefer-remote');
  const { alice, bob } = pair;
  alice.poke(0, 1);
  bob.poke(0, 2);
  alice.loses = (packet) => packet.kind === 'DataRequest';
  const lost = read(alice, 0);
  pair.run(200);
  expect(lost.error).toBeUndefined();
  bob.kill();
  pair.run(2000);
  expect([lost.error, lost.into[0]]).toEqual([null, 1]);

  const other = pairWith('prefer-remote');
  other.alice.poke(0, 1);
  other.bob.device.isLocallyCurrent = () => false;
  const refused = read(other.alice, 0);
  other.run(1000);
  expect([refused.error, refused.into[0]]).toEqual([null, 1]);
  expect(other.bob.sentKinds()).toContain('NegDReply');
});

test.each(['A', 'B'])('protocol %s: what is acknowledged and not written by the peer is read at home', (protocol) => {
  const pair = pairWith('prefer-remote', { net: { protocol } });
  const { alice, bob } = pair;
  bob.disk.hang();
  const write = alice.write(0, 7);
  pair.run(500);
  expect(write.error).toBeNull();
  const result = read(alice, 0);
  pair.run(500);
  expect([result.error, result.into[0]]).toEqual([null, 7]);
  bob.disk.recover();
  pair.run(2000);
  const sent = alice.sentKinds().length;
  const later = read(alice, 0);
  pair.run(500);
  expect([later.error, later.into[0], alice.sentKinds().slice(sent)]).toEqual([
    null,
    7,
    expect.arrayContaining(['DataRequest']),
  ]);
});

/** Writes, reads and cut cables at random; a read may not be older than what was acknowledged before it began. */
test.each(['A', 'B', 'C'])('protocol %s: no read misses an acknowledged write, whoever serves it', (protocol) => {
  let served = 0;
  let asked = 0;
  for (const policy of ['prefer-remote', 'round-robin', 'least-pending']) {
    const pair = pairWith(policy, { net: { protocol }, seed: protocol.charCodeAt(0) });
    const { alice, bob, random } = pair;
    const acknowledged = new Array<number>(BLOCK_COUNT).fill(0);
    const wrong: string[] = [];
    for (let round = 1; round <= 250; round++) {
      const written = random.below(BLOCK_COUNT);
      if (random.chance(0.5)) {
        const data = new Uint8Array(4096).fill(round);
        alice.device.writes.submit('write', written * BLOCK_SECTORS, [data], 4096, (error) => {
          if (error === null) acknowledged[written] = Math.max(acknowledged[written] ?? 0, round);
        });
      }
      pair.run(random.below(3));
      const block = random.chance(0.5) ? written : random.below(BLOCK_COUNT);
      const least = acknowledged[block] ?? 0;
      const into = new Uint8Array(4096);
      alice.device.reads.submit(block * BLOCK_SECTORS, into, (error) => {
        served++;
        if (error !== null || (into[0] ?? 0) < least) wrong.push(`round ${round}: ${error} ${into[0]} < ${least}`);
      });
      if (random.chance(0.01)) pair.network.unplug('with-reset');
      if (random.chance(0.3)) pair.network.plug();
      pair.run(random.below(30));
    }
    pair.network.plug();
    pair.run(10_000, () => bob.peerDevice.conn === Conn.Connected);
    pair.run(1000);
    expect(wrong).toEqual([]);
    asked += alice.sentKinds().filter((kind) => kind === 'DataRequest').length;
  }
  expect(served).toBe(750);
  expect(asked).toBeGreaterThan(20);
});
