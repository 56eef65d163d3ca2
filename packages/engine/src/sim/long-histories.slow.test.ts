import { runSeed } from './run-seed';

const SEEDS = Number(process.env['TSDRBD_SEEDS'] ?? 5000);
const FIRST = Number(process.env['TSDRBD_FIRST_SEED'] ?? 100_001);

test.each([
  ['crashes and cuts', 'reliable', SEEDS],
  ['crashes, cuts and failing disks', 'failing', Math.ceil(SEEDS / 2)],
] as const)(
  'further histories of %s lose no acknowledged write',
  (_what, disks, count) => {
    let acknowledged = 0;
    for (let seed = FIRST; seed < FIRST + count; seed++) {
      const result = runSeed(seed, { disks });
      if (result.problem !== null)
        throw new Error(`seed ${seed}: ${result.problem}\n${result.log.slice(-80).join('\n')}`);
      acknowledged += result.acknowledgedWrites;
    }
    expect(acknowledged).toBeGreaterThan(count * 10);
  },
  1_800_000,
);
