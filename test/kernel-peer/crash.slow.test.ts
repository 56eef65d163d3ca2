/** Either node dies under load, as Primary and as Secondary, and comes back: nothing acknowledged is lost. */
import { RESOURCE } from '../../scripts/kernel-peer-tools/drbd-config';
import { KernelLoad, OurLoad } from './acknowledged-writes';
import { MIB, PREPARE_TIMEOUT_MS, Pair, QUICK_DETECTION, TEST_TIMEOUT_MS, describeKernelPeer } from './pair';

jest.setTimeout(TEST_TIMEOUT_MS);

const EXTENT_KIB = 4096;

/** Each crash is the only loss of the link: a load that keeps both processors busy delays the answers to pings. */
const NET = { ...QUICK_DETECTION, 'ping-timeout': '30' };

describeKernelPeer('a node that dies under load', () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await Pair.start({ label: 'crash', net: NET, extraKernelDisks: [MIB] });
    await pair.upInSync();
  }, PREPARE_TIMEOUT_MS);
  afterEach(() => pair.expectNoComplaints());
  afterAll(() => pair.end());

  /** What `tsdrbdadm up` said its activity log covered. */
  function markedKib(output: string): number {
    return (
      Number(/Marked additional (\d+) KB/.exec(output)?.[1] ?? 0) +
      Number(/additional (\d+) MB/.exec(output)?.[1] ?? 0) * 1024
    );
  }

  test('the kernel, Secondary: what it missed and what was in flight', async () => {
    await pair.ours.mustAdm('primary', RESOURCE);
    const load = OurLoad.start(pair.ours, 'kernel-secondary', { offsetMib: 8, lengthMib: 4 }, 6000);
    await load.acknowledged(1000);
    await pair.kernel.guest.powerCut();
    expect(await load.ended()).toBe(0);
    const { oosKib } = await pair.ours.status();
    expect(oosKib).toBeGreaterThan(0);
    expect(oosKib).toBeLessThanOrEqual(EXTENT_KIB);

    await pair.bootKernelAgain();
    await pair.kernel.adm(`up ${RESOURCE}`);
    await pair.inSync();
    expect(pair.ours.lastResync()).toEqual({ role: 'SyncSource', kib: oosKib });
    expect(load.lostOn(pair.kernel.guest.diskPath(0))).toEqual([]);
    expect(await pair.differencesKib()).toEqual([]);
    await pair.ours.mustAdm('secondary', RESOURCE);
  });

  test('tsdrbd, Primary, nobody takes over: it is the source of its active extents', async () => {
    await pair.ours.mustAdm('primary', RESOURCE);
    const load = OurLoad.start(pair.ours, 'our-primary', { offsetMib: 12, lengthMib: 4 });
    await load.acknowledged(1000);
    await pair.ours.endEngine('SIGKILL');
    await load.ended();
    expect(load.lostOn(pair.kernel.guest.diskPath(0))).toEqual([]);

    const up = await pair.ours.adm('up', RESOURCE);
    const marked = markedKib(up.stdout + up.stderr);
    expect(marked).toBeGreaterThanOrEqual(EXTENT_KIB);
    await pair.inSync();
    expect(pair.ours.lastResync()).toEqual({ role: 'SyncSource', kib: marked });
    expect(load.lostOn(pair.ours.diskPath(0))).toEqual([]);
    expect(await pair.differencesKib()).toEqual([]);
  });

  test('tsdrbd, Primary, the kernel takes over: it is the target of both nodes’ changes', async () => {
    await pair.ours.mustAdm('primary', RESOURCE);
    const load = OurLoad.start(pair.ours, 'our-primary-failover', { offsetMib: 12, lengthMib: 4 });
    await load.acknowledged(1000);
    await pair.ours.endEngine('SIGKILL');
    await load.ended();
    await pair.kernel.until(/cs:WFConnection/);
    await pair.kernel.adm(`primary ${RESOURCE}`);
    await pair.kernel.mustRun('dd if=/dev/urandom of=/dev/drbd0 bs=4k seek=5120 count=4 oflag=direct');

    const up = await pair.ours.adm('up', RESOURCE);
    const marked = markedKib(up.stdout + up.stderr);
    await pair.inSync();
    const resync = pair.ours.lastResync();
    expect(resync?.role).toBe('SyncTarget');
    expect(resync?.kib).toBe(marked + 16);
    expect(await pair.kernel.lastResync()).toEqual({ role: 'SyncSource', kib: resync?.kib });
    expect(load.lostOn(pair.ours.diskPath(0))).toEqual([]);
    expect(await pair.differencesKib()).toEqual([]);
    await pair.kernel.adm(`secondary ${RESOURCE}`);
  });

  test('tsdrbd, Secondary: what it missed and what was in flight', async () => {
    await pair.kernel.adm(`primary ${RESOURCE}`);
    const load = await KernelLoad.start(pair.kernel, 1);
    await load.allAcknowledged(20);
    await pair.ours.endEngine('SIGKILL');
    await pair.kernel.until(/cs:WFConnection/);
    await load.allAcknowledged(Math.max(...load.acknowledged()) + 10);
    await pair.ours.mustAdm('up', RESOURCE);
    await load.stop();
    await pair.inSync();
    expect(pair.ours.lastResync()?.role).toBe('SyncTarget');
    expect(pair.ours.lastResync()?.kib).toBeLessThanOrEqual(EXTENT_KIB);
    expect(load.lostOn(pair.ours.diskPath(0))).toEqual([]);
    expect(await pair.differencesKib()).toEqual([]);
    await pair.kernel.adm(`secondary ${RESOURCE}`);
  });

  test('the kernel, Primary, nobody takes over: it is the source of its active extents', async () => {
    await pair.kernel.adm(`primary ${RESOURCE}`);
    const load = await KernelLoad.start(pair.kernel, 1);
    await load.allAcknowledged(40);
    await pair.kernel.guest.powerCut();
    expect(load.lostOn(pair.ours.diskPath(0))).toEqual([]);

    await pair.bootKernelAgain();
    await pair.kernel.adm(`up ${RESOURCE}`);
    await pair.inSync();
    const resync = await pair.kernel.lastResync();
    expect(resync?.role).toBe('SyncSource');
    expect(resync?.kib).toBeGreaterThanOrEqual(EXTENT_KIB);
    expect(pair.ours.lastResync()).toEqual({ role: 'SyncTarget', kib: resync?.kib });
    expect(load.lostOn(pair.ours.diskPath(0))).toEqual([]);
    expect(await pair.differencesKib()).toEqual([]);
  });

  test('the kernel, Primary, tsdrbd takes over: it is the target of both nodes’ changes', async () => {
    await pair.kernel.adm(`primary ${RESOURCE}`);
    const load = await KernelLoad.start(pair.kernel, 1);
    await load.allAcknowledged(40);
    await pair.kernel.guest.powerCut();
    await pair.ours.until('without the peer', ({ connection }) => connection === 'Connecting');
    await pair.ours.mustAdm('primary', RESOURCE);
    await pair.ours.io(['write -P 7 20M 16k', 'flush']);
    expect(load.lostOn(pair.ours.diskPath(0))).toEqual([]);

    await pair.bootKernelAgain();
    await pair.kernel.adm(`up ${RESOURCE}`);
    await pair.inSync();
    const resync = pair.ours.lastResync();
    expect(resync?.role).toBe('SyncSource');
    expect(resync?.kib).toBeGreaterThanOrEqual(EXTENT_KIB + 16);
    expect(await pair.kernel.lastResync()).toEqual({ role: 'SyncTarget', kib: resync?.kib });
    expect(load.lostOn(pair.kernel.guest.diskPath(0))).toEqual([]);
    expect(await pair.differencesKib()).toEqual([]);
    await pair.ours.mustAdm('secondary', RESOURCE);
  });
});
