/**
 * Disks that fail while something depends on them: no copy counts for more than it holds. The simulator found each of
 * these (src/sim/disk-histories.test.ts). Source: behaviour.md 1.8, 5.4, 5.10; metadata.md 11.1.
 */
import { detach, invalidate, setPause } from '../../src/core';
import {
  MD_BLOCK_BYTES,
  MdFlag,
  decodeSuperblock,
  hasFlags,
  isMetadataError,
  superblockOffset,
} from '../../src/metadata';
import { Conn, Disk } from '../../src/wire';
import { Pair, type PairNode } from './pair';

const primaryPair = (): Pair => {
  const pair = new Pair({ net: { 'ping-int': 10, timeout: 60 } }).upToDate();
  expect(pair.alice.primary()).toBe(1);
  return pair;
};

const isMarkedPrimary = ({ disk }: PairNode): boolean => {
  const superblock = decodeSuperblock(disk.peek(superblockOffset('internal', disk.sizeBytes), MD_BLOCK_BYTES));
  if (isMetadataError(superblock)) throw new Error(superblock.message);
  return hasFlags(superblock.flags, MdFlag.primaryInd);
};

test('what a Secondary acknowledged and did not make stable is out of sync once its disk fails', () => {
  const pair = primaryPair();
  const { alice, bob } = pair;
  const write = alice.write(8, 1);
  pair.run(20, () => write.error !== undefined);
  expect([write.error, bob.peek(8)]).toEqual([null, [1]]);
  bob.disk.breakDown();
  alice.write(160, 2);
  pair.run(3000, () => bob.device.diskState === Disk.Diskless);
  pair.run(3000);
  expect(alice.peerDevice.pdsk).toBe(Disk.Diskless);
  expect(bob.log.join()).toContain('a disk failed before the writes of the peer were stable');
  expect(alice.peerDevice.bitmap?.isSet(1)).toBe(true);
});

test('a write that only a lost disk has is not acknowledged when the peer goes as well', () => {
  const pair = primaryPair();
  const { alice } = pair;
  pair.network.unplug('silently');
  const write = alice.write(8, 1);
  pair.run(100);
  expect([write.error, alice.peek(8)]).toEqual([undefined, [1]]);
  alice.disk.breakDown();
  alice.write(16, 2);
  pair.run(100);
  expect([alice.device.diskState, write.error]).toEqual([Disk.Diskless, undefined]);
  pair.run(20_000, () => write.error !== undefined);
  expect(write.error).toBe('EIO');
});

test('a flush of a diskless Primary fails when the peer is lost meanwhile', () => {
  const pair = primaryPair();
  const { alice } = pair;
  alice.disk.breakDown();
  alice.write(8, 1);
  pair.run(1000);
  expect([alice.device.diskState, alice.peerDevice.conn]).toEqual([Disk.Diskless, Conn.Connected]);
  alice.write(8, 2);
  pair.network.unplug('silently');
  let flushed: string | null | undefined;
  alice.device.flush((error) => (flushed = error));
  pair.run(20_000, () => flushed !== undefined);
  expect(flushed).toBe('EIO');
});

test('a target that still waits for its resync is not UpToDate because the source lost its disk', () => {
  const pair = primaryPair();
  const { alice, bob } = pair;
  pair.network.unplug('with-reset');
  pair.run(200);
  alice.write(8, 7);
  pair.run(200);
  alice.loses = (packet) => packet.kind === 'CompressedBitmap' || packet.kind === 'Bitmap';
  bob.loses = alice.loses;
  pair.network.plug();
  pair.run(10_000, () => bob.peerDevice.conn === Conn.WFBitMapT || bob.peerDevice.conn === Conn.WFSyncUUID);
  expect(bob.device.diskState).toBe(Disk.Outdated);
  alice.disk.breakDown();
  const read = { error: undefined as string | null | undefined };
  alice.device.reads.submit(8, new Uint8Array(4096), (error) => (read.error = error));
  pair.run(1000);
  expect(alice.device.diskState).toBe(Disk.Diskless);
  expect(bob.device.diskState).not.toBe(Disk.UpToDate);
  expect(alice.peerDevice.pdsk).not.toBe(Disk.UpToDate);
  expect(read.error).toBe('EIO');
});

test('a disk that is older than what applications have seen does not serve them when the negotiation ends with the link', () => {
  const pair = primaryPair();
  const { alice } = pair;
  alice.disk.breakDown();
  alice.write(8, 1);
  pair.run(1000);
  alice.write(8, 2);
  pair.run(500);
  pair.network.unplug('silently');
  alice.disk.repair();
  alice.attach();
  pair.run(100);
  expect(alice.device.diskState).toBe(Disk.Negotiating);
  pair.run(20_000, () => alice.peerDevice.conn < Conn.Connected);
  expect(alice.device.diskState).toBe(Disk.Diskless);
  expect(alice.device.disk).toBeNull();
});

test('PRIMARY_IND goes only after the bitmap is on the disk: a crash in between loses no block', () => {
  const pair = primaryPair();
  const { alice, bob } = pair;
  alice.disk.breakDown();
  alice.write(8, 1);
  pair.run(1000);
  // Bob has the only disk, written by a Primary elsewhere.
  alice.write(8, 2);
  pair.run(500);
  expect(isMarkedPrimary(bob)).toBe(true);
  expect(alice.secondary()).toBe(1);
  pair.run(2000, () => !isMarkedPrimary(bob));
  bob.kill();
  bob.attach();
  pair.run(1000);
  expect(bob.peerDevice.bitmap?.isSet(1)).toBe(true);
});

test('a Primary that gets its disk back alone begins a new generation', () => {
  const pair = primaryPair();
  const { alice, bob } = pair;
  pair.network.unplug('silently');
  alice.disk.breakDown();
  alice.write(8, 1);
  pair.run(20_000, () => alice.peerDevice.conn < Conn.Connected);
  expect(alice.device.diskState).toBe(Disk.Diskless);
  alice.disk.repair();
  alice.attach();
  pair.run(1000);
  expect(alice.device.diskState).toBe(Disk.UpToDate);
  expect(alice.peerDevice.uuids.bitmap).toBe(bob.peerDevice.uuids.current | 1n);
});

test('a disk that is taken away has all that was acknowledged, also should the power fail then', () => {
  const pair = primaryPair();
  const { alice, bob } = pair;
  const write = alice.write(8, 5);
  pair.run(20, () => write.error !== undefined);
  expect(bob.code((done) => detach(bob.device, 'graceful', done))).toBe(1);
  bob.disk.cutPower();
  expect(bob.peek(8)).toEqual([5]);
});

test('a resync ends, and the target stays Inconsistent, when the source can read none of the blocks that are left', () => {
  const pair = primaryPair();
  const { alice, bob } = pair;
  pair.network.unplug('with-reset');
  pair.run(200);
  for (let block = 0; block < 40; block++) alice.write(block * 16, 9);
  pair.run(200);
  alice.loses = (packet) => {
    if (packet.kind !== 'RsDataReply') return false;
    const { volume, sector, blockId, sizeBytes } = packet;
    alice.connection.sendMeta({ kind: 'NegRsDReply', volume, sector, blockId, sizeBytes, seq: 0 });
    return true;
  };
  pair.network.plug();
  pair.run(10_000, () => bob.peerDevice.conn === Conn.SyncTarget);
  pair.run(3000);
  expect([bob.peerDevice.conn, bob.device.diskState]).toEqual([Conn.Connected, Disk.Inconsistent]);
  expect(bob.peerDevice.outOfSyncBits).toBe(40);
});

test('a write on a disk that is not current yet is not acknowledged when the source goes', () => {
  const pair = primaryPair();
  const { alice, bob } = pair;
  bob.code((done) => done(setPause(bob.peerDevice, true)));
  expect(alice.code((done) => invalidate(alice.device, done))).toBe(1);
  pair.run(1000, () => alice.peerDevice.conn === Conn.PausedSyncT);
  expect([alice.peerDevice.conn, alice.device.diskState]).toEqual([Conn.PausedSyncT, Disk.Inconsistent]);
  pair.network.unplug('silently');
  const write = alice.write(8, 3);
  pair.run(100);
  expect([write.error, alice.peek(8)]).toEqual([undefined, [3]]);
  pair.run(20_000, () => write.error !== undefined);
  expect(write.error).toBe('EIO');
});
