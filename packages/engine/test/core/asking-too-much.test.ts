/**
 * A peer that asks for much and takes it slowly costs a bounded amount of memory, and so does one that sends more than the disk can
 * write. Everything is done in the end.
 */
import { ANSWER_BYTES_MAX } from '../../src/core/connection/answer-budget';
import { Pair } from './pair';

const MIB = 1024 * 1024;
const REQUESTS = 120;

test('120 MiB asked for at once: about 32 MiB are under way at any time', () => {
  const pair = new Pair({ diskBytes: 4 * MIB }).upToDate();
  const { alice, bob } = pair;
  alice.sent.length = 0;
  for (let i = 0; i < REQUESTS; i++) {
    const sector = (i % 3) * 2048;
    bob.connection.sendData({
      kind: 'RsDataRequest',
      volume: 0,
      sector,
      blockId: (1n << 64n) - 1n,
      sizeBytes: MIB,
      pad: 0,
    });
  }
  const answered = (): number => alice.sent.filter(({ kind }) => kind === 'RsDataReply').length;
  let most = 0;
  pair.run(10_000, () => {
    most = Math.max(most, alice.connection.answers.heldBytes);
    return answered() === REQUESTS;
  });
  expect(answered()).toBe(REQUESTS);
  expect(most).toBeGreaterThan(ANSWER_BYTES_MAX / 2);
  expect(most).toBeLessThanOrEqual(ANSWER_BYTES_MAX + MIB);
  pair.run(100);
  expect(alice.connection.answers.heldBytes).toBe(0);
});

test('120 MiB sent at once: the peer reads on as its disk gets done', () => {
  const pair = new Pair({ diskBytes: 4 * MIB }).upToDate();
  const { alice, bob } = pair;
  const head = { kind: 'Data', volume: 0, seq: 0, flags: 0, sizeBytes: MIB } as const;
  for (let i = 0; i < REQUESTS; i++) {
    const payload = [new Uint8Array(MIB).fill(i)];
    alice.connection.sendData({ ...head, sector: (i % 3) * 2048, blockId: BigInt(i), payload });
  }
  let most = 0;
  pair.run(20_000, () => {
    most = Math.max(most, bob.connection.incomingWrites.bytes);
    return most > 0 && bob.connection.incomingWrites.bytes === 0;
  });
  pair.run(500);
  expect(most).toBe(33 * MIB);
  expect(bob.connection.incomingWrites.bytes).toBe(0);
  // In the order in which they were sent.
  expect([0, 1, 2].map((third) => bob.peek(third * 2048, MIB))).toEqual([[117], [118], [119]]);
});

test('under protocol A a write waits where the network takes no more', () => {
  const pair = new Pair({ diskBytes: 4 * MIB, net: { protocol: 'A' } }).upToDate();
  const { alice } = pair;
  expect(alice.primary()).toBe(1);
  pair.network.unplug('silently');
  const results = Array.from({ length: 30 }, (_, i) => alice.write((i % 3) * 2048, i, MIB));
  const doneCount = (): number => results.filter(({ error }) => error === null).length;
  pair.run(300);
  expect(doneCount()).toBeGreaterThan(4);
  expect(doneCount()).toBeLessThan(15);
  // The peer is given up: nothing waits for it any more.
  pair.run(20_000);
  expect(doneCount()).toBe(30);
});

test('under protocol A writes go on when the network has taken some', () => {
  const pair = new Pair({ diskBytes: 4 * MIB, net: { protocol: 'A' } }).upToDate();
  const { alice, bob } = pair;
  expect(alice.primary()).toBe(1);
  const results = Array.from({ length: 60 }, (_, i) => alice.write((i % 3) * 2048, i, MIB));
  pair.run(5000);
  expect(results.every(({ error }) => error === null)).toBe(true);
  expect(alice.connection.inFlightSectors).toBe(0);
  expect(bob.peek(2 * 2048, MIB)).toEqual([59]);
});
