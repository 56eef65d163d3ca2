/** Commands for the life of a resource between two real engines: verify, resize, suspend-io, forget-peer. */
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, openSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pair } from './support/pair';
import { succeeds, testWith } from './support/programs';

const MIB = 1024 * 1024;

let pair: Pair;
afterEach(() => pair.end());

/** Behind the engine's back. */
function plant(path: string, offsetBytes: number, sizeBytes: number): void {
  const fd = openSync(path, 'r+');
  writeSync(fd, Buffer.alloc(sizeBytes, 0xee), 0, sizeBytes, offsetBytes);
  closeSync(fd);
}

const outOfSyncKib = async (node: Pair['alice']): Promise<number> => {
  const state = await node.state();
  return (state?.resources[0]?.connections[0]?.peerDevices[0]?.statistics.outOfSyncSectors ?? -1) / 2;
};

test('verify finds planted differences on both nodes and calls their handler; a reconnect repairs them', async () => {
  pair = await Pair.running({
    net: 'verify-alg crc32c;',
    handlers: 'out-of-sync "touch $TSDRBD_RUN_DIR/found";',
  });
  const { alice, bob } = pair;
  for (const offset of [0, 4096, 9 * MIB]) plant(bob.diskPath, offset, 4096);
  await bob.does('verify', 'r0');
  await Promise.all(pair.nodes.map((node) => node.untilInSync()));
  await alice.until('told', (_, peer) => peer?.statistics.outOfSyncSectors === 24);
  expect(await Promise.all(pair.nodes.map(outOfSyncKib))).toEqual([12, 12]);
  expect(bob.log()).toContain('Online verify found 3 4k block out of sync!');
  // The handler is a process: it may take its time. Without it the test's own limit ends the wait.
  while (!pair.nodes.every(({ runDir }) => existsSync(join(runDir, 'found')))) await sleep(50);

  await alice.does('disconnect', 'r0');
  await alice.does('connect', 'r0');
  await Promise.all(pair.nodes.map((node) => node.untilInSync()));
  await bob.until('repaired', (_, peer) => peer?.statistics.outOfSyncSectors === 0);
  expect(await pair.downAndCompare()).toMatchObject({ firstDifference: null });
});

test('verify without verify-alg is refused by number and text', async () => {
  pair = await Pair.running();
  const outcome = await pair.alice.adm('verify', 'r0');
  expect(outcome.code).toBe(11);
  expect(outcome.stderr).toContain('(-14) Need a verify algorithm to start online verify');
});

describe('resize', () => {
  const testWithNbd = testWith('nbdcopy', 'nbdinfo');

  testWithNbd(
    'grown files on both nodes: the device grows while it is in use, and is found again after down',
    async () => {
      pair = await Pair.running({ diskMib: 16 });
      const { alice, bob } = pair;
      const before = Number(await succeeds('nbdinfo', ['--size', alice.uri]));
      const path = join(pair.directory, 'data');
      writeFileSync(path, randomBytes(8 * MIB));
      await succeeds('nbdcopy', ['--flush', path, alice.uri]);
      for (const node of pair.nodes) truncateSync(node.diskPath, 40 * MIB);
      plant(bob.diskPath, 30 * MIB, 4096);
      await alice.does('resize', 'r0');
      await Promise.all(
        pair.nodes.map((node) =>
          node.until('larger', ({ devices }) => (devices[0]?.statistics.sizeSectors ?? 0) * 512 > 39 * MIB),
        ),
      );
      await Promise.all(pair.nodes.map((node) => node.untilInSync()));
      const after = Number(await succeeds('nbdinfo', ['--size', alice.uri]));
      expect([before < 16 * MIB, after > 39 * MIB]).toEqual([true, true]);
      const { firstDifference, comparedBytes } = await pair.downAndCompare();
      expect([firstDifference, comparedBytes]).toEqual([null, after]);
      for (const node of pair.nodes) await node.does('up', 'r0');
      await Promise.all(pair.nodes.map((node) => node.untilInSync()));
      for (const node of pair.nodes) expect(node.log()).not.toMatch(/"stack"|"level":60/);
    },
  );

  test('without a Primary: (131)', async () => {
    pair = await Pair.running({ diskMib: 16 });
    await pair.alice.does('secondary', 'r0');
    const outcome = await pair.alice.adm('resize', 'r0');
    expect(outcome.code).toBe(10);
    expect(outcome.stderr).toContain('(131) Need one Primary node to resize.');
  });
});

testWith('nbdcopy')('suspend-io holds writes, resume-io lets them go', async () => {
  pair = await Pair.running();
  const { alice } = pair;
  const path = join(pair.directory, 'data');
  writeFileSync(path, randomBytes(MIB));
  await alice.does('suspend-io', 'r0');
  await alice.until('suspended', ({ suspended }) => suspended.user);
  let copied = false;
  const copy = succeeds('nbdcopy', ['--flush', path, alice.uri]).then(() => (copied = true));
  await sleep(500);
  expect(copied).toBe(false);
  await alice.does('resume-io', 'r0');
  await copy;
  expect(await pair.downAndCompare()).toMatchObject({ firstDifference: null });
});

test('forget-peer frees the slot of a peer that was removed, and only of such a one', async () => {
  pair = await Pair.running();
  const { alice } = pair;
  const early = await alice.program('tsdrbdsetup', 'forget-peer', 'r0', '1');
  expect(early.code).toBe(10);
  expect(early.stderr).toContain('(125)');
  await alice.does('down', 'r0');
  expect((await alice.adm('get-gi', 'r0')).code).toBe(0);
  await alice.does('forget-peer', 'r0:bob');
});
