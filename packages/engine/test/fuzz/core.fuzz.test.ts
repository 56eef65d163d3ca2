import { fuzzPeers } from './fuzz-core';

const STREAMS = Number(process.env['TSDRBD_FUZZ_PEERS'] ?? 5000);
const FIRST = Number(process.env['TSDRBD_FUZZ_FIRST'] ?? 1);

test(`${STREAMS} bad peers cost their own connection and nothing else`, () => {
  const thrownOut = fuzzPeers(FIRST, STREAMS);
  // Some are thrown out, some get away with what they sent.
  expect(thrownOut).toBeGreaterThan(STREAMS / 10);
  expect(thrownOut).toBeLessThan(STREAMS * 0.9);
}, 1_200_000);
