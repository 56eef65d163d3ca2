import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { CliIo } from '@tsdrbd/config';
import { SparseImage } from '../test/stories/sparse-image';
import { ProgressBar } from './progress-bar';
import { run } from './run';
import { realSystem } from './system';

function terminal({ isTTY = true, columns = 80 } = {}) {
  const screen = { text: '', nowMs: 0 };
  const io = {
    stdout: { isTTY, columns, write: (text: string) => void (screen.text += text) },
    now: () => screen.nowMs,
  } as unknown as CliIo;
  return { screen, io };
}

test('is drawn while it takes long, and wiped', () => {
  const { screen, io } = terminal();
  const bar = new ProgressBar(io, 1000);
  screen.nowMs = 600;
  bar.advance(250);
  expect(screen.text).toBe(`\r[${'='.repeat(10)}>${' '.repeat(29)}]  25%`);
  screen.nowMs = 800;
  bar.advance(750);
  bar.end();
  expect(screen.text).toContain(`\r[${'='.repeat(40)}] 100%`);
  expect(screen.text.endsWith(`\r${' '.repeat(47)}\r`)).toBe(true);
});

test('what is done at once, or written to a file, shows none', () => {
  for (const [isTTY, nowMs] of [
    [true, 400],
    [false, 9000],
  ] as const) {
    const { screen, io } = terminal({ isTTY });
    const bar = new ProgressBar(io, 1000);
    screen.nowMs = nowMs;
    bar.advance(500);
    bar.end();
    expect(screen.text).toBe('');
  }
});

test('fits the terminal', () => {
  for (const columns of [3, 10, 20, 47]) {
    const { screen, io } = terminal({ columns });
    const bar = new ProgressBar(io, 1000);
    screen.nowMs = 600;
    bar.advance(500);
    expect(screen.text.length - 1).toBeLessThanOrEqual(Math.max(columns, 4));
  }
});

/** On a slow disk: each look at the clock takes a second. */
describe('is drawn by what writes a lot', () => {
  let directory = '';
  beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), 'tsdrbdmeta-'))));
  afterEach(() => rmSync(directory, { recursive: true }));

  async function shownOn(isTTY: boolean, image: SparseImage, words: readonly string[]): Promise<string> {
    let shown = '';
    let nowMs = 0;
    const io: CliIo = {
      env: { TSDRBD_RUN_DIR: directory, TZ: 'UTC' },
      cwd: directory,
      stdin: Readable.from([]),
      stdout: { isTTY, columns: 60, write: (text: string) => void (shown += text) },
      stderr: { write: () => undefined },
      now: () => (nowMs += 1000),
    };
    const argv = ['--force', '7', 'v09', './disk', 'internal', ...words];
    const system = { ...realSystem(io), open: () => image.asDevice('./disk', 'block') };
    expect(await run(argv, io, system)).toBe(0);
    return shown;
  }

  const BAR = /\r\[=*> *\] +\d+%|\r\[=+\] 100%/;

  test.each([
    ['create-md', ['create-md', '1']],
    ['create-md that sets all bits', ['create-md', '1', '--initialize-bitmap=set-all']],
  ])('%s', async (_name, words) => {
    const image = () => new SparseImage(64 * 1024 ** 2);
    expect(await shownOn(true, image(), words)).toMatch(BAR);
    expect(await shownOn(false, image(), words)).not.toContain('\r');
  });

  test('restore-md', async () => {
    const from = new SparseImage(64 * 1024 ** 2);
    await shownOn(false, from, ['create-md', '1', '--effective-size=100000s']);
    writeFileSync(join(directory, 'dump'), await shownOn(false, from, ['dump-md']));
    expect(await shownOn(true, new SparseImage(64 * 1024 ** 2), ['restore-md', 'dump'])).toMatch(BAR);
  });

  test('check-resize that moves', async () => {
    const image = new SparseImage(64 * 1024 ** 2);
    await shownOn(false, image, ['create-md', '1']);
    image.resize(65 * 1024 ** 2);
    expect(await shownOn(true, image, ['check-resize'])).toMatch(BAR);
  });
});
