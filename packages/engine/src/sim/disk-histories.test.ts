/** The histories of run-seed with disks that fail on the way: diskless nodes, and disks that come back. */
import { runSeed } from './run-seed';

const SEEDS = Number(process.env['TSDRBD_SEEDS'] ?? 400);
const FIRST = Number(process.env['TSDRBD_FIRST_SEED'] ?? 1);

test(`${SEEDS} histories of crashes, cuts and failing disks lose no acknowledged write`, () => {
  let acknowledged = 0;
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const result = runSeed(seed, { disks: 'failing' });
    if (result.problem !== null)
      throw new Error(`seed ${seed}: ${result.problem}\n${result.log.slice(-120).join('\n')}`);
    acknowledged += result.acknowledgedWrites;
  }
  expect(acknowledged).toBeGreaterThan(SEEDS * 10);
}, 600_000);
