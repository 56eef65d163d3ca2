/** The role goes from node to node; what is refused is refused with the same words as between two kernels. */
import { RESOURCE } from '../../scripts/kernel-peer-tools/drbd-config';
import { PREPARE_TIMEOUT_MS, Pair, TEST_TIMEOUT_MS, describeKernelPeer } from './pair';

jest.setTimeout(TEST_TIMEOUT_MS);

describeKernelPeer('roles', () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await Pair.start({ label: 'roles' });
    await pair.upInSync();
  }, PREPARE_TIMEOUT_MS);
  afterEach(() => pair.expectNoComplaints());
  afterAll(() => pair.end());

  test('handed over, back and forth, each time with a write', async () => {
    for (const pattern of ['1', '2', '3']) {
      await pair.ours.mustAdm('primary', RESOURCE);
      await pair.kernel.until(/ro:Secondary\/Primary/);
      await pair.ours.io([`write -P ${pattern} 0 64k`, 'flush']);
      await pair.ours.mustAdm('secondary', RESOURCE);
      await pair.kernel.until(/ro:Secondary\/Secondary/);
      await pair.kernel.adm(`primary ${RESOURCE}`);
      await pair.ours.until('peer Primary', ({ peerRole }) => peerRole === 'Primary');
      expect(await pair.kernel.mustRun('dd if=/dev/drbd0 bs=4k count=1 2>/dev/null | hexdump -C')).toContain(
        Array(16)
          .fill(`0${pattern}`)
          .join(' ')
          .replace(/^(.{23}) /, '$1  '),
      );
      await pair.kernel.mustRun(`dd if=/dev/urandom of=/dev/drbd0 bs=64k seek=${pattern} count=1 oflag=direct`);
      await pair.kernel.adm(`secondary ${RESOURCE}`);
      await pair.ours.until('peer Secondary', ({ peerRole }) => peerRole === 'Secondary');
    }
    expect(await pair.differencesKib()).toEqual([]);
  });

  test('while the kernel is Primary, tsdrbd is refused the role, by force too', async () => {
    await pair.kernel.adm(`primary ${RESOURCE}`);
    await pair.ours.until('peer Primary', ({ peerRole }) => peerRole === 'Primary');
    for (const force of [[], ['--force']]) {
      const refused = await pair.ours.adm('primary', ...force, RESOURCE);
      expect(refused.exitCode).toBe(11);
      expect(refused.stderr).toContain('State change failed: (-1) Multiple primaries not allowed by config');
    }
    expect((await pair.ours.status()).role).toBe('Secondary');
    await pair.kernel.adm(`secondary ${RESOURCE}`);
  });

  test('while tsdrbd is Primary, the kernel is refused the role', async () => {
    await pair.ours.mustAdm('primary', RESOURCE);
    await pair.kernel.until(/ro:Secondary\/Primary/);
    const refused = await pair.kernel.run(`drbdadm primary ${RESOURCE}`);
    expect(refused.exitCode).toBe(11);
    expect(refused.stderr).toContain('State change failed: (-1) Multiple primaries not allowed by config');
    expect(await pair.kernel.proc()).toMatchObject({ role: 'Secondary', peerRole: 'Primary' });
    await pair.ours.mustAdm('secondary', RESOURCE);
  });

  test('both Primary when that is allowed: disjoint writes of both arrive', async () => {
    await pair.configure({ net: { 'allow-two-primaries': 'yes' } });
    await pair.kernel.adm(`adjust ${RESOURCE}`);
    await pair.ours.mustAdm('adjust', RESOURCE);
    await pair.connected();
    await pair.ours.mustAdm('primary', RESOURCE);
    await pair.kernel.adm(`primary ${RESOURCE}`);
    await pair.kernel.until(/ro:Primary\/Primary/);
    await pair.ours.until('both Primary', ({ role, peerRole }) => role === 'Primary' && peerRole === 'Primary');

    const words = '--rw=randwrite --bsrange=4k-64k --blockalign=4k --size=12m --io_size=12m --iodepth=8';
    const verified = `${words} --verify=crc32c --do_verify=1`;
    await Promise.all([
      pair.ours.fio([...verified.split(' '), '--offset=16m']),
      pair.kernel.mustRun(`fio --name=load --filename=/dev/drbd0 --ioengine=libaio --direct=1 ${verified} --offset=0`),
    ]);
    await pair.inSync();
    expect(await pair.differencesKib()).toEqual([]);
    await pair.ours.mustAdm('secondary', RESOURCE);
    await pair.kernel.adm(`secondary ${RESOURCE}`);
  });
});
