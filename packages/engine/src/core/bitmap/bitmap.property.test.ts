import fc from 'fast-check';
import { Bitmap, PAGE_BITS, popcount } from './bitmap';

/** The naive twin: a set of bit numbers. */
class NaiveBitmap {
  bits = new Set<number>();
  dirty = new Set<number>();

  constructor(public bitCount: number) {}

  put(from: number, to: number, value: boolean): number {
    let changed = 0;
    for (let bit = from; bit < Math.min(to, this.bitCount); bit++) {
      if (this.bits.has(bit) === value) continue;
      if (value) this.bits.add(bit);
      else this.bits.delete(bit);
      this.dirty.add(Math.floor(bit / PAGE_BITS));
      changed++;
    }
    return changed;
  }

  find(from: number, value: boolean): number {
    for (let bit = from; bit < this.bitCount; bit++) if (this.bits.has(bit) === value) return bit;
    return -1;
  }
}

type Step =
  | { readonly kind: 'set' | 'clear'; readonly from: number; readonly length: number }
  | { readonly kind: 'merge'; readonly fromEnd: number; readonly value: number }
  | { readonly kind: 'resize'; readonly bitCount: number };

// Around the seams of words, of pairs of words and of pages.
const bitCounts = fc.constantFrom(1, 31, 32, 33, 63, 64, 65, 100, 1014, PAGE_BITS - 1, PAGE_BITS, PAGE_BITS + 70);

const nearSeam = fc.oneof(
  fc.nat(1100),
  fc
    .tuple(fc.constantFrom(0, 32, 64, 1024, PAGE_BITS), fc.integer({ min: -3, max: 3 }))
    .map(([seam, off]) => Math.max(0, seam + off)),
);

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('set' as const, 'clear' as const),
    from: nearSeam,
    length: fc.oneof(fc.nat(70), fc.nat(40000)),
  }),
  fc.record({
    kind: fc.constant('merge' as const),
    // Mostly near the end, where bits lie that do not exist.
    fromEnd: fc.oneof(fc.nat(3), fc.nat(1030)),
    value: fc.oneof(fc.constantFrom(0, 1, 0x80000000, 0xffffffff), fc.integer({ min: 0, max: 0xffffffff })),
  }),
  fc.record({ kind: fc.constant('resize' as const), bitCount: bitCounts }),
);

test('does what a set of numbers does', () => {
  fc.assert(
    fc.property(
      bitCounts,
      fc.array(step, { maxLength: 20 }),
      fc.array(nearSeam, { maxLength: 6 }),
      (size, workload, probes) => {
        const bitmap = new Bitmap(size);
        const naive = new NaiveBitmap(size);
        for (const one of workload) {
          if (one.kind === 'resize') {
            for (const bit of naive.bits) if (bit >= one.bitCount) naive.put(bit, bit + 1, false);
            for (let bit = naive.bitCount; bit < one.bitCount; bit++) naive.dirty.add(Math.floor(bit / PAGE_BITS));
            naive.bitCount = one.bitCount;
            bitmap.resize(one.bitCount);
          } else if (one.kind === 'merge') {
            const word = bitmap.words.length - 1 - (one.fromEnd % bitmap.words.length);
            let gained = 0;
            for (let bit = 0; bit < 32; bit++) {
              const at = word * 32 + bit;
              if (((one.value >>> bit) & 1) === 1) gained += naive.put(at, at + 1, true);
            }
            expect(bitmap.mergeWord(word, one.value)).toBe(gained);
          } else {
            const to = one.from + one.length;
            const changed = one.kind === 'set' ? bitmap.set(one.from, to) : bitmap.clear(one.from, to);
            expect(changed).toBe(naive.put(one.from, to, one.kind === 'set'));
          }
          expect(bitmap.weight).toBe(naive.bits.size);
        }
        expect([...bitmap.dirtyPages].sort()).toEqual([...naive.dirty].sort());
        for (const probe of probes) {
          expect(bitmap.isSet(probe)).toBe(naive.bits.has(probe));
          expect(bitmap.findSet(probe)).toBe(naive.find(probe, true));
          expect(bitmap.findClear(probe)).toBe(naive.find(probe, false));
          const next = naive.find(probe, true);
          expect(bitmap.isAnySet(probe, probe + 40)).toBe(next !== -1 && next < probe + 40);
        }
        // Nothing beyond the end, and the words say what the weight says.
        const total = bitmap.words.reduce((sum, word) => sum + popcount(word), 0);
        expect(total).toBe(naive.bits.size);
      },
    ),
    { numRuns: 200 },
  );
});

test('what is loaded from disk is counted, is not dirty, and stops at the end', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 300 }),
      fc.nat(3),
      fc.array(fc.integer({ min: 0, max: 0xffffffff }), { maxLength: 12 }),
      (bitCount, wordStart, words) => {
        const bitmap = new Bitmap(bitCount);
        bitmap.load(wordStart, Uint32Array.from(words));
        for (let bit = 0; bit < bitCount; bit++) {
          const word = words[Math.floor(bit / 32) - wordStart] ?? 0;
          expect(bitmap.isSet(bit)).toBe(((word >>> (bit % 32)) & 1) === 1);
        }
        expect(bitmap.words.reduce((sum, word) => sum + popcount(word), 0)).toBe(bitmap.weight);
        expect(bitmap.findSet(bitCount)).toBe(-1);
        expect(bitmap.dirtyPages.size).toBe(0);
      },
    ),
  );
});

test('setAll and clearAll stop at the end', () => {
  for (const bitCount of [1, 33, 64, 1014, PAGE_BITS + 1]) {
    const bitmap = new Bitmap(bitCount);
    bitmap.setAll();
    expect(bitmap.weight).toBe(bitCount);
    expect(bitmap.findClear(0)).toBe(-1);
    expect(bitmap.isSet(bitCount)).toBe(false);
    bitmap.clearAll();
    expect(bitmap.weight).toBe(0);
    expect(bitmap.findSet(0)).toBe(-1);
  }
});
