/** A backing disk that takes no more: the node goes on without it, and no data is lost. Source: behaviour.md 5.10. */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Pair } from './support/pair';
import { testWithPrivateLoopMounts, testWithPrivateMounts } from './support/private-mounts';
import { run, succeeds, testWith } from './support/programs';

const MIB = 1024 * 1024;
const DATA_MIB = 40;

let pair: Pair;
afterEach(() => pair.end());

const hasTools = testWith('nbdcopy', 'qemu-io', 'mkfs.ext4') === test;
const testWithMounts = hasTools ? testWithPrivateMounts() : test.skip;
const testWithExt4 = hasTools ? testWithPrivateLoopMounts() : test.skip;

function writeData(): { readonly path: string; readonly bytes: Buffer } {
  const path = join(pair.directory, 'data');
  const bytes = randomBytes(DATA_MIB * MIB);
  writeFileSync(path, bytes);
  return { path, bytes };
}

async function readBack(uri: string): Promise<Buffer> {
  const path = join(pair.directory, 'back');
  await succeeds('nbdcopy', [uri, path]);
  return readFileSync(path).subarray(0, DATA_MIB * MIB);
}

testWithMounts(
  "the Secondary's: it detaches, the Primary's applications notice nothing, and with more room it catches up",
  async () => {
    pair = await Pair.running({ diskMib: 64, smallDisk: { of: 'bob', roomMib: 24 } });
    const { alice, bob } = pair;
    const { path, bytes } = writeData();
    await succeeds('nbdcopy', ['--flush', path, alice.uri]);
    await bob.until('Diskless', ({ devices }) => devices[0]?.diskState === 'Diskless');
    await alice.until('told so', (_, peer) => peer?.peerDiskState === 'Diskless');
    expect((await readBack(alice.uri)).equals(bytes)).toBe(true);
    expect(bob.log()).toMatch(/write error on the backing disk: .*ENOSPC/);

    await pair.giveRoom('bob');
    await bob.does('attach', 'r0');
    await Promise.all(pair.nodes.map((node) => node.untilInSync()));
    expect(await pair.downAndCompare()).toMatchObject({ firstDifference: null });
    for (const node of pair.nodes) expect(node.log()).not.toMatch(/"stack"|"level":60/);
  },
);

async function primaryLosesDisk(fileSystem: 'tmpfs' | 'ext4'): Promise<void> {
  pair = await Pair.running({ diskMib: 64, smallDisk: { of: 'alice', roomMib: 24, fileSystem } });
  const { alice, bob } = pair;
  const { path, bytes } = writeData();
  await succeeds('nbdcopy', ['--flush', path, alice.uri]);
  await alice.until('Diskless', ({ devices }) => devices[0]?.diskState === 'Diskless');
  expect((await readBack(alice.uri)).equals(bytes)).toBe(true);
  expect(alice.log()).toMatch(/write error on the backing disk: .*ENOSPC/);

  await pair.giveRoom('alice');
  await alice.does('attach', 'r0');
  await Promise.all(pair.nodes.map((node) => node.untilInSync()));
  expect(await pair.downAndCompare()).toMatchObject({ firstDifference: null });
  expect(
    readFileSync(bob.diskPath)
      .subarray(0, DATA_MIB * MIB)
      .equals(bytes),
  ).toBe(true);
  for (const node of pair.nodes) expect(node.log()).not.toMatch(/"stack"|"level":60/);
}

testWithMounts("the Primary's: it goes on without a disk, over its peer, and with more room it catches up", () =>
  primaryLosesDisk('tmpfs'),
);
testWithExt4("the Primary's, on ext4: writes that wait for the disk's activity log go on to the peer", () =>
  primaryLosesDisk('ext4'),
);

testWithMounts('the last one: the application gets an error, and what it had written before stays', async () => {
  pair = await Pair.running({ diskMib: 64, smallDisk: { of: 'alice', roomMib: 24 } });
  const { alice, bob } = pair;
  const qemuIo = (...commands: string[]) =>
    run('qemu-io', ['-f', 'raw', ...commands.flatMap((each) => ['-c', each]), alice.uri]);
  await bob.does('down', 'r0');
  expect((await qemuIo('write -P 0x11 0 8M', 'flush')).code).toBe(0);

  const failed = await qemuIo('write -P 0x22 16M 40M');
  expect(failed.code).not.toBe(0);
  expect(failed.stdout + failed.stderr).toContain('write failed: Input/output error');
  await alice.until('Diskless', ({ devices }) => devices[0]?.diskState === 'Diskless');
  expect((await qemuIo('read 0 4k')).code).not.toBe(0);

  await pair.giveRoom('alice');
  await alice.does('attach', 'r0');
  await alice.until('UpToDate', ({ devices }) => devices[0]?.diskState === 'UpToDate');
  expect(await qemuIo('read -P 0x11 0 8M')).toMatchObject({ code: 0 });
  await bob.does('up', 'r0');
  await Promise.all(pair.nodes.map((node) => node.untilInSync()));
  expect(await pair.downAndCompare()).toMatchObject({ firstDifference: null });
  for (const node of pair.nodes) expect(node.log()).not.toMatch(/"stack"|"level":60/);
});
