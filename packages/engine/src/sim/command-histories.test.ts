/** The histories of run-seed with an administrator who does not sit still, on disks that work and on some that fail. */
import { runSeed } from './run-seed';

const SEEDS = Number(process.env['TSDRBD_SEEDS'] ?? 100);
const FIRST = Number(process.env['TSDRBD_FIRST_SEED'] ?? 1);

test.each(['reliable', 'failing'] as const)(
  'commands, crashes and cuts on %s disks lose no acknowledged write',
  (disks) => {
    let acknowledged = 0;
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      const result = runSeed(seed, { disks, administrator: 'busy' });
      if (result.problem !== null)
        throw new Error(`seed ${seed}: ${result.problem}\n${result.log.slice(-120).join('\n')}`);
      acknowledged += result.acknowledgedWrites;
    }
    expect(acknowledged).toBeGreaterThan(SEEDS * 10);
  },
  600_000,
);
