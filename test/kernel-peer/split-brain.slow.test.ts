/** Split brain on purpose: both sides find it, and every policy ends as the kernel's decision says. */
import { RESOURCE } from '../../scripts/kernel-peer-tools/drbd-config';
import { PREPARE_TIMEOUT_MS, Pair, TEST_TIMEOUT_MS, describeKernelPeer } from './pair';

jest.setTimeout(TEST_TIMEOUT_MS);

type Side = 'kernel' | 'ours';

interface Story {
  readonly net: Readonly<Record<string, string>>;
  /** What the kernel's configuration has instead. */
  readonly kernelNet?: Readonly<Record<string, string>>;
  /** Who writes alone, in this order, and how many blocks of 4 KiB. */
  readonly writes: readonly (readonly [side: Side, blockCount: number])[];
  /** Who stays Primary until the connect. */
  readonly primaries?: readonly Side[];
}

const OTHER = { kernel: 'ours', ours: 'kernel' } as const;

describeKernelPeer('split brain', () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await Pair.start({ label: 'split' });
    await pair.upInSync();
  }, PREPARE_TIMEOUT_MS);
  // Both say what they found; the other is the kernel's last word when the handshake ends unresolved.
  afterEach(() => pair.expectNoComplaints([/Split-Brain detected/, /error receiving ReportState, e: -5 l: 0/]));
  afterAll(() => pair.end());

  const primary = async (side: Side): Promise<unknown> =>
    side === 'kernel' ? pair.kernel.adm(`primary ${RESOURCE}`) : pair.ours.mustAdm('primary', RESOURCE);
  const secondary = async (side: Side): Promise<unknown> =>
    side === 'kernel' ? pair.kernel.adm(`secondary ${RESOURCE}`) : pair.ours.mustAdm('secondary', RESOURCE);

  /** Both write alone; returns when both look for each other again. */
  async function split({ net, kernelNet, writes, primaries = [] }: Story): Promise<void> {
    await pair.kernel.adm(`disconnect ${RESOURCE}`);
    await pair.ours.mustAdm('disconnect', RESOURCE);
    await pair.configure({ net, kernelNet });
    for (const [side, blockCount] of writes) {
      await primary(side);
      if (side === 'kernel') {
        await pair.kernel.mustRun(
          `dd if=/dev/urandom of=/dev/drbd0 bs=4k seek=1024 count=${blockCount} oflag=direct 2>/dev/null; true`,
        );
      } else if (blockCount > 0) {
        await pair.ours.io([`write -P ${(seed = (seed % 250) + 1)} 8M ${blockCount * 4}k`, 'flush']);
      }
      if (!primaries.includes(side)) await secondary(side);
    }
    await pair.kernel.mustRun('rm -f /run/helpers');
    await pair.forgetLogs();
    await pair.kernel.adm(`adjust ${RESOURCE}`);
    await pair.ours.mustAdm('adjust', RESOURCE);
  }
  let seed = 0;

  /** The disk of `source` won: both are equal, and the announcements agree. */
  async function resolvedBy(source: Side, kib: number): Promise<void> {
    await pair.inSync();
    const roles = { [source]: 'SyncSource', [OTHER[source]]: 'SyncTarget' };
    expect(pair.ours.lastResync()).toEqual({ role: roles['ours'], kib });
    expect(await pair.kernel.lastResync()).toEqual({ role: roles['kernel'], kib });
    expect(await pair.differencesKib()).toEqual([]);
    for (const side of ['kernel', 'ours'] as const) await secondary(side);
  }

  /** Nobody won: both are alone with their data. `discard-my-data` on one side ends it. */
  async function unresolved(): Promise<void> {
    await pair.kernel.until(/cs:StandAlone/);
    await pair.ours.until('StandAlone', ({ connection }) => connection === 'StandAlone');
    expect(await pair.kernel.helpers()).toEqual(expect.arrayContaining(['initial-split-brain', 'split-brain']));
    expect(pair.ours.log()).toMatch(/Split-Brain detected/i);
    expect(await pair.differencesKib()).not.toEqual([]);
    for (const side of ['kernel', 'ours'] as const) await secondary(side);
  }

  async function discardOn(victim: Side): Promise<void> {
    const discard = `-- --discard-my-data connect ${RESOURCE}`;
    if (victim === 'kernel') {
      await pair.kernel.adm(discard);
      await pair.ours.mustAdm('connect', RESOURCE);
    } else {
      await pair.kernel.adm(`connect ${RESOURCE}`);
      await pair.ours.mustAdm('connect', '--discard-my-data', RESOURCE);
    }
  }

  test('without a policy: both find it and stay alone; tsdrbd discards its data', async () => {
    await split({
      net: {},
      writes: [
        ['kernel', 2],
        ['ours', 3],
      ],
    });
    await unresolved();
    await discardOn('ours');
    await resolvedBy('kernel', 20);
  });

  test('without a policy, the kernel discards its data', async () => {
    await split({
      net: {},
      writes: [
        ['kernel', 2],
        ['ours', 3],
      ],
    });
    await unresolved();
    await discardOn('kernel');
    await resolvedBy('ours', 20);
  });

  test.each<[policy: string, first: Side, source: Side]>([
    ['discard-younger-primary', 'ours', 'ours'],
    ['discard-older-primary', 'kernel', 'ours'],
  ])('after-sb-0pri %s, %s was Primary when the link went: %s wins', async (policy, first, source) => {
    await primary(first);
    await split({
      net: { 'after-sb-0pri': policy },
      writes: [
        [first, 1],
        [OTHER[first], 4],
      ],
    });
    await resolvedBy(source, 20);
  });

  test.each<[kernelBlocks: number, ourBlocks: number, source: Side, kib: number]>([
    [2, 6, 'ours', 32],
    [5, 1, 'kernel', 24],
  ])('after-sb-0pri discard-least-changes, %d and %d blocks: %s wins', async (kernelBlocks, ourBlocks, source, kib) => {
    await split({
      net: { 'after-sb-0pri': 'discard-least-changes' },
      writes: [
        ['kernel', kernelBlocks],
        ['ours', ourBlocks],
      ],
    });
    await resolvedBy(source, kib);
  });

  test('after-sb-0pri discard-local here is discard-remote there', async () => {
    await split({
      net: { 'after-sb-0pri': 'discard-local' },
      kernelNet: { 'after-sb-0pri': 'discard-remote' },
      writes: [
        ['kernel', 1],
        ['ours', 4],
      ],
    });
    await resolvedBy('kernel', 20);
    await split({
      net: { 'after-sb-0pri': 'discard-remote' },
      kernelNet: { 'after-sb-0pri': 'discard-local' },
      writes: [
        ['kernel', 4],
        ['ours', 1],
      ],
    });
    await resolvedBy('ours', 20);
  });

  test('after-sb-0pri discard-zero-changes: the side that wrote nothing is the victim', async () => {
    await split({
      net: { 'after-sb-0pri': 'discard-zero-changes' },
      writes: [
        ['kernel', 0],
        ['ours', 4],
      ],
    });
    await resolvedBy('ours', 16);
    await split({
      net: { 'after-sb-0pri': 'discard-zero-changes' },
      writes: [
        ['kernel', 3],
        ['ours', 0],
      ],
    });
    await resolvedBy('kernel', 12);
  });

  test('after-sb-0pri discard-zero-changes, both wrote: unresolved', async () => {
    await split({
      net: { 'after-sb-0pri': 'discard-zero-changes' },
      writes: [
        ['kernel', 1],
        ['ours', 1],
      ],
    });
    await unresolved();
    await discardOn('ours');
    await resolvedBy('kernel', 8);
  });

  test('after-sb-1pri discard-secondary: the Primary wins, with fewer changes too', async () => {
    const net = { 'after-sb-1pri': 'discard-secondary' };
    await split({
      net,
      writes: [
        ['kernel', 4],
        ['ours', 1],
      ],
      primaries: ['ours'],
    });
    await resolvedBy('ours', 20);
    await split({
      net,
      writes: [
        ['kernel', 1],
        ['ours', 4],
      ],
      primaries: ['kernel'],
    });
    await resolvedBy('kernel', 20);
  });

  test('after-sb-1pri violently-as0p: as with no Primary, when the Secondary is the victim', async () => {
    const net = { 'after-sb-0pri': 'discard-least-changes', 'after-sb-1pri': 'violently-as0p' };
    await split({
      net,
      writes: [
        ['kernel', 4],
        ['ours', 1],
      ],
      primaries: ['kernel'],
    });
    await resolvedBy('kernel', 20);
  });

  test('after-sb-1pri consensus: resolved when 0pri agrees that the Secondary loses', async () => {
    const net = { 'after-sb-0pri': 'discard-least-changes', 'after-sb-1pri': 'consensus' };
    await split({
      net,
      writes: [
        ['kernel', 1],
        ['ours', 4],
      ],
      primaries: ['ours'],
    });
    await resolvedBy('ours', 20);
    await split({
      net,
      writes: [
        ['kernel', 4],
        ['ours', 1],
      ],
      primaries: ['ours'],
    });
    await unresolved();
    await discardOn('ours');
    await resolvedBy('kernel', 20);
  });

  /** A victim that is Primary and may not become target: it stays alone, the other looks for it again. */
  async function victimLeaves(victim: Side): Promise<void> {
    if (victim === 'kernel') {
      await pair.kernel.until(/cs:StandAlone ro:Primary/);
      await pair.ours.until('looking for the peer', ({ connection }) => connection === 'Connecting');
    } else {
      await pair.ours.until('StandAlone', ({ connection, role }) => connection === 'StandAlone' && role === 'Primary');
      await pair.kernel.until(/cs:WFConnection/);
    }
    for (const side of ['kernel', 'ours'] as const) await secondary(side);
    await pair.kernel.run(`drbdadm disconnect ${RESOURCE}`);
    await pair.ours.adm('disconnect', RESOURCE);
    await discardOn(victim);
  }

  test('after-sb-1pri call-pri-lost-after-sb: the victim, being Primary, leaves', async () => {
    const net = { 'after-sb-0pri': 'discard-least-changes', 'after-sb-1pri': 'call-pri-lost-after-sb' };
    await split({
      net,
      writes: [
        ['kernel', 1],
        ['ours', 4],
      ],
      primaries: ['kernel'],
    });
    await victimLeaves('kernel');
    await resolvedBy('ours', 20);
    await split({
      net,
      writes: [
        ['kernel', 4],
        ['ours', 1],
      ],
      primaries: ['ours'],
    });
    await victimLeaves('ours');
    await resolvedBy('kernel', 20);
  });

  test.each(['call-pri-lost-after-sb', 'violently-as0p'])('after-sb-2pri %s: the victim leaves', async (policy) => {
    const net = {
      'allow-two-primaries': 'yes',
      'after-sb-0pri': 'discard-least-changes',
      'after-sb-2pri': policy,
    };
    await split({
      net,
      writes: [
        ['kernel', 4],
        ['ours', 1],
      ],
      primaries: ['kernel', 'ours'],
    });
    await victimLeaves('ours');
    await resolvedBy('kernel', 20);
    await split({
      net,
      writes: [
        ['kernel', 1],
        ['ours', 4],
      ],
      primaries: ['kernel', 'ours'],
    });
    await victimLeaves('kernel');
    await resolvedBy('ours', 20);
  });
});
