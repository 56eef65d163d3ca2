/** The completions in the shells they are for; fish is asked as by its Tab key, bash and zsh call the function with the words. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

jest.setTimeout(120_000);

const COMPLETIONS = join(__dirname, '../../../packaging/completions');

/** A tsdrbdadm that knows the resources of two configurations. */
const PROGRAM = `#!/bin/sh
case "$*" in
  "-c other.conf sh-resources") echo s0; echo s1 ;;
  sh-resources) echo r0; echo r1 ;;
  *) exit 1 ;;
esac
`;

const directory = mkdtempSync(join(tmpdir(), 'tsdrbdadm-completions-'));
beforeAll(() => {
  writeFileSync(join(directory, 'tsdrbdadm'), PROGRAM);
  chmodSync(join(directory, 'tsdrbdadm'), 0o755);
  writeFileSync(join(directory, 'other.conf'), '');
});
afterAll(() => rmSync(directory, { recursive: true }));

type Shell = 'bash' | 'fish' | 'zsh';

/** What the shell offers for a line, in its order. */
function offered(shell: Shell, line: string): string[] {
  const scripts: Readonly<Record<Shell, readonly string[]>> = {
    bash: ['--norc', '-c', BASH],
    fish: ['--no-config', '-c', `source ${COMPLETIONS}/tsdrbdadm.fish; complete -C '${line}'`],
    zsh: ['-f', '-c', ZSH],
  };
  const env = {
    ...process.env,
    PATH: `${directory}:${process.env['PATH']}`,
    HOME: directory,
    LC_ALL: 'C.UTF-8',
    COMPLETIONS,
    LINE: line,
    WORD_COUNT: String(line.split(' ').length - 1),
  };
  const text = execFileSync(shell, scripts[shell], { cwd: directory, env, encoding: 'utf8', timeout: 60_000 });
  // fish shows what a command does behind a tab.
  return text.split('\n').flatMap((each) => (each === '' ? [] : [each.replace(/\t.*/, '')]));
}

const BASH = `source "$COMPLETIONS/tsdrbdadm.bash"; compopt() { :; }
COMP_WORDS=($LINE); COMP_CWORD=$WORD_COUNT; _tsdrbdadm; printf '%s\\n' "\${COMPREPLY[@]}"`;

/** What the completion hands to zsh's own functions, cut down to what begins with the word as zsh would. */
const ZSH = `compadd() { while [[ $1 == -* ]]; do [[ $1 == -- ]] && { shift; break; }; [[ $1 == -S ]] && shift; shift; done; print -l -- "$@"; }
_describe() { print -l -- \${\${(P)2}%%:*}; }
_files() { print -l -- *(N); }
words=("\${(@s: :)LINE}"); CURRENT=$#words; PREFIX=$words[-1]
offers=("\${(@f)$(source "$COMPLETIONS/_tsdrbdadm")}")
print -l -- \${(M)offers:#$PREFIX*}
`;

describe.each(['bash', 'fish', 'zsh'] as const)('%s', (shell) => {
  const itWithShell = spawnSync(shell, ['--version']).error === undefined ? it : it.skip;

  itWithShell.each([
    ['tsdrbdadm adj', ['adjust', 'adjust-with-progress']],
    ['tsdrbdadm hel', ['help']],
    ['tsdrbdadm help wait-con-', ['wait-con-int']],
    ['tsdrbdadm -c other.conf adjust --skip', ['--skip-disk', '--skip-net']],
    ['tsdrbdadm --dry', ['--dry-run']],
    ['tsdrbdadm down ', ['all', 'r0', 'r1']],
    ['tsdrbdadm -c other.conf down s', ['s0', 's1']],
    ['tsdrbdadm -c oth', ['other.conf']],
  ])('completes %j', (line, expected) => expect(offered(shell, line).sort()).toEqual(expected));
});
