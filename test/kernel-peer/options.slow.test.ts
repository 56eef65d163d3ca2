/** Options of the connection: protocols A and B, integrity checks, authentication. */
import { RESOURCE } from '../../scripts/kernel-peer-tools/drbd-config';
import { PREPARE_TIMEOUT_MS, Pair, TEST_TIMEOUT_MS, describeKernelPeer } from './pair';

jest.setTimeout(TEST_TIMEOUT_MS);

const SECRET = { 'cram-hmac-alg': 'sha256', 'shared-secret': '"s3cret"' };

/** What both say where a connection is refused on purpose. */
const REFUSALS = [/authentication|auth|shared secret/i, /error receiving ReportProtocol, e: -5/, /incompatible/];

describeKernelPeer('options of the connection', () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await Pair.start({ label: 'options' });
    await pair.upInSync();
  }, PREPARE_TIMEOUT_MS);
  afterEach(() => pair.expectNoComplaints(REFUSALS));
  afterAll(() => pair.end());

  /** A new connection under these options; both nodes leave the old one first. */
  async function connectedWith(net: Record<string, string>, kernelNet: Record<string, string> = {}): Promise<void> {
    await pair.kernel.run(`drbdadm disconnect ${RESOURCE}`);
    await pair.ours.adm('disconnect', RESOURCE);
    await pair.adjust({ net, kernelNet });
  }

  async function loadInBothRoles(): Promise<void> {
    const words = ['--rw=randwrite', '--bsrange=512-64k', '--blockalign=512', '--size=16m', '--io_size=8m'];
    const verified = [...words, '--iodepth=16', '--verify=crc32c', '--do_verify=1'];
    await pair.ours.mustAdm('primary', RESOURCE);
    await pair.ours.fio(verified);
    await pair.ours.io(['flush', 'write -z 1M 64k', 'discard 2M 1M', 'write -f -P 3 4M 4k']);
    await pair.ours.mustAdm('secondary', RESOURCE);
    await pair.inSync();
    expect(await pair.differencesKib()).toEqual([]);
    await pair.kernel.adm(`primary ${RESOURCE}`);
    await pair.kernel.mustRun(
      `fio --name=load --filename=/dev/drbd0 --ioengine=libaio --direct=1 ${verified.join(' ')}`,
    );
    await pair.kernel.mustRun('blkdiscard -o 1048576 -l 1048576 /dev/drbd0; sync');
    await pair.kernel.adm(`secondary ${RESOURCE}`);
    await pair.inSync();
    expect(await pair.differencesKib()).toEqual([]);
  }

  test.each(['A', 'B'])('protocol %s', async (protocol) => {
    await connectedWith({ protocol });
    await pair.inSync();
    expect((await pair.kernel.proc()).protocol).toBe(protocol);
    await loadInBothRoles();
  });

  test('small epochs and buffers, bitmaps that are not compressed', async () => {
    await connectedWith({ 'max-epoch-size': '20', 'max-buffers': '32', 'use-rle': 'no', 'sndbuf-size': '32k' });
    await pair.inSync();
    await loadInBothRoles();
    await pair.kernel.adm(`primary ${RESOURCE}`);
    await pair.ours.mustAdm('disconnect', RESOURCE);
    await pair.kernel.mustRun(
      'for i in 1 3 5 7 9 11; do dd if=/dev/urandom of=/dev/drbd0 bs=4k seek=$((i * 100)) count=$i oflag=direct; done',
    );
    await pair.kernel.run(`drbdadm disconnect ${RESOURCE}`);
    await pair.forgetLogs();
    await pair.adjust({ net: { 'use-rle': 'no' } });
    await pair.inSync();
    expect(await pair.kernel.lastResync()).toEqual({ role: 'SyncSource', kib: 36 * 4 });
    expect(pair.ours.lastResync()).toEqual({ role: 'SyncTarget', kib: 36 * 4 });
    // The kernel gives these only where something was compressed.
    expect(await pair.kernel.dmesg()).not.toContain('bitmap stats');
    expect(await pair.differencesKib()).toEqual([]);
    await pair.kernel.adm(`secondary ${RESOURCE}`);
  });

  test('data-integrity-alg', async () => {
    await connectedWith({ 'data-integrity-alg': 'crc32c' });
    await pair.inSync();
    await loadInBothRoles();
    expect(await pair.kernel.mustRun('drbdsetup show')).toMatch(/data-integrity-alg\s+"crc32c"/);
    expect((await pair.ours.program('tsdrbdsetup', 'show')).stdout).toMatch(/data-integrity-alg\s+"?crc32c"?/);
  });

  test.each(['sha1', 'sha256', 'md5'])('authentication by %s', async (algorithm) => {
    await connectedWith({ ...SECRET, 'cram-hmac-alg': algorithm });
    await pair.inSync();
    expect(await pair.kernel.dmesg()).toContain('Peer authenticated using');
    await pair.ours.mustAdm('primary', RESOURCE);
    await pair.ours.io(['write -P 9 0 64k', 'flush']);
    await pair.ours.mustAdm('secondary', RESOURCE);
    await pair.inSync();
  });

  test('a wrong secret is refused by both', async () => {
    await connectedWith(SECRET, { 'shared-secret': '"another"' });
    await pair.kernel.until(/cs:StandAlone/);
    await pair.ours.until('StandAlone', ({ connection }) => connection === 'StandAlone');
    await connectedWith(SECRET);
    await pair.inSync();
  });

  test('options that differ are refused by both', async () => {
    await connectedWith({ protocol: 'C' }, { protocol: 'A' });
    await pair.kernel.until(/cs:StandAlone/);
    await pair.ours.until('StandAlone', ({ connection }) => connection === 'StandAlone');
    await connectedWith({});
    await pair.inSync();
  });
});
