import { playDamagedDisks, playDamagedDumps, type Seeds } from './play-damage';

const seeds: Seeds = {
  first: Number(process.env['TSDRBD_FIRST_SEED'] ?? 1),
  count: Number(process.env['TSDRBD_SEEDS'] ?? 1500),
};

test('damaged superblocks and activity logs', () => playDamagedDisks(seeds), 600_000);

test('damaged dumps', () => playDamagedDumps(seeds), 600_000);
