/** drbdmon of drbd-utils, unchanged, in a terminal: it reads our events2. */
import { Pair } from '../nodes/support/pair';
import { testWith } from '../nodes/support/programs';
import { clientEnv, makeCompatLinks } from './compat-path';
import { Terminal } from './terminal';

jest.setTimeout(240_000);

let pair: Pair;
let terminal: Terminal | null = null;

beforeAll(async () => {
  await makeCompatLinks();
  pair = await Pair.running();
});
afterEach(async () => {
  await terminal?.close();
  terminal = null;
});
afterAll(() => pair.end());

const percent = (screen: string): number => Number(/(\d+\.\d\d)%/.exec(screen)?.[1] ?? NaN);

testWith('drbdmon', 'tmux')('drbdmon shows the resource, how a resync goes on, and its end', async () => {
  const { alice, bob } = pair;
  const rate = async (value: string): Promise<void> => {
    const { code, stderr } = await bob.program(
      'tsdrbdsetup',
      ...['peer-device-options', 'r0', '0', '0', `--resync-rate=${value}`],
    );
    expect({ code, stderr }).toMatchObject({ code: 0 });
  };
  await rate('1M');
  terminal = await Terminal.open('TERM=screen-256color exec drbdmon --ascii', clientEnv(bob));
  await terminal.until('the resource', (screen) => /RES: ?r0 +Secondary/.test(screen));
  // What is as it should be is short: + connected, * Primary.
  await terminal.until('the peer', (screen) => /\+\*alice/.test(screen));

  await bob.does('invalidate', 'r0');
  const first = await terminal.until('a resync', (screen) => /SyncTarget/.test(screen) && percent(screen) > 0);
  expect(first).toMatch(/0: +0 +Inconsistent/);
  expect(first).toMatch(/1 degraded/);
  // No state changes meanwhile.
  await terminal.until('progress', (screen) => percent(screen) > percent(first));

  await rate('200M');
  await bob.untilInSync();
  const synced = await terminal.until('the end', (screen) => !/SyncTarget|Inconsistent|%/.test(screen));
  expect(synced).not.toContain('degraded');

  await alice.endEngine('SIGKILL');
  await terminal.until('the lost peer', (screen) => /alice +Connecting/.test(screen));
  await bob.does('primary', 'r0');
  await terminal.until('the role', (screen) => /RES: ?r0 .*Primary/.test(screen));
  await bob.does('secondary', 'r0');
  await bob.does('down', 'r0');
  await terminal.until('nothing', (screen) => /Resources: +0/.test(screen) && !screen.includes('r0'));

  await terminal.press('q');
  await terminal.untilClosed();
});
