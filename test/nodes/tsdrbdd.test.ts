/** The engine's own command line, for those who run it by hand or write a unit for it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { bundle, run, testWith, type Outcome } from './support/programs';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tsdrbd-tsdrbdd-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const tsdrbdd = (...argv: string[]): Promise<Outcome> => run(process.execPath, [bundle('tsdrbdd'), ...argv]);

test('help names every option and variable; the version is there', async () => {
  const help = await tsdrbdd('--help');
  expect(help).toMatchObject({ code: 0, stderr: '' });
  for (const word of ['--run-dir', '--settings', 'TSDRBD_RUN_DIR', 'TSDRBD_INI', 'TSDRBD_HANDLER', 'foreground'])
    expect(help.stdout).toContain(word);
  expect(await tsdrbdd('--version')).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^tsdrbdd \d+\.\d+\.\d+\n$/),
    stderr: '',
  });
});

test.each([[['--rundir=/a']], [['start']], [['--run-dir']], [['--run-dir', '/a', 'more']]])(
  '%j: said what is wrong, and nothing is run',
  async (argv) => {
    expect(await tsdrbdd(...argv)).toEqual({
      code: 20,
      stdout: '',
      stderr: expect.stringMatching(/^tsdrbdd: (Unknown argument|Not enough arguments).*\n\(tsdrbdd --help\)\n$/),
    });
  },
);

/** Started, told to end, and what it said. */
async function lifeOf(program: string, argv: readonly string[]): Promise<string> {
  const engine = spawn(program, argv, { env: { ...process.env, TSDRBD_RUN_DIR: undefined, TSDRBD_INI: undefined } });
  let text = '';
  await new Promise<void>((resolve, reject) => {
    engine.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('started')) resolve();
    });
    engine.once('exit', (code) => reject(new Error(`ended at once, exit code ${code}: ${text}`)));
  });
  const ended = new Promise((resolve) => engine.removeAllListeners('exit').once('close', resolve));
  process.kill(Number(/"?pid"?:(\d+)/.exec(text)?.[1]), 'SIGTERM');
  await ended;
  return text;
}

test('run directory and settings from the command line', async () => {
  const settings = join(directory, 'settings.ini');
  writeFileSync(settings, '[log]\nlevel = debug\n');
  const argv = [bundle('tsdrbdd'), '--run-dir', join(directory, 'run'), '--settings', settings];
  const entries = (await lifeOf(process.execPath, argv)).trim().split('\n');
  expect(JSON.parse(entries[0] ?? '')).toMatchObject({
    subject: 'tsdrbdd',
    runDir: join(directory, 'run'),
    msg: 'started',
  });
  expect(JSON.parse(entries.at(-1) ?? '')).toMatchObject({ msg: 'SIGTERM: stopping' });
});

testWith('script')('on a terminal the log is for people', async () => {
  const command = `${process.execPath} ${bundle('tsdrbdd')} --run-dir ${join(directory, 'run')}`;
  const text = await lifeOf('script', ['-qec', command, '/dev/null']);
  expect(text).toMatch(/\d\d:\d\d:\d\d\.\d{3}.* .*tsdrbdd.* started/);
  expect(text).not.toContain('"level"');
});
