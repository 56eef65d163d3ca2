/** Two volumes in one connection, of odd sizes, with external metadata; disks that are detached, and disks that grow. */
import { RESOURCE } from '../../scripts/kernel-peer-tools/drbd-config';
import { MIB, PREPARE_TIMEOUT_MS, Pair, TEST_TIMEOUT_MS, describeKernelPeer } from './pair';

jest.setTimeout(TEST_TIMEOUT_MS);

describeKernelPeer('two volumes of odd size', () => {
  const SECTORS = 16 * 2048 + 3;
  let pair: Pair;
  beforeAll(async () => {
    pair = await Pair.start({
      label: 'volumes',
      volumeCount: 2,
      kernelDiskBytes: SECTORS * 512,
      ourDiskBytes: SECTORS * 512,
      externalMetadata: true,
    });
    for (const volume of [0, 1]) {
      pair.fillKernelDisk(1 + volume, volume);
      pair.fillOurDisk(3 + volume, volume);
    }
    await pair.createMetadata();
    await pair.up();
  }, PREPARE_TIMEOUT_MS);
  afterEach(() => pair.expectNoComplaints());
  afterAll(() => pair.end());

  async function bothEqual(): Promise<void> {
    for (const volume of [0, 1]) expect(await pair.differencesKib(volume)).toEqual([]);
  }

  test('both are filled to their last sector', async () => {
    await pair.ours.mustAdm('primary', '--force', RESOURCE);
    await pair.inSync();
    for (const minor of [0, 1]) {
      expect(Number(await pair.kernel.mustRun(`cat /sys/block/drbd${minor}/size`))).toBe(SECTORS);
    }
    await bothEqual();
  });

  test('the last sectors are written by either Primary', async () => {
    await pair.ours.io([`write -P 5 ${(SECTORS - 3) * 512} 1536`, 'flush'], 0);
    await pair.ours.io([`write -P 6 ${(SECTORS - 1) * 512} 512`, 'flush'], 1);
    await pair.inSync();
    await bothEqual();
    await pair.ours.mustAdm('secondary', RESOURCE);
    await pair.kernel.adm(`primary ${RESOURCE}`);
    for (const minor of [0, 1]) {
      await pair.kernel.mustRun(
        `dd if=/dev/urandom of=/dev/drbd${minor} bs=512 seek=${SECTORS - 2} count=2 oflag=direct`,
      );
    }
    await pair.inSync();
    await bothEqual();
    await pair.kernel.adm(`secondary ${RESOURCE}`);
  });

  test('load on both at once; barriers count the writes of both', async () => {
    await pair.ours.mustAdm('primary', RESOURCE);
    const words = [
      '--rw=randwrite',
      '--bsrange=512-32k',
      '--blockalign=512',
      '--size=16m',
      '--io_size=8m',
      '--iodepth=8',
    ];
    await Promise.all([0, 1].map((volume) => pair.ours.fio([...words, '--fsync=64', '--verify=crc32c'], volume)));
    await pair.inSync();
    await bothEqual();
    await pair.ours.mustAdm('secondary', RESOURCE);
  });

  test('only the volume that was written to is resynchronised', async () => {
    await pair.kernel.adm(`primary ${RESOURCE}`);
    await pair.ours.mustAdm('disconnect', RESOURCE);
    await pair.kernel.mustRun('dd if=/dev/urandom of=/dev/drbd1 bs=4k seek=7 count=5 oflag=direct');
    await pair.kernel.run(`drbdadm disconnect ${RESOURCE}`);
    await pair.kernel.adm(`connect ${RESOURCE}`);
    await pair.ours.mustAdm('connect', RESOURCE);
    await pair.inSync();
    expect(await pair.kernel.dmesg()).toMatch(/drbd1: Began resync as SyncSource \(will sync 20 KB/);
    expect(await pair.kernel.dmesg()).not.toMatch(/drbd0: Began resync as SyncSource \(will sync [1-9]/);
    await bothEqual();
    await pair.kernel.adm(`secondary ${RESOURCE}`);
  });

  test('tsdrbd Primary without its disk: it reads and writes the kernel’s', async () => {
    await pair.ours.mustAdm('primary', RESOURCE);
    await pair.ours.io(['write -P 1 0 64k', 'flush']);
    await pair.ours.mustAdm('detach', `${RESOURCE}/0`);
    await pair.kernel.until(/ 0: cs:Connected .* ds:UpToDate\/Diskless/);
    await pair.ours.io(['read -P 1 0 64k', 'write -P 2 32k 64k', 'read -P 1 0 32k', 'read -P 2 32k 64k', 'flush']);
    await pair.ours.fio([
      ...['--rw=randwrite', '--bsrange=512-64k', '--blockalign=512', '--offset=1m', '--size=8m', '--io_size=4m'],
      ...['--iodepth=8', '--verify=crc32c', '--do_verify=1'],
    ]);
    await pair.ours.mustAdm('attach', `${RESOURCE}/0`);
    await pair.inSync();
    await bothEqual();
    await pair.ours.mustAdm('secondary', RESOURCE);
  });

  test('the kernel Primary without its disk: it reads and writes tsdrbd’s', async () => {
    await pair.kernel.adm(`primary ${RESOURCE}`);
    await pair.kernel.adm(`detach ${RESOURCE}/0`);
    await pair.ours.until('kernel Diskless', ({ peerDisk }) => peerDisk === 'Diskless');
    await pair.kernel.mustRun(
      'fio --name=load --filename=/dev/drbd0 --ioengine=libaio --direct=1 --rw=randwrite --bsrange=512-64k --blockalign=512 --offset=1m --size=8m --io_size=4m --iodepth=8 --verify=crc32c --do_verify=1',
    );
    await pair.kernel.adm(`attach ${RESOURCE}/0`);
    await pair.inSync();
    await bothEqual();
    await pair.kernel.adm(`secondary ${RESOURCE}`);
  });
});

describeKernelPeer('disks that grow', () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await Pair.start({ label: 'resize', kernelDiskBytes: 16 * MIB, ourDiskBytes: 16 * MIB });
    await pair.upInSync();
  }, PREPARE_TIMEOUT_MS);
  afterEach(() => pair.expectNoComplaints());
  afterAll(() => pair.end());

  const kernelSizeKib = async (): Promise<number> => Number(await pair.kernel.mustRun('cat /sys/block/drbd0/size')) / 2;

  test.each(['ours', 'kernel'] as const)('the command given on this side: %s', async (side) => {
    if (side === 'ours') await pair.ours.mustAdm('primary', RESOURCE);
    else await pair.kernel.adm(`primary ${RESOURCE}`);
    const { sizeKib: before } = await pair.ours.status();
    const sizeBytes = (side === 'ours' ? 24 : 32) * MIB;
    await pair.kernel.guest.growDisk(0, sizeBytes);
    pair.ours.setDiskSize(0, sizeBytes);
    if (side === 'ours') await pair.ours.mustAdm('resize', RESOURCE);
    else await pair.kernel.adm(`resize ${RESOURCE}`);
    const { sizeKib } = await pair.ours.until('grown', (seen) => seen.sizeKib >= before + 8 * 1024 - 64);
    expect(await kernelSizeKib()).toBe(sizeKib);
    await pair.inSync();
    expect(await pair.kernel.lastResync()).toEqual({
      role: side === 'ours' ? 'SyncTarget' : 'SyncSource',
      kib: sizeKib - before,
    });
    expect(await pair.differencesKib()).toEqual([]);

    const offsetKib = sizeKib - 64;
    if (side === 'ours') await pair.ours.io([`write -P 9 ${offsetKib}k 64k`, 'flush']);
    else await pair.kernel.mustRun(`dd if=/dev/urandom of=/dev/drbd0 bs=1k seek=${offsetKib} count=64 oflag=direct`);
    await pair.inSync();
    expect(await pair.differencesKib()).toEqual([]);
    await pair.ours.mustAdm('secondary', RESOURCE);
    await pair.kernel.adm(`secondary ${RESOURCE}`);
  });
});
