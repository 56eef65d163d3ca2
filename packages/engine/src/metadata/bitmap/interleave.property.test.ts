import fc from 'fast-check';
import {
  blocksOfBits,
  blocksOfSlotWords,
  decodeBitmapBlock,
  diskBitOf,
  encodeBitmapBlock,
  setBitsInBlock,
  slotWordsOfBlock,
} from './interleave';

const BLOCK_BITS = 4096 * 8;
const slotCounts = fc.integer({ min: 1, max: 31 });

test('the example of metadata.md 3: three slots, bits 0 to 1023 of slot 0, bits 36 to 43 of slot 1', () => {
  const words = () => new Uint32Array(1024);
  const slots = [words().fill(0xffffffff, 0, 32), words(), words()];
  const second = slots[1];
  if (second !== undefined) second[1] = 0x0ff0;
  const hex = Buffer.from(encodeBitmapBlock(0, slots)).toString('hex');
  expect(hex.slice(0, 56)).toBe('ffffffff0000000000000000' + 'fffffffff00f000000000000' + 'ffffffff');
});

test('every bit has the place that the formula gives it', () => {
  fc.assert(
    fc.property(slotCounts, fc.array(fc.tuple(fc.nat(30), fc.nat(5000)), { minLength: 1 }), (slotCount, bits) => {
      const slots = Array.from({ length: slotCount }, () => new Uint32Array(160));
      const blockCount = Math.ceil((160 * 4 * slotCount) / 4096);
      const naive = Buffer.alloc(blockCount * 4096);
      for (const [s, bit] of bits) {
        const slot = s % slotCount;
        const words = slots[slot] ?? new Uint32Array(0);
        words[bit >> 5] = (words[bit >> 5] ?? 0) | (1 << (bit & 31));
        const diskBit = diskBitOf(slot, bit, slotCount);
        naive[diskBit >> 3] = (naive[diskBit >> 3] ?? 0) | (1 << (diskBit & 7));
      }
      const encoded = Buffer.concat(Array.from({ length: blockCount }, (_, b) => encodeBitmapBlock(b, slots)));
      expect(encoded.equals(naive)).toBe(true);

      const back = Array.from({ length: slotCount }, () => new Uint32Array(160));
      for (let b = 0; b < blockCount; b++) decodeBitmapBlock(encoded.subarray(b * 4096, (b + 1) * 4096), b, back);
      expect(back).toEqual(slots);
    }),
  );
});

test('the words of all blocks, one after the other, are all words of a slot', () => {
  fc.assert(
    fc.property(slotCounts, fc.nat(30), (slotCount, s) => {
      const slot = s % slotCount;
      let next = 0;
      for (let block = 0; block < 40; block++) {
        const { firstWord, wordCount } = slotWordsOfBlock(block, slot, slotCount);
        expect(firstWord).toBe(next);
        next += wordCount;
      }
    }),
  );
});

test('the blocks of a range are the blocks of its first and last bit in any slot', () => {
  fc.assert(
    fc.property(slotCounts, fc.nat(200000), fc.integer({ min: 1, max: 70000 }), (slotCount, firstBit, bitCount) => {
      const blockOf = (slot: number, bit: number): number => Math.floor(diskBitOf(slot, bit, slotCount) / BLOCK_BITS);
      const firstBlock = blockOf(0, firstBit);
      const lastBlock = blockOf(slotCount - 1, firstBit + bitCount - 1);
      expect(blocksOfBits(firstBit, bitCount, slotCount)).toEqual({
        firstBlock,
        blockCount: lastBlock - firstBlock + 1,
      });
      const word = firstBit >> 5;
      expect(blocksOfSlotWords(word, 1, slotCount - 1, slotCount)).toEqual({
        firstBlock: blockOf(slotCount - 1, firstBit),
        blockCount: 1,
      });
    }),
  );
});

test('setting a range sets it in every slot, touches nothing else and counts what was clear', () => {
  fc.assert(
    fc.property(
      slotCounts,
      fc.nat(3000),
      fc.nat(3000),
      fc.uint8Array({ minLength: 64, maxLength: 64 }),
      (slotCount, from, length, noise) => {
        const end = from + length;
        const { firstBlock, blockCount } = blocksOfBits(from, length, slotCount);
        let counted = 0;
        let expected = 0;
        for (let b = firstBlock; b < firstBlock + blockCount; b++) {
          const block = Buffer.alloc(4096);
          for (let i = 0; i < 4096; i++) block[i] = noise[i % 64] ?? 0;
          const naive = Buffer.from(block);
          for (let slot = 0; slot < slotCount; slot++) {
            for (let bit = from; bit < end; bit++) {
              const at = diskBitOf(slot, bit, slotCount) - b * BLOCK_BITS;
              if (at < 0 || at >= BLOCK_BITS) continue;
              const mask = 1 << (at & 7);
              if (((naive[at >> 3] ?? 0) & mask) === 0) expected++;
              naive[at >> 3] = (naive[at >> 3] ?? 0) | mask;
            }
          }
          counted += setBitsInBlock(block, { blockNumber: b, slotCount }, from, end);
          expect(block.equals(naive)).toBe(true);
        }
        expect(counted).toBe(expected);
      },
    ),
    { numRuns: 40 },
  );
});
