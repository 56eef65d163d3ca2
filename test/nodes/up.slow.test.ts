/**
 * What `up` of a resource with two volumes and three nodes costs, and `adjust` when nothing is to be done, times what it
 * costs to start Node at all: at most 3. Processor time, since the other depends on what else the machine does; the
 * engine's own is not theirs. The least of several medians counts, for the same reason.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestNode } from './support/node';
import { bundle } from './support/programs';

const RATIO_MAX = 3;
const RUNS = 4;
const ROUNDS_PER_RUN = 5;
const DISK_BYTES = 64 * 1024 * 1024;

const directory = mkdtempSync(join(tmpdir(), 'tsdrbd-up-'));
const configPath = join(directory, 'drbd.conf');
let alice: TestNode | undefined;
afterAll(async () => {
  await alice?.endEngine('SIGKILL');
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
});

test('what up and adjust of two volumes on three nodes cost beside `node -e 0`', async () => {
  alice = new TestNode({ name: 'alice', directory, configPath, diskBytes: DISK_BYTES });
  const disks = [alice.diskPath, join(directory, 'second')];
  writeFileSync(disks[1] ?? '', '');
  truncateSync(disks[1] ?? '', DISK_BYTES);
  const network = `127.${1 + (process.pid % 250)}.${1 + Math.floor(Math.random() * 250)}`;
  writeFileSync(configPath, configuration(disks, network));
  await alice.does('create-md', 'r0');
  await alice.does('up', 'r0');

  const adm = (...words: string[]): readonly string[] => [bundle('tsdrbdadm'), '-c', configPath, ...words, 'r0'];
  const ratios = { up: [] as number[], adjust: [] as number[] };
  for (let each = 0; each < RUNS; each += 1) {
    const times = { nothing: [] as number[], up: [] as number[], adjust: [] as number[] };
    for (let round = 0; round < ROUNDS_PER_RUN; round += 1) {
      await alice.does('down', 'r0');
      times.nothing.push(await processorMs(['-e', '0'], alice.env));
      times.up.push(await processorMs(adm('up'), alice.env));
      times.adjust.push(await processorMs(adm('adjust'), alice.env));
    }
    for (const name of ['up', 'adjust'] as const) ratios[name].push(median(times[name]) / median(times.nothing));
  }
  const shown = (values: readonly number[]): string => values.map((ratio) => ratio.toFixed(2)).join(' ');
  process.stdout.write(`times node -e 0: up ${shown(ratios.up)}; adjust ${shown(ratios.adjust)}\n`);
  expect(Math.min(...ratios.up)).toBeLessThan(RATIO_MAX);
  expect(Math.min(...ratios.adjust)).toBeLessThan(RATIO_MAX);
}, 240_000);

function configuration(disks: readonly string[], network: string): string {
  const volumes = disks.map((disk, vnr) => `volume ${vnr} { device minor ${vnr}; disk ${disk}; meta-disk internal; }`);
  const hosts = ['alice', 'bob', 'charlie'];
  const sections = hosts.map((name, id) => `on ${name} { node-id ${id}; address ${network}.${id + 1}:7788; }`);
  return `global { usage-count no; }
resource r0 {
  ${[...volumes, ...sections].join('\n  ')}
  connection-mesh { hosts ${hosts.join(' ')}; }
}
`;
}

/** User and system time of a node process that has to succeed. */
function processorMs(words: readonly string[], surroundings: NodeJS.ProcessEnv): Promise<number> {
  // A file of certificates to read would double the time that Node takes to start.
  const { NODE_EXTRA_CA_CERTS: _, ...env } = surroundings;
  const script = 'TIMEFORMAT="%U %S"; time "$@" >/dev/null 2>/dev/null';
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', script, 'bash', process.execPath, ...words], {
      env: { ...env, LC_ALL: 'C' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let times = '';
    child.stderr.on('data', (piece: Buffer) => (times += piece.toString()));
    child.on('close', (code) => {
      const [userS = NaN, systemS = NaN] = times.trim().split(' ').map(Number);
      if (code === 0) resolve((userS + systemS) * 1000);
      else reject(new Error(`exit ${code}: ${words.join(' ')}`));
    });
  });
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
