/** The manual pages and completions in the repository are what the tables say. REWRITE=1 writes them anew. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { optionTable } from '@tsdrbd/config/options';
import { COMMANDS } from '../commands/command-table';
import { bashCompletion, fishCompletion, zshCompletion } from './completions';
import { OPTION_TEXTS } from './option-texts';
import { tsdrbdConfPage } from './tsdrbd-conf-page';
import { tsdrbdadmPage } from './tsdrbdadm-page';

const ROOT = join(__dirname, '../../../..');
const BASH = 'packaging/completions/tsdrbdadm.bash';

it.each([
  ['docs/man/tsdrbdadm.8', tsdrbdadmPage],
  ['docs/man/tsdrbd.conf.5', tsdrbdConfPage],
  [BASH, bashCompletion],
  ['packaging/completions/_tsdrbdadm', zshCompletion],
  ['packaging/completions/tsdrbdadm.fish', fishCompletion],
])('%s is up to date', (path, make) => {
  if (process.env['REWRITE'] === '1') writeFileSync(join(ROOT, path), make());
  expect(readFileSync(join(ROOT, path), 'utf8')).toBe(make());
});

it('every option of the table has a text, and no other', () => {
  const names = Object.fromEntries(
    Object.entries(optionTable).map(([group, rows]) => [group, rows.map(({ name }) => name)]),
  );
  expect(Object.fromEntries(Object.entries(OPTION_TEXTS).map(([group, texts]) => [group, Object.keys(texts)]))).toEqual(
    names,
  );
});

it('the page names every command and every option', () => {
  const bare = (page: string) => page.replace(/\\-/g, '-');
  const [commands, options] = [bare(tsdrbdadmPage()), bare(tsdrbdConfPage())];
  expect(Object.keys(COMMANDS).filter((name) => !commands.includes(`\\fB${name}\\fP`))).toEqual([]);
  const rows = Object.values(optionTable).flat();
  expect(rows.filter(({ name }) => !options.includes(`\\fB${name}\\fP`))).toEqual([]);
});

const itWithGroff = spawnSync('groff', ['--version']).error === undefined ? it : it.skip;

itWithGroff.each(['tsdrbdadm.8', 'tsdrbd.conf.5'])('%s is laid out without a warning', (page) => {
  const { status, stderr } = spawnSync('groff', ['-man', '-Tutf8', '-ww', '-z', join(ROOT, 'docs/man', page)]);
  expect({ status, stderr: String(stderr) }).toEqual({ status: 0, stderr: '' });
});

it.each([
  ['tsdrbdadm adj', ['adjust', 'adjust-with-progress']],
  ['tsdrbdadm -c drbd.conf adjust --skip', ['--skip-disk', '--skip-net']],
  ['tsdrbdadm --dry', ['--dry-run']],
])('bash completes %j', (line, expected) => {
  const words = line.split(' ').map((word) => `'${word}'`);
  const script = `source ${join(ROOT, BASH)}; COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}
    compopt() { :; }; _tsdrbdadm; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
  expect(stdout.trim().split('\n').sort()).toEqual(expected);
});
