/**
 * File systems on /dev/drbd0: made, filled, checked, grown while mounted, and found whole on the peer after this node's
 * engine was killed under them.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestNode } from '../nodes/support/node';
import { run, succeeds } from '../nodes/support/programs';
import { DevicePair, devicePath, sizeBytes, testWithDevices } from './device-pair';

jest.setTimeout(300_000);

const TREE = '/usr/include/linux';
const KINDS = [
  {
    kind: 'ext4',
    programs: ['mkfs.ext4', 'fsck.ext4', 'resize2fs'],
    make: ['mkfs.ext4', '-q', '-E', 'nodiscard'],
    check: ['fsck.ext4', '-f', '-n'],
    grow: (device: string) => ['resize2fs', device],
    growsMounted: () => mayUseReserves(),
  },
  {
    kind: 'xfs',
    programs: ['mkfs.xfs', 'xfs_repair', 'xfs_growfs'],
    make: ['mkfs.xfs', '-q', '-f'],
    check: ['xfs_repair', '-n'],
    grow: (_device: string, mountPoint: string) => ['xfs_growfs', mountPoint],
    growsMounted: () => true,
  },
] as const;

/** CAP_SYS_RESOURCE, capabilities(7), which a root in a container may lack. ext4 does not grow while mounted without it. */
function mayUseReserves(): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return ((BigInt(`0x${effective}`) >> 24n) & 1n) === 1n;
}

let devices: DevicePair | null = null;
afterEach(async () => {
  await devices?.end();
  devices = null;
});

/** The kernel is told after the engine knows. */
async function untilLarger(node: TestNode, thanBytes: number): Promise<void> {
  const deadline = performance.now() + 60_000;
  while ((await sizeBytes(node)) <= thanBytes) {
    if (performance.now() > deadline) throw new Error(`${devicePath(node)} does not grow\n${node.logEnd()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const shell = ([program = '', ...argv]: readonly string[]): Promise<string> => succeeds(program, argv);

describe.each(KINDS)('$kind', ({ programs, make, check, grow, growsMounted }) => {
  testWithDevices(...programs)('survives unmounting, growing, and the death of the engine below it', async () => {
    devices = await DevicePair.running({ diskMib: 384 });
    const { alice, bob } = devices;
    const here = devices.mountPoint('alice');
    const there = devices.mountPoint('bob');

    await shell([...make, devicePath(alice)]);
    await shell(['mount', devicePath(alice), here]);
    await shell(['cp', '-a', TREE, here]);
    await shell(['sync', '-f', here]);
    await shell(['umount', here]);
    await shell([...check, devicePath(alice)]);

    // Twice the backing disks, then the device, then the file system, with the file system mounted.
    await shell(['mount', devicePath(alice), here]);
    const before = await sizeBytes(alice);
    await shell(['truncate', '-s', '768M', alice.diskPath, bob.diskPath]);
    await alice.does('resize', 'r0');
    // What is new is synchronised: the old metadata lies in it, which differs.
    await alice.until('done with the resync', () => alice.log().includes('Resync done'), 120_000);
    await alice.untilInSync(120_000);
    await untilLarger(alice, before + 380 * 1024 * 1024);
    if (!growsMounted()) {
      await shell(['umount', here]);
      await shell(['fsck.ext4', '-f', '-p', devicePath(alice)]);
    }
    await shell(grow(devicePath(alice), here));
    if (!growsMounted()) await shell(['mount', devicePath(alice), here]);
    const freeMib = Number((await succeeds('df', ['-BM', '--output=size', here])).split('\n')[1]?.replace('M', ''));
    expect(freeMib).toBeGreaterThan(600);

    // Acknowledged as stable, then the engine dies with more on its way.
    await shell(['cp', '-a', TREE, join(here, 'again')]);
    await shell(['sync', '-f', here]);
    const writer = run('dd', ['if=/dev/zero', `of=${join(here, 'unfinished')}`, 'bs=1M', 'count=300', 'conv=fsync']);
    await alice.endEngine('SIGKILL');
    await writer;
    // The dead device lets itself be unmounted. (xfs mounts no two file systems of one UUID on one machine.)
    await shell(['umount', here]);
    await bob.does('primary', 'r0');
    await shell(['mount', devicePath(bob), there]);
    await shell(['diff', '-r', TREE, join(there, 'linux')]);
    await shell(['diff', '-r', TREE, join(there, 'again')]);
    await shell(['umount', there]);
    await shell([...check, devicePath(bob)]);

    // A new engine begins anew.
    await alice.does('up', 'r0');
    await alice.untilInSync(120_000);
    await bob.does('secondary', 'r0');
    await alice.does('primary', 'r0');
    await shell(['mount', devicePath(alice), here]);
    await shell(['diff', '-r', TREE, join(here, 'again')]);
    await shell(['umount', here]);
    await shell([...check, devicePath(alice)]);
    expect(await devices.pair.downAndCompare()).toMatchObject({ firstDifference: null });
  });
});
