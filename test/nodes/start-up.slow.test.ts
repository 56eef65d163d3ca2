/**
 * `dump` and `status` are called in loops, by monitoring and by shell completion: each costs at most twice what it
 * costs to start Node at all. Compared in turn within one run; another program that runs at the same time makes all of
 * them slower, so the least ratio of several runs counts.
 */
import { Pair } from './support/pair';
import { bundle, run } from './support/programs';

const RATIO_MAX = 2;
const RUNS = 5;
const ROUNDS_PER_RUN = 9;

let pair: Pair;
afterEach(() => pair.end());

test('dump and status cost at most twice `node -e 0`', async () => {
  pair = await Pair.create();
  const { alice } = pair;
  await alice.does('create-md', 'r0');
  await alice.does('up', 'r0');
  const adm = (command: string): readonly string[] => [bundle('tsdrbdadm'), '-c', pair.configPath, command, 'r0'];
  const commands = { nothing: ['-e', '0'], dump: adm('dump'), status: adm('status') } as const;

  const ratios = { dump: [] as number[], status: [] as number[] };
  for (let each = 0; each < RUNS; each++) {
    const times = { nothing: [] as number[], dump: [] as number[], status: [] as number[] };
    for (let round = 0; round < ROUNDS_PER_RUN; round++) {
      for (const name of ['nothing', 'dump', 'status'] as const) {
        const startMs = performance.now();
        const { code } = await run(process.execPath, commands[name], { env: alice.env });
        times[name].push(performance.now() - startMs);
        expect(code).toBe(0);
      }
    }
    for (const name of ['dump', 'status'] as const) ratios[name].push(median(times[name]) / median(times.nothing));
  }
  const shown = (values: readonly number[]): string => values.map((ratio) => ratio.toFixed(2)).join(' ');
  console.log(`times node -e 0: dump ${shown(ratios.dump)}; status ${shown(ratios.status)}`);
  expect(Math.min(...ratios.dump)).toBeLessThan(RATIO_MAX);
  expect(Math.min(...ratios.status)).toBeLessThan(RATIO_MAX);
}, 180_000);

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
