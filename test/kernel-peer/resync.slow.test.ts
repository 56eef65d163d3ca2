/** A resync under load, interrupted, paused, and started by the administrator, in both directions. */
import { RESOURCE } from '../../scripts/kernel-peer-tools/drbd-config';
import { MIB, PREPARE_TIMEOUT_MS, Pair, QUICK_DETECTION, TEST_TIMEOUT_MS, describeKernelPeer } from './pair';

jest.setTimeout(TEST_TIMEOUT_MS);

type Side = 'kernel' | 'ours';
const OTHER = { kernel: 'ours', ours: 'kernel' } as const;

/** 16 MiB take some seconds: time to interfere. */
const SLOW = { 'c-plan-ahead': '0', 'resync-rate': '4M', 'c-min-rate': '0' };
const AT_ONCE = { 'c-plan-ahead': '0', 'resync-rate': '200M', 'c-min-rate': '0' };
/** The pace that nobody configured. */
const DEFAULT_PACE = {};

describeKernelPeer('a resync', () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await Pair.start({
      label: 'resync',
      net: QUICK_DETECTION,
      kernelDiskBytes: 16 * MIB,
      ourDiskBytes: 16 * MIB,
    });
    await pair.upInSync();
  }, PREPARE_TIMEOUT_MS);
  afterEach(() => pair.expectNoComplaints());
  afterAll(() => pair.end());

  async function pace(disk: Record<string, string>): Promise<void> {
    await pair.adjust({ net: QUICK_DETECTION, disk });
    await pair.inSync();
  }

  const adm = async (side: Side, command: string): Promise<unknown> =>
    side === 'kernel' ? pair.kernel.adm(`${command} ${RESOURCE}`) : pair.ours.mustAdm(command, RESOURCE);

  /** A full sync to `target`, and the moment at which a part of it is done. */
  async function partlySyncedTo(target: Side): Promise<void> {
    await pair.forgetLogs();
    await adm(target, 'invalidate');
    await pair.ours.until(
      'part of the resync',
      ({ oosKib, sizeKib, replication }) => replication.startsWith('Sync') && oosKib < sizeKib * 0.8 && oosKib > 0,
    );
  }

  async function load(side: Side): Promise<void> {
    const words = '--rw=randwrite --bsrange=4k-64k --blockalign=4k --size=15m --io_size=15m --iodepth=8';
    const verified = `${words} --verify=crc32c --do_verify=1`;
    if (side === 'ours') return pair.ours.fio(verified.split(' '));
    await pair.kernel.mustRun(`fio --name=load --filename=/dev/drbd0 --ioengine=libaio --direct=1 ${verified}`);
  }

  test.each<[target: Side, primary: Side]>([
    ['kernel', 'ours'],
    ['kernel', 'kernel'],
    ['ours', 'kernel'],
    ['ours', 'ours'],
  ])('to %s, while %s is Primary and under load', async (target, primary) => {
    await pace(SLOW);
    if (primary === target) {
      // A Primary is not invalidated: its peer is asked to send everything.
      await adm(primary, 'primary');
      await adm(OTHER[primary], 'invalidate-remote');
    } else {
      await adm(primary, 'primary');
      await adm(target, 'invalidate');
    }
    await pair.ours.until('resync', ({ replication }) => replication.startsWith('Sync'));
    await load(primary);
    await pace(AT_ONCE);
    expect(await pair.differencesKib()).toEqual([]);
    await adm(primary, 'secondary');
  });

  test.each<Side>(['kernel', 'ours'])('to %s goes on where it was when the link comes back', async (target) => {
    await pace(SLOW);
    await partlySyncedTo(target);
    await pair.room.cutLink();
    await pair.kernel.until(/cs:WFConnection/);
    const { oosKib } = await pair.ours.until('without the peer', ({ connection }) => connection === 'Connecting');
    expect(oosKib).toBeGreaterThan(0);
    await pair.room.healLink();
    await pair.inSync();
    const { sizeKib } = await pair.ours.status();
    expect(pair.ours.lastResync()?.kib).toBeLessThan(sizeKib * 0.85);
    expect((await pair.kernel.lastResync())?.kib).toBe(pair.ours.lastResync()?.kib);
    expect(await pair.differencesKib()).toEqual([]);
  });

  test.each<Side>(['kernel', 'ours'])('to %s survives that tsdrbd is killed', async (target) => {
    await pace(SLOW);
    await partlySyncedTo(target);
    await pair.ours.endEngine('SIGKILL');
    await pair.kernel.until(/cs:WFConnection/);
    await pair.ours.mustAdm('up', RESOURCE);
    await pair.inSync();
    expect(pair.ours.lastResync()?.role).toBe(target === 'ours' ? 'SyncTarget' : 'SyncSource');
    expect(await pair.differencesKib()).toEqual([]);
  });

  test.each<Side>(['kernel', 'ours'])('to %s survives that the kernel loses its power', async (target) => {
    await pace(SLOW);
    await partlySyncedTo(target);
    await pair.kernel.guest.powerCut();
    await pair.bootKernelAgain();
    await pair.kernel.adm(`up ${RESOURCE}`);
    await pair.inSync();
    expect(pair.ours.lastResync()?.role).toBe(target === 'ours' ? 'SyncTarget' : 'SyncSource');
    expect(await pair.differencesKib()).toEqual([]);
  });

  test.each<[target: Side, pauser: Side]>([
    ['kernel', 'ours'],
    ['ours', 'ours'],
    ['ours', 'kernel'],
  ])('to %s is paused and resumed by %s', async (target, pauser) => {
    await pace(SLOW);
    await partlySyncedTo(target);
    await adm(pauser, 'pause-sync');
    await pair.kernel.until(target === 'kernel' ? /cs:PausedSyncT/ : /cs:PausedSyncS/);
    const paused = await pair.ours.until('paused', ({ replication }) => replication.startsWith('PausedSync'));
    expect(paused.replication).toBe(target === 'ours' ? 'PausedSyncT' : 'PausedSyncS');
    await adm(pauser, 'resume-sync');
    await pair.inSync();
    expect(await pair.differencesKib()).toEqual([]);
  });

  test.each<Side>(['kernel', 'ours'])('to %s at the default pace', async (target) => {
    await pace(DEFAULT_PACE);
    await adm(target, 'invalidate');
    await pair.ours.until('resync', ({ replication }) => replication.startsWith('Sync'));
    await pair.inSync(60_000);
    expect(await pair.differencesKib()).toEqual([]);
  });
});
