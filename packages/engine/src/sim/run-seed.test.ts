import { runSeed } from './run-seed';

const SEEDS = Number(process.env['TSDRBD_SEEDS'] ?? 1000);
const FIRST = Number(process.env['TSDRBD_FIRST_SEED'] ?? 1);

test(`${SEEDS} histories of crashes and cuts lose no acknowledged write`, () => {
  let acknowledged = 0;
  let crashes = 0;
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const result = runSeed(seed);
    if (result.problem !== null)
      throw new Error(`seed ${seed}: ${result.problem}\n${result.log.slice(-80).join('\n')}`);
    acknowledged += result.acknowledgedWrites;
    crashes += result.crashes;
  }
  // A simulation that did nothing would prove nothing.
  expect(acknowledged).toBeGreaterThan(SEEDS * 20);
  expect(crashes).toBeGreaterThan(SEEDS);
}, 600_000);

test('one seed is one history', () => {
  expect(runSeed(7).log).toEqual(runSeed(7).log);
});
