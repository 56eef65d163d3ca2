/**
 * create-md and dump-md on a device of nearly 16 TiB with 7 peers, beside drbdmeta 9.22: at most one and a half times its
 * time, plus a start of Node, and under 200 MiB. Compared is the time of the processor, since the other one depends on what
 * else the machine does.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { attachLoop, detachLoop, diskDirectory, flushLoop, hasLoopDevices, isInstalled } from '../support/loop-device';

const canRun = hasLoopDevices && isInstalled('drbdmeta');
const PROGRAM = join(__dirname, '../../dist/tsdrbdmeta.cjs');

/** As large as ext4 lets a file be, but for a little. */
const DEVICE_BYTES = 16 * 1024 ** 4 - 1024 ** 2;
/** Nearly all of it is data that has been agreed on: the bitmap of 3.5 GiB counts, and is read. */
const AGREED_SECTORS = 34_000_000_000;
const MEMORY_MIB_MAX = 200;

let directory = '';
let disk = '';
let loop = '';

beforeEach(() => {
  directory = mkdtempSync(join(diskDirectory(), 'tsdrbdmeta-large-'));
  disk = join(directory, 'disk');
  makeEmpty();
  loop = attachLoop(disk);
});
afterEach(() => {
  detachLoop(loop);
  rmSync(directory, { recursive: true });
});

function makeEmpty(): void {
  writeFileSync(disk, '');
  truncateSync(disk, DEVICE_BYTES);
}

/** Milliseconds of the processor. */
const ours = (...words: readonly string[]): number => measured(process.execPath, PROGRAM, ...words);
const theirs = (...words: readonly string[]): number => measured('drbdmeta', ...words);
const node = (): number => measured(process.execPath, '-e', '0');

/** A shell waits for the program, so that it knows what its children have used. */
function measured(...command: readonly string[]): number {
  const script = 'TIMEFORMAT="%U %S"; out=$1; shift; time "$@" >"$out" 2>&1; exit $?';
  const out = join(directory, 'output');
  const { status, stderr } = spawnSync('bash', ['-c', script, 'bash', out, ...command], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C', TSDRBD_RUN_DIR: directory, NODE_OPTIONS: '' },
  });
  if (status !== 0) throw new Error(`${command.join(' ')}: exit code ${status}: ${readFileSync(out, 'utf8')}`);
  const [userSeconds = NaN, systemSeconds = NaN] = stderr.trim().split(' ').map(Number);
  return Math.round((userSeconds + systemSeconds) * 1000);
}

/** The largest resident size, told by a module that is loaded before the program. */
function memoryOf(...words: readonly string[]): number {
  const probe = join(directory, 'probe.cjs');
  const result = join(directory, 'memory');
  const script = `process.on('exit', () => require('fs').writeFileSync(${JSON.stringify(result)}, String(process.resourceUsage().maxRSS)))`;
  writeFileSync(probe, script);
  measured(process.execPath, '--require', probe, PROGRAM, ...words);
  return Number(readFileSync(result, 'utf8')) / 1024;
}

interface Pair {
  readonly ours: number[];
  readonly theirs: number[];
}
const pair = (): Pair => ({ ours: [], theirs: [] });
const smallest = (times: readonly number[]): number => Math.min(...times);

(canRun ? test : test.skip)(
  'create-md, and dump-md of metadata without and with a size',
  () => {
    const area = ['-', 'v09', loop, 'internal'];
    const [created, dumped, withBitmap] = [pair(), pair(), pair()];
    const starts: number[] = [];
    for (let round = 0; round < 5; round++) {
      for (const [who, run] of [['ours', ours] as const, ['theirs', theirs] as const]) {
        makeEmpty();
        flushLoop(loop);
        created[who].push(run(...area, 'create-md', '7'));
        dumped[who].push(run(...area, 'dump-md'));
      }
      starts.push(node());
    }
    ours('--force', ...area, 'create-md', '7', `--effective-size=${AGREED_SECTORS}s`);
    for (let round = 0; round < 2; round++) {
      flushLoop(loop);
      withBitmap.theirs.push(theirs(...area, 'dump-md'));
      flushLoop(loop);
      withBitmap.ours.push(ours(...area, 'dump-md'));
    }
    const start = smallest(starts);
    const results = Object.entries({ created, dumped, withBitmap }).map(
      ([what, by]) => `${what} ${smallest(by.ours)} ms, drbdmeta ${smallest(by.theirs)} ms`,
    );
    console.info(`processor: node -e 0 ${start} ms; ${results.join('; ')}`);

    expect(smallest(withBitmap.ours)).toBeLessThan(1.5 * smallest(withBitmap.theirs) + start);
    // Where the original needs no more than a few milliseconds, what remains is loading our program: a fifth of Node's own
    // start, a third where the library for system calls is loaded as well.
    for (const { ours, theirs } of [created, dumped]) {
      expect(smallest(ours)).toBeLessThan(1.5 * smallest(theirs) + 1.6 * start);
    }
    expect(memoryOf(...area, 'dump-md')).toBeLessThan(MEMORY_MIB_MAX);
    expect(memoryOf('--force', ...area, 'create-md', '7')).toBeLessThan(MEMORY_MIB_MAX);
  },
  600_000,
);
