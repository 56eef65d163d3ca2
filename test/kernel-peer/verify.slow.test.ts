/** Online verify from either side, and checksum-based resync: planted differences, all of them and nothing else. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { RESOURCE } from '../../scripts/kernel-peer-tools/drbd-config';
import { MIB, PREPARE_TIMEOUT_MS, Pair, TEST_TIMEOUT_MS, describeKernelPeer } from './pair';
import { until } from './until';

jest.setTimeout(TEST_TIMEOUT_MS);

const BLOCK_BYTES = 4096;

describeKernelPeer('verify and checksum-based resync', () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await Pair.start({
      label: 'verify',
      kernelDiskBytes: 16 * MIB,
      ourDiskBytes: 16 * MIB,
      net: { 'verify-alg': 'sha1' },
    });
    pair.fillKernelDisk(1);
    pair.fillOurDisk(1);
    await pair.upInSync();
  }, PREPARE_TIMEOUT_MS);
  afterEach(() => pair.expectNoComplaints([/Online verify found/]));
  afterAll(() => pair.end());

  /** Below DRBD: one node's disk changes, and nobody is told. */
  function plant(side: 'kernel' | 'ours', blocks: readonly number[]): void {
    const fd = openSync(side === 'ours' ? pair.ours.diskPath(0) : pair.kernel.guest.diskPath(0), 'r+');
    for (const block of blocks) writeSync(fd, Buffer.alloc(BLOCK_BYTES, 0xdd), 0, BLOCK_BYTES, block * BLOCK_BYTES);
    closeSync(fd);
  }

  async function verifiedBy(side: 'kernel' | 'ours'): Promise<void> {
    await pair.forgetLogs();
    if (side === 'kernel') await pair.kernel.adm(`verify ${RESOURCE}`);
    else await pair.ours.mustAdm('verify', RESOURCE);
    await until(
      'the kernel’s verify is over',
      () => pair.kernel.dmesg(),
      (text) => /Online verify done/.test(text),
      60_000,
    );
    await pair.kernel.until(/cs:Connected/);
    await pair.ours.until('Established', ({ replication }) => replication === 'Established');
  }

  async function reconnected(): Promise<void> {
    await pair.kernel.adm(`disconnect ${RESOURCE}`);
    await pair.kernel.adm(`connect ${RESOURCE}`);
    await pair.inSync();
  }

  test('equal disks: a verify from either side finds nothing', async () => {
    for (const side of ['ours', 'kernel'] as const) {
      await verifiedBy(side);
      expect((await pair.kernel.proc()).oosKib).toBe(0);
      expect((await pair.ours.status()).oosKib).toBe(0);
    }
  });

  test('started by tsdrbd: both find the planted blocks, and the resync repairs exactly them', async () => {
    await pair.kernel.adm(`primary ${RESOURCE}`);
    plant('ours', [10, 11, 300, 4000]);
    await verifiedBy('ours');
    expect((await pair.kernel.proc()).oosKib).toBe(16);
    expect((await pair.ours.status()).oosKib).toBe(16);
    expect(pair.ours.log()).toMatch(/Online verify found 4 4k blocks? out of sync/);
    await reconnected();
    expect(pair.ours.lastResync()).toEqual({ role: 'SyncTarget', kib: 16 });
    expect(await pair.differencesKib()).toEqual([]);
    await pair.kernel.adm(`secondary ${RESOURCE}`);
  });

  test('started by the kernel: both find the planted blocks, and the resync repairs exactly them', async () => {
    await pair.ours.mustAdm('primary', RESOURCE);
    plant('kernel', [0, 511, 512, 4060]);
    await verifiedBy('kernel');
    expect((await pair.kernel.proc()).oosKib).toBe(16);
    expect((await pair.ours.status()).oosKib).toBe(16);
    expect(await pair.kernel.dmesg()).toMatch(/Online verify found 4 4k blocks? out of sync/);
    await pair.ours.mustAdm('disconnect', RESOURCE);
    await pair.kernel.adm(`disconnect ${RESOURCE}`);
    await pair.kernel.adm(`connect ${RESOURCE}`);
    await pair.ours.mustAdm('connect', RESOURCE);
    await pair.inSync();
    expect(await pair.kernel.lastResync()).toEqual({ role: 'SyncTarget', kib: 16 });
    expect(await pair.differencesKib()).toEqual([]);
    await pair.ours.mustAdm('secondary', RESOURCE);
  });

  test('with csums-alg, tsdrbd as target asks by checksum and gets only what differs', async () => {
    await pair.adjust({ net: { 'verify-alg': 'sha1', 'csums-alg': 'crc32c' } });
    await pair.inSync();
    plant('ours', [100, 3000]);
    const before = await pair.ours.status();
    await pair.ours.mustAdm('invalidate', RESOURCE);
    await pair.inSync();
    const after = await pair.ours.status();
    expect(pair.ours.lastResync()).toEqual({ role: 'SyncTarget', kib: after.sizeKib });
    // A request is up to 1 MiB wide, and goes as a whole when a block of it differs.
    expect(after.receivedKib - before.receivedKib).toBeLessThanOrEqual(2 * 1024);
    expect(after.receivedKib - before.receivedKib).toBeGreaterThanOrEqual(8);
    expect(await pair.differencesKib()).toEqual([]);
  });

  test('with csums-alg, the kernel as target gets only what differs', async () => {
    plant('kernel', [200, 3500]);
    const before = await pair.ours.status();
    await pair.kernel.adm(`invalidate ${RESOURCE}`);
    await pair.inSync();
    const after = await pair.ours.status();
    expect(await pair.kernel.lastResync()).toEqual({ role: 'SyncTarget', kib: after.sizeKib });
    expect(await pair.kernel.dmesg()).toMatch(/had equal checksums, eliminated: \d+K; transferred (?:1024|2048)K/);
    expect(after.sentKib - before.sentKib).toBeLessThanOrEqual(2 * 1024);
    expect(after.sentKib - before.sentKib).toBeGreaterThanOrEqual(8);
    expect(await pair.differencesKib()).toEqual([]);
  });
});
