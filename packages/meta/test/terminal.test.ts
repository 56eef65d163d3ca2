/** Questions on a real terminal: each answer is one read, and the program waits for the next one. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const program = join(__dirname, '../dist/tsdrbdmeta.cjs');
const isThere = spawnSync('script', ['--version']).status === 0;
let directory = '';
let disk = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tsdrbdmeta-terminal-'));
  disk = join(directory, 'disk');
  writeFileSync(disk, '');
  truncateSync(disk, 32 * 1024 * 1024);
  execFileSync(process.execPath, [program, '--force', '66', 'v09', disk, 'flex-external', 'create-md', '1'], {
    stdio: 'ignore',
    env: environment(),
  });
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const environment = (): NodeJS.ProcessEnv => ({ ...process.env, TSDRBD_RUN_DIR: directory });

/** script(1) gives the program a terminal, and types what it reads. */
function onTerminal(typed: string, ...argv: string[]) {
  const words = [process.execPath, program, ...argv].map((word) => `'${word}'`).join(' ');
  const { status, stdout } = spawnSync('script', ['-qec', words, '/dev/null'], {
    input: typed,
    encoding: 'utf8',
    env: environment(),
  });
  return { status, shown: stdout };
}

(isThere ? test : test.skip).each([
  ['no to both', 'no\nno\n', 1, /convert to v08\?[^]*with newly initialized v08 meta-data\?[^]*Operation cancelled\./],
  ['no because of the data', 'yes\nno\n', 1, /convert to v08\?[^]*proceed\?[^]*Operation canceled\./],
  [
    'replaced',
    'no\nyes\nyes\n',
    0,
    /newly initialized v08[^]*proceed\?[^]*New drbd meta data block successfully created/,
  ],
  ['converted', 'yes\nyes\n', 0, /convert to v08\?[^]*proceed\?[^]*Writing meta data/],
])('a conversion that asks more than once: %s', (_, typed, status, shown) => {
  const result = onTerminal(typed, '66', 'v08', disk, 'flex-external', 'create-md');
  expect(result.shown).toMatch(shown);
  expect(result.status).toBe(status);
});
