/**
 * Disks change sides. Both formats of metadata are converted by the create-md of the side that gets the disk; what must
 * survive is the generation UUIDs, and what the activity log of a crashed Primary says.
 */
import { renameSync } from 'node:fs';
import { RESOURCE } from '../../scripts/kernel-peer-tools/drbd-config';
import { KernelLoad, OurLoad } from './acknowledged-writes';
import { MIB, PREPARE_TIMEOUT_MS, Pair, QUICK_DETECTION, TEST_TIMEOUT_MS, describeKernelPeer } from './pair';

jest.setTimeout(TEST_TIMEOUT_MS);

const EXTENT_KIB = 4096;

describeKernelPeer('a disk that changes sides', () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await Pair.start({ label: 'moved', net: QUICK_DETECTION, extraKernelDisks: [MIB] });
    await pair.upInSync();
  }, PREPARE_TIMEOUT_MS);
  afterEach(() => pair.expectNoComplaints());
  afterAll(() => pair.end());

  /** Current and history UUIDs, without the role's bit. */
  function uuids(generation: string): readonly string[] {
    const [current = '', , ...histories] = (/[0-9A-F:]{67}/.exec(generation)?.[0] ?? '').split(':');
    return [current, ...histories].map((uuid) => (BigInt(`0x${uuid}`) & ~1n).toString(16));
  }

  /** Both nodes are down. The guest has no power, or does not use its disk. */
  function swapDisks(): void {
    const [ours, kernels] = [pair.ours.diskPath(0), pair.kernel.guest.diskPath(0)];
    renameSync(ours, `${ours}.old`);
    renameSync(kernels, ours);
    renameSync(`${ours}.old`, kernels);
  }

  test('the disk of a kernel that lost its power as Primary, at tsdrbd’s', async () => {
    await pair.kernel.adm(`primary ${RESOURCE}`);
    const load = await KernelLoad.start(pair.kernel, 1);
    await load.allAcknowledged(30);
    const before = uuids(await pair.kernel.mustRun('drbdadm get-gi r0'));
    await pair.kernel.guest.powerCut();
    await pair.ours.mustAdm('down', RESOURCE);
    swapDisks();
    await pair.bootKernelAgain();
    await pair.createMetadata();

    const up = await pair.ours.adm('up', RESOURCE);
    expect(up.stdout + up.stderr).toMatch(/Marked additional/);
    expect(uuids(await pair.ours.mustAdm('get-gi', RESOURCE))).toEqual(before);
    await pair.kernel.adm(`up ${RESOURCE}`);
    await pair.inSync();
    const resync = pair.ours.lastResync();
    expect(resync?.role).toBe('SyncSource');
    expect((resync?.kib ?? 1) % EXTENT_KIB).toBe(0);
    expect(await pair.kernel.lastResync()).toEqual({ role: 'SyncTarget', kib: resync?.kib });
    expect(load.lostOn(pair.kernel.guest.diskPath(0))).toEqual([]);
    expect(await pair.differencesKib()).toEqual([]);
  });

  test('the disk of a tsdrbd that was killed as Primary, at the kernel’s', async () => {
    await pair.ours.mustAdm('primary', RESOURCE);
    const load = OurLoad.start(pair.ours, 'moved-back', { offsetMib: 8, lengthMib: 4 });
    await load.acknowledged(500);
    const before = uuids(await pair.ours.mustAdm('get-gi', RESOURCE));
    await pair.ours.endEngine('SIGKILL');
    await load.ended();
    await pair.kernel.until(/cs:WFConnection/);
    await pair.kernel.adm(`down ${RESOURCE}`);
    await pair.kernel.guest.powerCut();
    swapDisks();
    await pair.bootKernelAgain();
    await pair.createMetadata();

    const up = await pair.kernel.run(`drbdadm up ${RESOURCE} 2>&1`);
    expect(up.stdout).toMatch(/Marked additional/);
    expect(uuids(await pair.kernel.mustRun('drbdadm get-gi r0'))).toEqual(before);
    await pair.ours.mustAdm('up', RESOURCE);
    await pair.inSync();
    const resync = await pair.kernel.lastResync();
    expect(resync?.role).toBe('SyncSource');
    expect((resync?.kib ?? 1) % EXTENT_KIB).toBe(0);
    expect(pair.ours.lastResync()).toEqual({ role: 'SyncTarget', kib: resync?.kib });
    expect(load.lostOn(pair.ours.diskPath(0))).toEqual([]);
    expect(await pair.differencesKib()).toEqual([]);
  });
});
