/** Fencing: a Primary that loses its peer has the peer's disk outdated, or waits; either node in either part. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RESOURCE } from '../../scripts/kernel-peer-tools/drbd-config';
import { FAST_RESYNC, PREPARE_TIMEOUT_MS, Pair, QUICK_DETECTION, TEST_TIMEOUT_MS, describeKernelPeer } from './pair';
import { until } from './until';

jest.setTimeout(TEST_TIMEOUT_MS);

/** Exit codes of fence-peer. Source: behaviour.md 8.2. */
const PEER_OUTDATED = 4;
const BROKEN = 1;

describeKernelPeer('fencing', () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await Pair.start({ label: 'fencing' });
    writeFileSync(
      ourHandler(),
      `#!/bin/sh\necho "$1" >>'${ourRecord()}'\nexit "$(cat '${ourExit()}' 2>/dev/null || echo 0)"\n`,
      { mode: 0o755 },
    );
    await policy('resource-only');
    await pair.upInSync();
  }, PREPARE_TIMEOUT_MS);
  // A handler that fails is what the last tests are about.
  afterEach(() => pair.expectNoComplaints([/fence-peer helper (?:broken, )?returned \d+/]));
  afterAll(() => pair.end());

  const ourHandler = (): string => join(pair.ours.directory, 'handler');
  const ourRecord = (): string => join(pair.ours.directory, 'handler-record');
  const ourExit = (): string => join(pair.ours.directory, 'handler-exit');

  const policy = (fencing: string): Promise<void> =>
    pair.configure({
      net: QUICK_DETECTION,
      disk: { ...FAST_RESYNC, fencing },
      handlers: { 'fence-peer': `"${ourHandler()} fence-peer"`, 'unfence-peer': `"${ourHandler()} unfence-peer"` },
    });

  /** What the handlers of both nodes answer from now on; their records begin anew. */
  async function handlersAnswer(exitCode: number): Promise<void> {
    writeFileSync(ourExit(), `${exitCode}\n`);
    rmSync(ourRecord(), { force: true });
    await pair.kernel.mustRun(`rm -f /run/helpers; echo ${exitCode} >/run/helper-exit`);
  }

  /** The link is joined again. All of a kernel's helpers answer the same: before-resync-target must not refuse. */
  async function heal(): Promise<void> {
    await handlersAnswer(0);
    await pair.room.healLink();
  }

  const ourHandlers = (): readonly string[] =>
    existsSync(ourRecord()) ? readFileSync(ourRecord(), 'utf8').trim().split('\n') : [];

  async function stonith(): Promise<void> {
    await policy('resource-and-stonith');
    await pair.kernel.adm(`adjust ${RESOURCE}`);
    await pair.ours.mustAdm('adjust', RESOURCE);
    await pair.inSync();
  }

  test('a Primary that disconnects outdates the other node, the kernel as Primary', async () => {
    await pair.kernel.adm(`primary ${RESOURCE}`);
    await pair.ours.until('peer Primary', ({ peerRole }) => peerRole === 'Primary');
    await pair.kernel.adm(`disconnect ${RESOURCE}`);
    await pair.kernel.until(/cs:StandAlone ro:Primary\/Unknown ds:UpToDate\/Outdated/);
    await pair.ours.until('outdated', ({ disk }) => disk === 'Outdated');
    await pair.kernel.adm(`connect ${RESOURCE}`);
    await pair.inSync();
    await pair.kernel.adm(`secondary ${RESOURCE}`);
  });

  test('a Primary that disconnects outdates the other node, tsdrbd as Primary', async () => {
    await pair.ours.mustAdm('primary', RESOURCE);
    await pair.kernel.until(/ro:Secondary\/Primary/);
    await pair.ours.mustAdm('disconnect', RESOURCE);
    await pair.ours.until('alone', ({ disk, peerDisk }) => disk === 'UpToDate' && peerDisk === 'Outdated');
    await pair.kernel.until(/ro:Secondary\/Unknown ds:Outdated\/DUnknown/);
    await pair.ours.mustAdm('connect', RESOURCE);
    await pair.inSync();
    await pair.ours.mustAdm('secondary', RESOURCE);
  });

  test('resource-only: a Primary goes on once its handler has outdated the peer, who cannot take over', async () => {
    await handlersAnswer(PEER_OUTDATED);
    await pair.ours.mustAdm('primary', RESOURCE);
    await pair.room.cutLink();
    await pair.ours.until('fenced', ({ peerDisk }) => peerDisk === 'Outdated');
    expect(ourHandlers()).toEqual(['fence-peer']);
    await pair.kernel.until(/cs:WFConnection/);
    await pair.kernel.adm(`outdate ${RESOURCE}`);
    const refused = await pair.kernel.run(`drbdadm primary ${RESOURCE}`);
    expect(refused.exitCode).not.toBe(0);
    await pair.ours.io(['write -P 7 0 16k', 'flush']);
    await heal();
    await pair.inSync();
    expect(pair.ours.lastResync()).toEqual({ role: 'SyncSource', kib: 16 });
    expect(await pair.differencesKib()).toEqual([]);
    await pair.ours.mustAdm('secondary', RESOURCE);
  });

  test('resource-only, the kernel as Primary', async () => {
    await handlersAnswer(PEER_OUTDATED);
    await pair.kernel.adm(`primary ${RESOURCE}`);
    await pair.room.cutLink();
    await pair.kernel.until(/cs:WFConnection ro:Primary\/Unknown ds:UpToDate\/Outdated/);
    expect(await pair.kernel.helpers()).toContain('fence-peer');
    await pair.ours.until('without the peer', ({ connection }) => connection === 'Connecting');
    expect((await pair.ours.program('tsdrbdsetup', 'outdate', '0')).exitCode).toBe(0);
    expect((await pair.ours.status()).disk).toBe('Outdated');
    const refused = await pair.ours.adm('primary', RESOURCE);
    expect(refused.exitCode).not.toBe(0);
    expect((await pair.ours.status()).role).toBe('Secondary');
    await pair.kernel.mustRun('dd if=/dev/urandom of=/dev/drbd0 bs=16k count=1 oflag=direct 2>/dev/null');
    await heal();
    await pair.inSync();
    expect(await pair.kernel.lastResync()).toEqual({ role: 'SyncSource', kib: 16 });
    expect(await pair.differencesKib()).toEqual([]);
    await pair.kernel.adm(`secondary ${RESOURCE}`);
  });

  test('resource-and-stonith, the handler fails: tsdrbd holds its writes until the kernel is back', async () => {
    await stonith();
    await handlersAnswer(BROKEN);
    await pair.ours.mustAdm('primary', RESOURCE);
    await pair.room.cutLink();
    await until(
      'the handler failed',
      () => Promise.resolve(pair.ours.log()),
      (log) => log.includes('fence-peer helper broken, returned 1'),
    );
    expect(ourHandlers()).toContain('fence-peer');
    let isWritten = false;
    const write = pair.ours.io(['write -P 9 64k 8k', 'flush']).then(() => (isWritten = true));
    await pair.kernel.until(/cs:WFConnection/);
    expect((await pair.ours.program('tsdrbdsetup', 'status')).stdout).toContain('suspended:fencing');
    expect(isWritten).toBe(false);
    await heal();
    await write;
    await pair.inSync();
    expect(await pair.differencesKib()).toEqual([]);
    await pair.ours.mustAdm('secondary', RESOURCE);
  });

  test('resource-and-stonith, the handler fails: the kernel holds its writes until tsdrbd is back', async () => {
    await handlersAnswer(BROKEN);
    await pair.kernel.adm(`primary ${RESOURCE}`);
    await pair.room.cutLink();
    await until(
      'the handler failed',
      () => pair.kernel.dmesg(),
      (log) => log.includes('fence-peer helper broken, returned 1'),
    );
    const write = pair.kernel.mustRun(
      'dd if=/dev/urandom of=/dev/drbd0 bs=8k seek=16 count=1 oflag=direct 2>/dev/null; echo >/run/written',
    );
    await pair.ours.until('without the peer', ({ connection }) => connection === 'Connecting');
    // s: I/O is suspended.
    await pair.kernel.until(/cs:WFConnection ro:Primary\/Unknown ds:UpToDate\/DUnknown C s/);
    expect((await pair.kernel.run('test -e /run/written')).exitCode).not.toBe(0);
    await heal();
    await write;
    await pair.inSync();
    expect(await pair.differencesKib()).toEqual([]);
    await pair.kernel.adm(`secondary ${RESOURCE}`);
  });
});
