import fc from 'fast-check';
import { alignedDelayMs } from './aligned-delay';

const moment = fc.double({ min: 0, max: 1e9, noNaN: true });
/** Sums of large and small numbers are exact to less than this. */
const ROUNDING_MS = 1e-3;

test('a delay is never shorter, and longer by a 32nd at most; short ones are what they are', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 600_000 }), moment, (delayMs, nowMs) => {
      const aligned = alignedDelayMs(delayMs, nowMs);
      expect(aligned).toBeGreaterThan(delayMs - ROUNDING_MS);
      expect(aligned).toBeLessThan(delayMs < 1000 ? delayMs + ROUNDING_MS : delayMs * (1 + 1 / 32) + ROUNDING_MS);
    }),
  );
});

test('a thousand delays of ten seconds, begun over ten seconds, end at some thirty moments', () => {
  const ends = Array.from({ length: 1000 }, (_, each) => {
    const nowMs = 123_456.7 + each * 10;
    return Math.round(nowMs + alignedDelayMs(10_000, nowMs));
  });
  expect(new Set(ends).size).toBeLessThan(36);
});
