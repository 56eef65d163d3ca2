/**
 * Waiting for a peer that does not come: which of the three timeouts counts, and what `wait-con-int` shows on a
 * terminal. The timeouts that must not count are minutes long.
 */
import { spawn, spawnSync } from 'node:child_process';
import { Pair } from './support/pair';
import { bundle } from './support/programs';

const TIMED_OUT = 5;
const FAR_SECONDS = 250;
const NEAR_SECONDS = 1;
/** Well below the far timeout, well above what a busy machine needs for the near one. */
const LIMIT_MS = 120_000;

jest.setTimeout(240_000);

let pair: Pair;
afterEach(() => pair.end());

/** Closes the handlers section of the pair's resource, so that another section can follow. */
const startup = (timeouts: string): { handlers: string } => ({ handlers: `} startup { ${timeouts}` });

async function expectTimeout(): Promise<void> {
  const startMs = performance.now();
  const { code, stderr } = await pair.alice.adm('wait-connect', 'r0');
  expect({ code, stderr }).toEqual({ code: TIMED_OUT, stderr: expect.not.stringContaining('terminated') });
  expect(performance.now() - startMs).toBeGreaterThan(NEAR_SECONDS * 1000);
  expect(performance.now() - startMs).toBeLessThan(LIMIT_MS);
}

test('wfc-timeout counts where the peer was there before', async () => {
  pair = await Pair.create(startup(`wfc-timeout ${NEAR_SECONDS};`));
  await pair.alice.does('create-md', 'r0');
  await pair.alice.does('up', 'r0');
  await expectTimeout();
  // What an init script calls: it is no error that the peer did not come.
  const { code, stderr } = await pair.alice.adm('wait-con-int');
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('WARN: stdin/stdout is not a TTY') });
});

test('degr-wfc-timeout counts after the crash of a Primary that had lost its peer', async () => {
  pair = await Pair.running(startup(`wfc-timeout ${FAR_SECONDS}; degr-wfc-timeout ${NEAR_SECONDS};`));
  const { alice, bob } = pair;
  await bob.does('down', 'r0');
  await alice.until('alone', (_, peer) => peer?.replicationState === 'Off');
  await alice.endEngine('SIGKILL');
  await alice.does('up', 'r0');
  await expectTimeout();
});

test('outdated-wfc-timeout counts where the peer was outdated', async () => {
  pair = await Pair.running({
    ...startup(`wfc-timeout ${FAR_SECONDS}; outdated-wfc-timeout ${NEAR_SECONDS}; degr-wfc-timeout ${FAR_SECONDS};`),
    net: 'fencing resource-only;',
  });
  const { alice, bob } = pair;
  await bob.does('disconnect', 'r0');
  await alice.until('fenced', (_, peer) => peer?.peerDiskState === 'Outdated');
  await alice.does('down', 'r0').catch(async () => {
    await alice.does('secondary', 'r0');
    await alice.does('down', 'r0');
  });
  await alice.does('up', 'r0');
  await expectTimeout();
});

const testOnTerminal = spawnSync('script', ['--version']).status === 0 ? test : test.skip;

testOnTerminal('on a terminal wait-con-int asks whether to go on, and ends with yes', async () => {
  pair = await Pair.create(startup(`wfc-timeout ${FAR_SECONDS};`));
  const { alice } = pair;
  await alice.does('create-md', 'r0');
  await alice.does('up', 'r0');
  const words = [process.execPath, bundle('tsdrbdadm'), '-c', pair.configPath, 'wait-con-int'];
  const terminal = spawn('script', ['-qec', words.join(' '), '/dev/null'], { env: alice.env });
  let shown = '';
  const asked = new Promise<void>((resolve) => {
    terminal.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString();
      if (shown.includes('[ -- ]: ')) resolve();
    });
  });
  const ended = new Promise<number | null>((resolve) => terminal.on('close', resolve));
  await asked;
  terminal.stdin.write('yes\n');
  expect(await ended).toBe(0);
  expect(shown).toContain(`is ${FAR_SECONDS} seconds. [wfc-timeout]`);
  expect(shown).toContain('\u001b[s\u001b[31G[  10]:\u001b[u');
});
