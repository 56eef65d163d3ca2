/** A backing disk that hangs is detached after disk-timeout, in whatever it hangs. Source: behaviour.md 5.10, 12.7 #87. */
import { detach } from '../../src/core';
import { Conn, Disk } from '../../src/wire';
import { Pair, type PairNode } from './pair';

const LIMIT_MS = 2000;
const DISK = { 'disk-timeout': LIMIT_MS / 100 };
const NET = { 'ping-int': 10, timeout: 60 };

function readOf(node: PairNode, sector: number): { error: string | null | undefined; readonly into: Uint8Array } {
  const result = { error: undefined as string | null | undefined, into: new Uint8Array(4096) };
  node.device.reads.submit(sector, result.into, (error) => (result.error = error));
  return result;
}

const pairWithPrimary = (): Pair => {
  const pair = new Pair({ disk: DISK, net: NET }).upToDate();
  expect(pair.alice.primary()).toBe(1);
  return pair;
};

test("the Primary's disk hangs: writes and reads under way are done by the peer, and go on being done", () => {
  const pair = pairWithPrimary();
  const { alice, bob } = pair;
  alice.write(0, 1);
  pair.run(200);
  alice.disk.hang();
  const write = alice.write(8, 2);
  const read = readOf(alice, 0);
  pair.run(LIMIT_MS - 200);
  expect([write.error, read.error, alice.device.diskState]).toEqual([undefined, undefined, Disk.UpToDate]);
  pair.run(1000);
  expect([write.error, read.error]).toEqual([null, null]);
  expect([...new Set(read.into)]).toEqual([1]);
  expect([alice.device.diskState, bob.peerDevice.pdsk]).toEqual([Disk.Diskless, Disk.Diskless]);
  expect(alice.log).toContain('a: no answer within disk-timeout (2 s)');

  const later = alice.write(8, 3);
  pair.run(500);
  expect([later.error, bob.peek(8)]).toEqual([null, [3]]);
  // The late write and read of the hung disk come through now: nobody is told twice, nothing is overwritten.
  read.into.fill(5);
  alice.disk.recover();
  pair.run(500);
  expect([later.error, bob.peek(8), [...new Set(read.into)]]).toEqual([null, [3], [5]]);
  expect(alice.device.stats.lowerPending).toBe(0);

  // It missed a generation: back again it is brought up to date before its data counts.
  alice.attach();
  pair.run(5000, () => alice.device.diskState === Disk.UpToDate);
  expect([alice.device.diskState, alice.peek(8)]).toEqual([Disk.UpToDate, [3]]);
});

test("the Secondary's disk hangs: the Primary's writes complete without it, and are out of sync", () => {
  const pair = pairWithPrimary();
  const { alice, bob } = pair;
  bob.disk.hang();
  const write = alice.write(16, 4);
  pair.run(LIMIT_MS - 200);
  expect(write.error).toBeUndefined();
  pair.run(1000);
  expect([write.error, bob.device.diskState, alice.peerDevice.pdsk]).toEqual([null, Disk.Diskless, Disk.Diskless]);
  expect(alice.peerDevice.conn).toBe(Conn.Connected);
  expect(alice.peerDevice.outOfSyncBits).toBe(1);
});

test.each([
  ['the source', 'alice'],
  ['the target', 'bob'],
] as const)('the disk of %s hangs in a resync', (_, whose) => {
  const pair = new Pair({ disk: DISK, net: NET, peerDevice: { 'resync-rate': 1000 } }).attach();
  const { alice, bob } = pair;
  alice.primary('forced');
  for (const node of pair.nodes) node.connection.connect();
  pair.run(5000, () => bob.peerDevice.conn === Conn.SyncTarget);
  expect(bob.peerDevice.conn).toBe(Conn.SyncTarget);
  pair[whose].disk.hang();
  pair.run(LIMIT_MS + 3000, () => pair[whose].device.diskState === Disk.Diskless);
  expect(pair[whose].device.diskState).toBe(Disk.Diskless);
  pair.run(200);
  expect(pair[whose === 'alice' ? 'bob' : 'alice'].peerDevice.pdsk).toBeLessThanOrEqual(Disk.Failed);
});

test('the disk hangs in a write of metadata alone', () => {
  const pair = new Pair({ disk: DISK, net: NET }).upToDate();
  const { alice } = pair;
  alice.disk.hang();
  alice.device.commitGeneration();
  pair.run(LIMIT_MS + 500);
  expect(alice.device.diskState).toBe(Disk.Diskless);
  expect(alice.device.isGenerationStable).toBe(true);
});

test('the only disk hangs: its requests fail, and without the option they wait', () => {
  for (const [option, error, state] of [
    [DISK, 'EIO', Disk.Diskless],
    [{}, undefined, Disk.UpToDate],
  ] as const) {
    const pair = new Pair({ disk: option });
    const { alice } = pair;
    alice.attach();
    alice.primary('forced');
    alice.disk.hang();
    const write = alice.write(0, 1);
    const read = readOf(alice, 64);
    pair.run(10 * LIMIT_MS);
    expect([write.error, read.error, alice.device.diskState]).toEqual([error, error, state]);
  }
});

test('call-local-io-error: the handler runs once, before the disk is let go', () => {
  const pair = new Pair({ disk: { ...DISK, 'on-io-error': 'call-local-io-error' }, net: NET }).upToDate();
  const { alice } = pair;
  alice.primary();
  alice.disk.hang();
  const writes = [alice.write(0, 1), alice.write(64, 1)];
  pair.run(LIMIT_MS + 105);
  writes.push(alice.write(128, 1));
  pair.run(500);
  expect(alice.handlers.filter((handler) => handler === 'local-io-error')).toEqual(['local-io-error']);
  expect([alice.device.diskState, writes.map(({ error }) => error)]).toEqual([Disk.Diskless, [null, null, null]]);
});

test('a detach that waits for a hung disk ends with it', () => {
  const pair = pairWithPrimary();
  const { alice } = pair;
  alice.disk.hang();
  const write = alice.write(0, 1);
  let code: number | null = null;
  detach(alice.device, 'forced', (result) => (code = result));
  pair.run(LIMIT_MS + 500);
  expect([alice.device.diskState, write.error]).toEqual([Disk.Diskless, null]);
  alice.disk.recover();
  pair.run(500);
  expect(code).toBe(1);
});
