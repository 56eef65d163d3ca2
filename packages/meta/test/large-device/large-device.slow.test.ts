/**
 * create-md and dump-md on a device of nearly 16 TiB with 7 peers, beside drbdmeta 9.22: at most one and a half times its
 * time, plus a start of Node, and under 200 MiB. Wall time, the least of several runs in turn: what else the machine does
 * only adds to it, so there are more runs while it is too much. Where gigabytes are read the kernel's caches decide on
 * that, and the time of the processor is compared.
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
const ROUNDS_MIN = 5;
const ROUNDS_MAX = 50;
/** Nobody else's: drbdmeta keeps what it knows of a minor for the whole machine. */
const MINOR = 250;

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
  rmSync(`/var/lib/drbd/drbd-minor-${MINOR}.lkbd`, { force: true });
});

function makeEmpty(): void {
  writeFileSync(disk, '');
  truncateSync(disk, DEVICE_BYTES);
}

const ours = (...words: readonly string[]): Times => measured(process.execPath, PROGRAM, ...words);
const theirs = (...words: readonly string[]): Times => measured('drbdmeta', ...words);
const node = (): Times => measured(process.execPath, '-e', '0');

interface Times {
  readonly wallMs: number;
  /** User and system. */
  readonly processorMs: number;
}

/** A shell starts the program and takes the time: a start from here would take longer than the program. */
function measured(...command: readonly string[]): Times {
  const script = `TIMEFORMAT='%U %S'; out=$1; shift
    from=$EPOCHREALTIME; time "$@" >"$out" 2>&1 || exit; echo "$from $EPOCHREALTIME"`;
  const out = join(directory, 'output');
  // A file of certificates to read would double the time that Node takes to start.
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', out, ...command], {
    encoding: 'utf8',
    env: { ...env, LC_ALL: 'C', TSDRBD_RUN_DIR: directory, NODE_OPTIONS: '' },
  });
  if (status !== 0) throw new Error(`${command.join(' ')}: exit code ${status}: ${readFileSync(out, 'utf8')}`);
  const [fromS = NaN, toS = NaN] = stdout.trim().split(' ').map(Number);
  const [userS = NaN, systemS = NaN] = stderr.trim().split(' ').map(Number);
  return { wallMs: (toS - fromS) * 1000, processorMs: (userS + systemS) * 1000 };
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
  readonly ours: Times[];
  readonly theirs: Times[];
}
const pair = (): Pair => ({ ours: [], theirs: [] });
const least = (times: readonly Times[], of: keyof Times): number => Math.min(...times.map((each) => each[of]));

(canRun ? test : test.skip)(
  'create-md, and dump-md of metadata without and with a size',
  () => {
    const area = [`${MINOR}`, 'v09', loop, 'internal'];
    const [created, dumped, withBitmap] = [pair(), pair(), pair()];
    const starts: Times[] = [];
    const limit = (by: Pair, of: keyof Times): number => 1.5 * least(by.theirs, of) + least(starts, of);
    const holds = (by: Pair): boolean => least(by.ours, 'wallMs') <= limit(by, 'wallMs');
    for (let round = 0; round < ROUNDS_MIN || (round < ROUNDS_MAX && ![created, dumped].every(holds)); round++) {
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
    const shown = (what: string, by: Pair, of: keyof Times): string => {
      const [our, their, most] = [least(by.ours, of), least(by.theirs, of), limit(by, of)].map((ms) => ms.toFixed(1));
      return `${what} ${our} ms of at most ${most}, drbdmeta ${their} ms`;
    };
    console.info(
      [
        `node -e 0 ${least(starts, 'wallMs').toFixed(1)} ms`,
        shown('created', created, 'wallMs'),
        shown('dumped', dumped, 'wallMs'),
        shown('with bitmap (processor)', withBitmap, 'processorMs'),
        `${starts.length} rounds`,
      ].join('; '),
    );

    for (const by of [created, dumped]) expect(least(by.ours, 'wallMs')).toBeLessThanOrEqual(limit(by, 'wallMs'));
    expect(least(withBitmap.ours, 'processorMs')).toBeLessThanOrEqual(limit(withBitmap, 'processorMs'));
    expect(memoryOf(...area, 'dump-md')).toBeLessThan(MEMORY_MIB_MAX);
    expect(memoryOf('--force', ...area, 'create-md', '7')).toBeLessThan(MEMORY_MIB_MAX);
  },
  600_000,
);
