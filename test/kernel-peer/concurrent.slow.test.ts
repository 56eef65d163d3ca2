/** Two Primaries that write to the same blocks at once, and a Primary that its peer cannot follow. */
import { RESOURCE } from '../../scripts/kernel-peer-tools/drbd-config';
import { PREPARE_TIMEOUT_MS, Pair, TEST_TIMEOUT_MS, describeKernelPeer } from './pair';

jest.setTimeout(TEST_TIMEOUT_MS);

const words = (size: string, rounds: string): string =>
  `--rw=randwrite --bsrange=512-16k --blockalign=512 --size=${size} --io_size=${rounds} --iodepth=8 --norandommap`;

describeKernelPeer('concurrent writes', () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await Pair.start({ label: 'concurrent', net: { 'allow-two-primaries': 'yes' } });
    await pair.upInSync();
  }, PREPARE_TIMEOUT_MS);
  // The module never ends the epoch of a write that it sent back, and says so when the connection ends.
  afterEach(() => pair.expectNoComplaints([/Concurrent writes detected/, /current_epoch->list not empty/]));
  afterAll(() => pair.end());

  const kernelLoad = (how: string): Promise<string> =>
    pair.kernel.mustRun(`fio --name=load --filename=/dev/drbd0 --ioengine=libaio --direct=1 ${how}`);

  /** The node that takes the second socket decides which of two writes stays: here the one that comes back. */
  async function connect(decides: 'ours' | 'the kernel'): Promise<void> {
    if (decides === 'the kernel') {
      await pair.kernel.adm(`disconnect ${RESOURCE}`);
      await pair.ours.until('waiting', ({ connection }) => connection === 'Connecting');
      await pair.kernel.adm(`connect ${RESOURCE}`);
    } else {
      await pair.ours.mustAdm('disconnect', RESOURCE);
      await pair.kernel.until(/ 0: cs:WFConnection/);
      await pair.ours.mustAdm('connect', RESOURCE);
    }
    await pair.inSync();
  }

  test.each(['ours', 'the kernel'] as const)(
    'of both Primaries to the same few blocks, %s decides: both disks end equal, and the link lives',
    async (decides) => {
      await connect(decides);
      await pair.ours.mustAdm('primary', RESOURCE);
      await pair.kernel.adm(`primary ${RESOURCE}`);
      await pair.kernel.until(/ro:Primary\/Primary/);
      await pair.ours.until('both Primary', ({ role, peerRole }) => role === 'Primary' && peerRole === 'Primary');
      const load = `${words('256k', '256m')} --runtime=8 --time_based`;
      await Promise.all([pair.ours.fio(load.split(' ')), kernelLoad(load)]);
      const told = { ours: pair.ours.log(), 'the kernel': await pair.kernel.mustRun('dmesg') };
      expect(told[decides]).toContain('Concurrent writes detected');
      await pair.inSync();
      expect(await pair.differencesKib()).toEqual([]);
      await pair.ours.mustAdm('secondary', RESOURCE);
      await pair.kernel.adm(`secondary ${RESOURCE}`);
    },
  );

  test('pulled ahead of a peer that is too slow, in either role', async () => {
    const net = { protocol: 'A', 'on-congestion': 'pull-ahead', 'congestion-fill': '128k' };
    await pair.kernel.run(`drbdadm disconnect ${RESOURCE}`);
    await pair.ours.adm('disconnect', RESOURCE);
    await pair.adjust({ net });
    await pair.inSync();
    const load = words('16m', '24m');
    await pair.ours.mustAdm('primary', RESOURCE);
    await pair.ours.fio(load.split(' '));
    await pair.inSync();
    expect(await pair.differencesKib()).toEqual([]);
    expect(await pair.kernel.mustRun('dmesg')).toMatch(/conn\( \w+ -> Behind \)/);
    await pair.ours.mustAdm('secondary', RESOURCE);
    await pair.kernel.adm(`primary ${RESOURCE}`);
    await kernelLoad(load);
    await pair.inSync();
    expect(await pair.differencesKib()).toEqual([]);
    await pair.kernel.adm(`secondary ${RESOURCE}`);
  });
});
