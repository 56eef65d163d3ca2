import { fuzzPeers } from './fuzz-core';

const STREAMS = 60_000;

test(`${STREAMS} further bad peers cost their own connection and nothing else`, () => {
  expect(fuzzPeers(1_000_001, STREAMS)).toBeGreaterThan(STREAMS / 10);
}, 1_200_000);
