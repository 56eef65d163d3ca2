/** The histories of run-seed, with options that change how writes and resyncs go. */
import { runSeed } from './run-seed';

const SEED_COUNT = 12;

test.each([
  ['I/O on hold while the peer is not fenced', { fencing: 'resource-and-stonith' }],
  ['digests in data and resync', { 'csums-alg': 'crc32c', 'data-integrity-alg': 'sha1' }],
  ['plain bitmaps', { 'use-rle': false }],
  ['protocol B', { protocol: 'B' }],
])('%s: no acknowledged write is lost', (_what, net) => {
  for (let seed = 200; seed < 200 + SEED_COUNT; seed++) {
    const { problem, log } = runSeed(seed, { net });
    if (problem !== null) throw new Error(`seed ${seed}: ${problem}\n${log.slice(-60).join('\n')}`);
  }
});
