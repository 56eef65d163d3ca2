/**
 * A random sample of the recorded runs as real processes of the bundle, called drbdadm, on a machine as the recorder
 * had it: a network namespace with the configurations' addresses. SEED=N replays one sample, SAMPLE=N changes its size.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { applies, difference } from './difference';
import { DEVIATIONS } from './deviations';
import { recordedAddresses, recordedFiles, recordedRuns, type RecordedRun } from './corpus';
import { isEqual, normalize, type ReplayedRun } from './replay';

const ROOT = join(__dirname, '../../../..');
const SAMPLE = Number(process.env['SAMPLE'] ?? 300);
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const SHOWN = 20;
const OUTPUT_BYTES_MAX = 1 << 30;

const asRoot = process.getuid?.() === 0;
const namespace = ['--net', '--uts', ...(asRoot ? [] : ['--user', '--map-root-user'])];
const canSeparate = spawnSync('unshare', [...namespace, 'ip', 'link']).status === 0;

const work = realpathSync(mkdtempSync(join(tmpdir(), 'tsdrbdadm-processes-')));
afterAll(() => rmSync(work, { recursive: true }));

(canSeparate ? it : it.skip)(
  `${SAMPLE} recorded runs as processes`,
  () => {
    const bundles = join(work, 'bundles');
    execFileSync('node', [join(ROOT, 'scripts/build.mjs'), '--out', bundles, 'tsdrbdadm'], { stdio: 'ignore' });
    const program = join(work, 'drbdadm');
    symlinkSync(join(bundles, 'tsdrbdadm.cjs'), program);
    // Not a bare word of drbd.conf, as the recorder's folder was none: dump quotes what lies in it.
    const folder = join(work, '@CONF@');
    for (const [name, text] of Object.entries(recordedFiles())) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text, 'latin1');
    }

    const runs = sample(recordedRuns(), SAMPLE, SEED);
    const plan = join(work, 'plan.json');
    writeFileSync(plan, JSON.stringify({ runs, program, folder, addresses: [...recordedAddresses()] }));
    const printed = execFileSync(
      'unshare',
      [...namespace, process.execPath, join(__dirname, 'run-processes.mjs'), plan],
      { encoding: 'utf8', maxBuffer: OUTPUT_BYTES_MAX },
    );
    const results = printed.trim().split('\n');
    const outcomes = runs.map((recorded, index) => {
      const { rc, stdout, stderr } = JSON.parse(results[index] ?? '{}') as ReplayedRun;
      return { recorded, replayed: { rc, stdout: normalize(stdout, folder), stderr: normalize(stderr, folder) } };
    });
    const differing = outcomes.filter(({ recorded, replayed }) => !isEqual(recorded, replayed));
    process.stdout.write(`seed ${SEED}: ${runs.length} cases, ${runs.length - differing.length} equal\n`);
    const unexplained = differing.filter(({ recorded }) => !DEVIATIONS.some((entry) => applies(entry, recorded)));
    expect(unexplained.slice(0, SHOWN).map(({ recorded, replayed }) => difference(recorded, replayed))).toEqual([]);
  },
  1_200_000,
);

/** Without repetition. */
function sample(all: readonly RecordedRun[], count: number, seed: number): readonly RecordedRun[] {
  const left = [...all];
  const chosen: RecordedRun[] = [];
  let state = seed;
  while (chosen.length < count && left.length > 0) {
    // A linear congruential generator: the constants are those of Numerical Recipes.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    chosen.push(...left.splice(Math.floor((state / 2 ** 32) * left.length), 1));
  }
  return chosen;
}
