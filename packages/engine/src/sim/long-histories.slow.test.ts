import { runSeed } from './run-seed';

const SEEDS = Number(process.env['TSDRBD_SEEDS'] ?? 5000);
const FIRST = Number(process.env['TSDRBD_FIRST_SEED'] ?? 100_001);

test(`${SEEDS} further histories of crashes and cuts lose no acknowledged write`, () => {
  let acknowledged = 0;
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const result = runSeed(seed);
    if (result.problem !== null)
      throw new Error(`seed ${seed}: ${result.problem}\n${result.log.slice(-80).join('\n')}`);
    acknowledged += result.acknowledgedWrites;
  }
  expect(acknowledged).toBeGreaterThan(SEEDS * 20);
}, 1_800_000);
