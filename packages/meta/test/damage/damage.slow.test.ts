import { playDamagedDisks, playDamagedDumps, type Seeds } from './play-damage';

const seeds: Seeds = {
  first: Number(process.env['TSDRBD_FIRST_SEED'] ?? 10_000),
  count: Number(process.env['TSDRBD_SEEDS'] ?? 20_000),
};

test('damaged superblocks and activity logs', () => playDamagedDisks(seeds), 600_000);

test('damaged dumps', () => playDamagedDumps({ ...seeds, count: Math.ceil(seeds.count / 4) }), 600_000);
