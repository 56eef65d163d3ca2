/** A resync that makes room while applications use the disk. Source: behaviour.md 7.5. */
import { Conn, Disk } from '../../src/wire';
import { Pair, type PairNode } from './pair';

const DISK_BYTES = 8 * 1024 * 1024;

/** Alice, Primary, is the source of a full resync; nobody uses the disks yet. */
function syncing(cMinRateKiBs: number): Pair {
  const peerDevice = { 'c-min-rate': cMinRateKiBs, 'resync-rate': 4000 };
  const pair = new Pair({ peerDevice, diskBytes: DISK_BYTES }).attach();
  expect(pair.alice.primary('forced')).toBe(1);
  for (const node of pair.nodes) node.connection.connect();
  pair.run(5000, () => pair.bob.peerDevice.conn === Conn.SyncTarget);
  expect(pair.bob.peerDevice.conn).toBe(Conn.SyncTarget);
  return pair;
}

/** KiB that were brought in sync per second while `use` runs every 10 ms. */
function paceUnder(pair: Pair, use: (step: number) => void, seconds = 6): number {
  const before = pair.bob.peerDevice.outOfSyncBits;
  for (let step = 0; step < seconds * 100; step++) {
    if (pair.bob.peerDevice.conn === Conn.SyncTarget) use(step);
    pair.run(10);
  }
  return ((before - pair.bob.peerDevice.outOfSyncBits) * 4) / seconds;
}

/** To one block, so that the writes themselves bring nothing in sync but that. */
const writes = (node: PairNode) => (step: number) => void node.write(64, step % 256, 32 * 1024);
const reads = (node: PairNode) => () => void node.device.reads.submit(64, new Uint8Array(32 * 1024), () => undefined);

test('writes of the Primary slow the resync down to c-min-rate, and not below', () => {
  const pair = syncing(400);
  const pace = paceUnder(pair, writes(pair.alice));
  expect(pace).toBeGreaterThan(200);
  expect(pace).toBeLessThan(900);
});

test("reads at the source, which the target's disk does not feel, do the same", () => {
  const pair = syncing(400);
  const pace = paceUnder(pair, reads(pair.alice));
  expect(pace).toBeGreaterThan(200);
  expect(pace).toBeLessThan(900);
});

test.each([
  ['c-min-rate 0', 0, true],
  ['a disk that nobody uses', 400, false],
])('%s: the resync keeps its speed', (_, rate, used) => {
  const pair = syncing(rate);
  const pace = paceUnder(pair, used ? writes(pair.alice) : () => undefined, 1);
  expect(pace).toBeGreaterThan(2000);
});

test('a resync that was fast before is held back for seconds, not until its average is low', () => {
  const pair = syncing(100);
  pair.run(900);
  const pace = paceUnder(pair, reads(pair.alice), 12);
  expect(pace).toBeGreaterThan(40);
  expect(pace).toBeLessThan(400);
});

test('when the applications stop, the resync speeds up again and ends', () => {
  const pair = syncing(400);
  paceUnder(pair, writes(pair.alice), 3);
  const startMs = pair.clock.nowMs();
  pair.run(10_000, () => pair.bob.device.diskState === Disk.UpToDate);
  expect(pair.bob.device.diskState).toBe(Disk.UpToDate);
  expect(pair.clock.nowMs() - startMs).toBeLessThan(5000);
});
