/** The link is cut under load and joined again, or a node stands still: exactly what became dirty is resynchronised. */
import { RESOURCE } from '../../scripts/kernel-peer-tools/drbd-config';
import { PREPARE_TIMEOUT_MS, Pair, QUICK_DETECTION, TEST_TIMEOUT_MS, describeKernelPeer } from './pair';

jest.setTimeout(TEST_TIMEOUT_MS);

const LOAD = ['--rw=randwrite', '--bs=4k', '--size=30m', '--iodepth=8', '--time_based', '--runtime=7'];
const BLOCK_KIB = 4;

describeKernelPeer('a link that is cut under load', () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await Pair.start({ label: 'cut', net: QUICK_DETECTION });
    await pair.upInSync();
  }, PREPARE_TIMEOUT_MS);
  afterEach(() => pair.expectNoComplaints());
  afterAll(() => pair.end());

  /** Blocks of 4 KiB in which the backing disks differ. */
  async function differingBlocks(): Promise<ReadonlySet<number>> {
    return new Set((await pair.differencesKib()).map((kib) => Math.floor(kib / BLOCK_KIB)));
  }

  test('tsdrbd Primary: its dirty blocks go to the kernel', async () => {
    await pair.ours.mustAdm('primary', RESOURCE);
    const load = pair.ours.fio([...LOAD, '--rate_iops=300']);
    await pair.kernel.until(/ dw:\d{3,} /);
    await pair.room.cutLink();
    await pair.kernel.until(/cs:WFConnection/);
    await pair.ours.until('without the peer', ({ connection }) => connection === 'Connecting');
    await load;

    const { oosKib } = await pair.ours.status();
    const differing = await differingBlocks();
    expect(differing.size).toBeGreaterThan(0);
    expect(oosKib).toBeGreaterThanOrEqual(differing.size * BLOCK_KIB);
    const before = await pair.kernel.proc();

    await pair.room.healLink();
    await pair.inSync();
    expect(pair.ours.lastResync()).toEqual({ role: 'SyncSource', kib: oosKib });
    expect(await pair.kernel.lastResync()).toEqual({ role: 'SyncTarget', kib: oosKib });
    const after = await pair.kernel.proc();
    for (const received of ['nr', 'dw']) {
      expect((after.counters[received] ?? 0) - (before.counters[received] ?? 0)).toBe(oosKib);
    }
    expect(await pair.differencesKib()).toEqual([]);
    await pair.ours.mustAdm('secondary', RESOURCE);
  });

  test('kernel Primary: its dirty blocks go to tsdrbd', async () => {
    await pair.kernel.adm(`primary ${RESOURCE}`);
    const load = pair.kernel.mustRun(
      `fio --name=load --filename=/dev/drbd0 --ioengine=libaio --direct=1 --rate_iops=300 ${LOAD.join(' ')}`,
    );
    await pair.ours.until('load arrives', ({ receivedKib }) => receivedKib > 100);
    await pair.room.cutLink();
    await pair.kernel.until(/cs:WFConnection/);
    await pair.ours.until('without the peer', ({ connection }) => connection === 'Connecting');
    await load;

    const { oosKib } = await pair.kernel.proc();
    const before = await pair.ours.status();
    const differing = await differingBlocks();
    expect(differing.size).toBeGreaterThan(0);
    expect(oosKib).toBeGreaterThanOrEqual(differing.size * BLOCK_KIB);

    await pair.room.healLink();
    await pair.inSync();
    expect(await pair.kernel.lastResync()).toEqual({ role: 'SyncSource', kib: oosKib });
    expect(pair.ours.lastResync()).toEqual({ role: 'SyncTarget', kib: oosKib });
    expect((await pair.ours.status()).receivedKib - before.receivedKib).toBe(oosKib);
    expect(await pair.differencesKib()).toEqual([]);
    await pair.kernel.adm(`secondary ${RESOURCE}`);
  });

  test('without load, the resync is the blocks written meanwhile and nothing else', async () => {
    await pair.ours.mustAdm('primary', RESOURCE);
    await pair.ours.io(['write -P 1 0 4k', 'flush']);
    await pair.kernel.adm(`disconnect ${RESOURCE}`);
    await pair.ours.io(['write -P 2 8k 8k', 'write -P 3 1M 4k', 'write -P 4 20971008 1024', 'flush']);
    expect((await pair.ours.status()).oosKib).toBe(20);
    await pair.kernel.adm(`connect ${RESOURCE}`);
    await pair.inSync();
    expect(pair.ours.lastResync()).toEqual({ role: 'SyncSource', kib: 20 });
    expect(await pair.kernel.lastResync()).toEqual({ role: 'SyncTarget', kib: 20 });
    expect(await pair.differencesKib()).toEqual([]);
    await pair.ours.mustAdm('secondary', RESOURCE);
  });

  test('the kernel’s machine stands still under load: tsdrbd goes on without it, and fills it again', async () => {
    await pair.ours.mustAdm('primary', RESOURCE);
    const load = pair.ours.fio([...LOAD, '--rate_iops=300']);
    await pair.kernel.until(/ dw:\d{3,} /);
    pair.kernel.guest.freeze();
    await pair.ours.until('without the peer', ({ connection }) => connection === 'Connecting');
    await load;
    pair.kernel.guest.thaw();
    await pair.inSync();
    expect(pair.ours.lastResync()?.role).toBe('SyncSource');
    expect(await pair.kernel.lastResync()).toEqual({ role: 'SyncTarget', kib: pair.ours.lastResync()?.kib });
    expect(await pair.differencesKib()).toEqual([]);
    await pair.ours.mustAdm('secondary', RESOURCE);
  });

  test('tsdrbd stands still under load: the kernel goes on without it, and fills it again', async () => {
    await pair.kernel.adm(`primary ${RESOURCE}`);
    const before = await pair.ours.status();
    const load = pair.kernel.mustRun(
      `fio --name=load --filename=/dev/drbd0 --ioengine=libaio --direct=1 --rate_iops=300 ${LOAD.join(' ')}`,
    );
    await pair.ours.until('load arrives', ({ receivedKib }) => receivedKib > before.receivedKib + 100);
    pair.ours.freeze();
    await pair.kernel.until(/cs:WFConnection/);
    await load;
    pair.ours.thaw();
    await pair.inSync();
    expect(pair.ours.lastResync()?.role).toBe('SyncTarget');
    expect(await pair.kernel.lastResync()).toEqual({ role: 'SyncSource', kib: pair.ours.lastResync()?.kib });
    expect(await pair.differencesKib()).toEqual([]);
    await pair.kernel.adm(`secondary ${RESOURCE}`);
  });
});
