/** Shell scripts of drbd-utils, unchanged, that ask our programs for states: bash completion, and what its systemd units wait with. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pair } from '../nodes/support/pair';
import { ROOT, succeeds, testWith } from '../nodes/support/programs';
import { clientEnv, makeCompatLinks } from './compat-path';
import { StandIns } from './stand-ins';

const COMPLETION = '/usr/share/bash-completion/completions/drbdadm';
const testWithCompletion = existsSync(COMPLETION) ? testWith('bash') : test.skip;
const WAIT = '/usr/lib/drbd/scripts/drbd-wait-promotable.sh';
const testWithWait = existsSync(WAIT) ? testWith('bash') : test.skip;

let pair: Pair;
let ours: StandIns;
let original: StandIns;
beforeAll(async () => {
  await makeCompatLinks();
  pair = await Pair.running();
  ours = new StandIns(pair.configPath, join(ROOT, '.cache/bin-compat/drbdadm'));
  original = new StandIns(pair.configPath, '/usr/sbin/drbdadm');
});
afterAll(async () => {
  ours.remove();
  original.remove();
  await pair.end();
});

const PRESS_TAB = `
  . ${COMPLETION}
  read -ra COMP_WORDS <<<"$1"
  if [[ $1 = *' ' ]]; then COMP_WORDS+=(''); fi
  COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 )) COMP_LINE=$1
  _drbdadm
  echo "\${COMPREPLY[*]}"`;

/** What is offered at the end of this line. */
async function offered(line: string, { directory } = ours): Promise<string[]> {
  const env = clientEnv(pair.alice, directory);
  return (await succeeds('bash', ['--norc', '-c', PRESS_TAB, 'bash', line], { env })).trim().split(' ');
}

testWithCompletion(
  'commands, resources, resources in the state that a command is for, options of a command',
  async () => {
    expect(await offered('drbdadm di')).toEqual(['disk-options', 'disconnect']);
    expect(await offered('drbdadm adjust ')).toEqual(['r0', 'all']);
    // alice is Primary, connected and UpToDate.
    expect(await offered('drbdadm secondary ')).toEqual(['r0']);
    expect(await offered('drbdadm primary ')).toEqual(['']);
    expect(await offered('drbdadm verify r')).toEqual(['r0']);
    expect(await offered('drbdadm detach ')).toEqual(['r0']);
    expect(await offered('drbdadm attach ')).toEqual(['']);

    const options = await offered('drbdadm primary r0 --');
    expect(options).toContain('--force');
    expect(options).toEqual(await offered('drbdadm primary r0 --', original));
    expect(await offered('drbdadm primary --force r0 --')).not.toContain('--force');
  },
);

testWithWait('drbd-wait-promotable.sh ends when the other node is no longer Primary', async () => {
  const { alice, bob } = pair;
  // Its drbdsetup outlives it until there is something more to tell, and would hold a pipe open.
  const child = spawn(WAIT, ['r0'], { env: clientEnv(bob), stdio: 'ignore' });
  const waiting = new Promise((resolve) => child.once('exit', resolve));
  expect(await Promise.race([waiting, sleep(1000)])).toBeUndefined();
  await alice.does('secondary', 'r0');
  expect(await waiting).toBe(0);
});
