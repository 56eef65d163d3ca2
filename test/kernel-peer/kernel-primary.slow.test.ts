/** The kernel's DRBD is Primary, tsdrbd Secondary; the load is made inside the guest. */
import { RESOURCE } from '../../scripts/kernel-peer-tools/drbd-config';
import { PREPARE_TIMEOUT_MS, Pair, TEST_TIMEOUT_MS, describeKernelPeer } from './pair';

jest.setTimeout(TEST_TIMEOUT_MS);

describeKernelPeer('kernel Primary, tsdrbd Secondary', () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await Pair.start({ label: 'secondary' });
    pair.fillKernelDisk(1);
    pair.fillOurDisk(2);
    await pair.createMetadata();
    await pair.up();
  }, PREPARE_TIMEOUT_MS);
  afterEach(() => pair.expectNoComplaints());
  afterAll(() => pair.end());

  test('promoted by force, the kernel fills tsdrbd’s disk', async () => {
    await pair.kernel.adm(`primary --force ${RESOURCE}`);
    await pair.inSync();
    const { sizeKib, receivedKib } = await pair.ours.status();
    expect(receivedKib).toBe(sizeKib);
    expect(await pair.kernel.proc()).toMatchObject({ role: 'Primary', peerRole: 'Secondary' });
    expect(await pair.kernel.dmesg()).toContain(`Began resync as SyncSource (will sync ${sizeKib} KB`);
    expect(await pair.differencesKib()).toEqual([]);
  });

  test.each([
    ['small and unaligned', '--bsrange=512-16k --blockalign=512 --iodepth=32 --io_size=12m'],
    ['from 4 KiB to 1 MiB', '--bsrange=4k-1m --blockalign=4k --iodepth=16 --io_size=48m'],
    ['one at a time, each flushed', '--bs=4k --iodepth=1 --fsync=1 --io_size=400k'],
    ['through the page cache', '--direct=0 --bsrange=4k-64k --blockalign=4k --end_fsync=1 --io_size=24m'],
  ])('random writes are verified: %s', async (_, words) => {
    await pair.kernel.mustRun(
      `fio --name=load --filename=/dev/drbd0 --ioengine=libaio --direct=1 --rw=randwrite --size=30m --verify=crc32c --do_verify=1 ${words}`,
    );
    await pair.inSync();
    expect(await pair.differencesKib()).toEqual([]);
  });

  test('discards and zeroes arrive', async () => {
    await pair.kernel.mustRun(
      [
        'tr "\\000" "\\252" </dev/zero | dd of=/dev/drbd0 bs=64k count=128 iflag=fullblock oflag=direct',
        'blkdiscard -o 1048576 -l 1048576 /dev/drbd0',
        'blkdiscard -o 4194304 -l 512 /dev/drbd0',
        'blkdiscard -z -o 5242880 -l 1048576 /dev/drbd0 || true',
        'sync',
      ].join(' && '),
    );
    await pair.inSync();
    expect(await pair.differencesKib()).toEqual([]);
  });

  test('tsdrbd becomes Primary on the same data, and reads what the kernel wrote', async () => {
    await pair.kernel.adm(`secondary ${RESOURCE}`);
    await pair.ours.mustAdm('primary', RESOURCE);
    await pair.ours.io(['read -P 0xaa 0 1M', 'read -P 0xaa 2M 2M']);
    await pair.ours.mustAdm('secondary', RESOURCE);
    await pair.kernel.adm(`primary ${RESOURCE}`);
    await pair.inSync();
  });
});
