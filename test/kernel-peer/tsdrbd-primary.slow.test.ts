/** tsdrbd is Primary, the kernel's DRBD Secondary: it must not be able to tell tsdrbd from another kernel. */
import { RESOURCE } from '../../scripts/kernel-peer-tools/drbd-config';
import { MIB, PREPARE_TIMEOUT_MS, Pair, TEST_TIMEOUT_MS, describeKernelPeer } from './pair';

jest.setTimeout(TEST_TIMEOUT_MS);

describeKernelPeer('tsdrbd Primary, kernel Secondary', () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await Pair.start({ label: 'primary' });
    pair.fillKernelDisk(1);
    pair.fillOurDisk(2);
    await pair.createMetadata();
    await pair.up();
  }, PREPARE_TIMEOUT_MS);
  afterEach(() => pair.expectNoComplaints());
  afterAll(() => pair.end());

  test('two fresh disks: connected, both Inconsistent, no resync', async () => {
    expect(await pair.kernel.proc()).toMatchObject({
      disk: 'Inconsistent',
      peerDisk: 'Inconsistent',
      conn: 'Connected',
    });
    expect(await pair.ours.status()).toMatchObject({ disk: 'Inconsistent', peerDisk: 'Inconsistent' });
    expect(await pair.kernel.dmesg()).toContain('Agreed network protocol version 101');
  });

  test('promoted by force, tsdrbd fills the kernel’s disk', async () => {
    await pair.ours.mustAdm('primary', '--force', RESOURCE);
    await pair.inSync();
    const { sizeKib, sentKib } = await pair.ours.status();
    expect(sentKib).toBe(sizeKib);
    const kernel = await pair.kernel.proc();
    expect(kernel).toMatchObject({ role: 'Secondary', peerRole: 'Primary' });
    expect(kernel.counters['nr']).toBe(sizeKib);
    expect(await pair.kernel.dmesg()).toContain(`Began resync as SyncTarget (will sync ${sizeKib} KB`);
    expect(await pair.differencesKib()).toEqual([]);
  });

  test.each([
    ['small and unaligned', ['--bsrange=512-16k', '--blockalign=512', '--iodepth=32', '--io_size=12m']],
    ['from 4 KiB to 1 MiB', ['--bsrange=4k-1m', '--blockalign=4k', '--iodepth=16', '--io_size=48m']],
    ['one at a time, each flushed', ['--bs=4k', '--iodepth=1', '--fsync=1', '--io_size=400k']],
    ['larger than a packet may be', ['--bs=4m', '--iodepth=4', '--io_size=48m']],
  ])('random writes are verified: %s', async (_, words) => {
    await pair.ours.fio(['--rw=randwrite', '--size=30m', '--verify=crc32c', '--do_verify=1', ...words]);
    await pair.inSync();
    expect(await pair.differencesKib()).toEqual([]);
  });

  test('zeroes, discards, forced unit access and flushes arrive', async () => {
    await pair.ours.io([
      'write -P 0xaa 0 8M',
      'write -z 64k 1M',
      'write -z -u 2M 1M',
      'discard 4M 1M',
      'discard 5242880 512',
      'write -z 6291968 4608',
      'write -f -P 0x55 7M 4k',
      'write -P 0x66 7340544 512',
      'flush',
    ]);
    await pair.ours.io(['read -P 0xaa 0 64k', 'read -P 0 64k 1M', 'read -P 0 2M 1M', 'read -P 0x66 7340544 512']);
    await pair.inSync();
    expect(await pair.differencesKib()).toEqual([]);
    expect((await pair.ours.status()).sizeKib).toBeGreaterThan((8 * MIB) / 1024);
  });

  test('the kernel becomes Primary on the same data, and reads what tsdrbd wrote', async () => {
    await pair.ours.mustAdm('secondary', RESOURCE);
    await pair.kernel.adm(`primary ${RESOURCE}`);
    const read = await pair.kernel.mustRun('dd if=/dev/drbd0 bs=512 skip=14337 count=1 2>/dev/null | hexdump -C');
    expect(read).toContain('66 66 66 66');
    await pair.kernel.adm(`secondary ${RESOURCE}`);
    await pair.ours.mustAdm('primary', RESOURCE);
    await pair.inSync();
  });
});
