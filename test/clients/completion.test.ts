/** The bash completion of drbd-utils, unchanged, asks our programs for resources, their states, and the options of a command. */
import { existsSync } from 'node:fs';
import { Pair } from '../nodes/support/pair';
import { succeeds, testWith } from '../nodes/support/programs';
import { StandIns } from './stand-ins';

const COMPLETION = '/usr/share/bash-completion/completions/drbdadm';
const testWithCompletion = existsSync(COMPLETION) ? testWith('drbdadm', 'bash') : test.skip;

let pair: Pair;
let standIns: StandIns;
beforeAll(async () => {
  pair = await Pair.running();
  standIns = await StandIns.create(pair);
});
afterAll(async () => {
  standIns.remove();
  await pair.end();
});

/** What TAB at the end of the line offers, in alphabetical order. */
async function completions(line: string, program = standIns.drbdadm): Promise<string[]> {
  const script = `
    . ${COMPLETION}
    drbdadm() { ${program} "$@"; }
    read -ra COMP_WORDS <<<"$1"
    [[ $1 = *' ' ]] && COMP_WORDS+=('')
    COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 )) COMP_LINE=$1
    _drbdadm
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const env = standIns.envOf(pair.alice);
  const text = await succeeds('bash', ['--norc', '-c', script, 'completion', line], { env });
  return text.split('\n').filter((word) => word !== '').sort();
}

testWithCompletion('commands, resources and resources in a state that the command is for', async () => {
  expect(await completions('drbdadm new')).toEqual([]);
});
