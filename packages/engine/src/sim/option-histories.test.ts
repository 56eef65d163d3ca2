/** The histories of run-seed, with options that change how writes and resyncs go. */
import type { OptionValues } from '../core';
import { runSeed } from './run-seed';

const SEEDS = Number(process.env['TSDRBD_SEEDS'] ?? 12);
const FIRST = Number(process.env['TSDRBD_FIRST_SEED'] ?? 200);

describe.each(['reliable', 'failing'] as const)('%s disks', (disks) => {
  test.each<[string, OptionValues, OptionValues?]>([
    ['I/O on hold while the peer is not fenced', { fencing: 'resource-and-stonith' }],
    ['digests in data and resync', { 'csums-alg': 'crc32c', 'data-integrity-alg': 'sha1' }],
    ['plain bitmaps', { 'use-rle': false }],
    ['protocol B', { protocol: 'B' }],
    ['I/O on hold while no data can be reached', {}, { 'on-no-data-accessible': 'suspend-io' }],
  ])('%s: no acknowledged write is lost', (_what, net, resource = {}) => {
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      const { problem, log } = runSeed(seed, { net, resource, disks });
      if (problem !== null) throw new Error(`seed ${seed}: ${problem}\n${log.slice(-60).join('\n')}`);
    }
  });
});
