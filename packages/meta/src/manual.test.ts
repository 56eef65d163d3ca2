/** The manual page says all that the tables of commands and options say. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMMANDS } from './command-line/command-table';
import { COMMAND_FIRST_OPTIONS, OPTIONS, type OptionRow } from './command-line/options';
import { EXIT } from './meta-exit';

const PAGE = join(__dirname, '../../../docs/man/tsdrbdmeta.8');
const page = readFileSync(PAGE, 'utf8').replaceAll('\\-', '-');

/** From one heading to the next. */
function section(name: string): string {
  const text = page.split(/^\.SH /m).find((part) => part.startsWith(`${name}\n`));
  if (text === undefined) throw new Error(`no section ${name}`);
  return text;
}

/** Lines that name something, as `.B dstate` and `.BR outdate ", " invalidate`, without the words between. */
const named = (text: string): readonly string[] =>
  text
    .split('\n')
    .filter((line) => /^\.B[IR]? /.test(line))
    .flatMap((line) => line.replace(/\\f[BIRP]/g, ' ').match(/[\w-]+/g) ?? []);

test.each(Object.keys(COMMANDS))('the command %s', (name) => {
  expect(named(section('COMMANDS'))).toContain(name);
});

test.each<OptionRow>([...OPTIONS, ...COMMAND_FIRST_OPTIONS])('the option --$long', ({ long, short }) => {
  const names = named(section('OPTIONS'));
  expect(names).toContain(`--${long}`);
  if (short !== undefined) expect(names).toContain(`-${short}`);
});

test('no other option', () => {
  const known = new Set<string>([...OPTIONS, ...COMMAND_FIRST_OPTIONS].map(({ long }) => `--${long}`));
  const options = page.match(/(?<![\w-])--[a-z][\w-]+/gi) ?? [];
  expect(options.filter((option) => !known.has(option))).toEqual([]);
});

test('every exit code', () => {
  const numbers = new Set((section('EXIT STATUS').match(/^\.B ([\d, ]+)$/gm) ?? []).join().match(/\d+/g));
  const missing = Object.values(EXIT).filter((code) => !numbers.has(`${code}`));
  expect(missing).toEqual([]);
});

const withGroff = spawnSync('groff', ['--version']).error === undefined ? test : test.skip;

withGroff('is laid out without a warning', () => {
  const { status, stderr } = spawnSync('groff', ['-man', '-Tutf8', '-ww', '-z', PAGE], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
