import fc from 'fast-check';
import { BitmapReceiver, MemoryBitmapSink } from './bitmap-receiver';
import type { BitmapPacket } from './bitmap-receiver';
import { BitmapSender } from './bitmap-sender';
import { VliReader, VliWriter } from './vli';

/** Bitmaps of long runs, short runs and noise, one after the other: both packet kinds and their changes. */
const segment = fc.oneof(
  fc.tuple(fc.constantFrom(0, 1), fc.integer({ min: 1, max: 40_000 })).map(([bit, n]) => Array<number>(n).fill(bit)),
  fc.array(fc.constantFrom(0, 1), { maxLength: 2000 }),
  fc.integer({ min: 1, max: 5_000 }).map((n) => Array.from({ length: n }, (_, i) => i & 1)),
);
const bitLists = fc.array(segment, { maxLength: 6 }).map((segments) => segments.flat());
const toBytes = (list: readonly number[]): Uint8Array => {
  const bytes = new Uint8Array(Math.ceil(list.length / 64) * 8);
  list.forEach((bit, i) => (bytes[i >> 3] = (bytes[i >> 3] ?? 0) | (bit << (i & 7))));
  return bytes;
};

test('a bitmap that is sent and received is merged bit by bit into what was there', () => {
  fc.assert(
    fc.property(
      bitLists,
      fc.constantFrom(0, 0x81),
      fc.constantFrom('rle' as const, 'plain' as const),
      (list, before, rle) => {
        const bitmap = toBytes(list);
        const merged = new Uint8Array(bitmap.length).fill(before);
        const expected = merged.map((byte, i) => byte | (bitmap[i] ?? 0));
        const options = { bitCount: list.length, chunkBytes: 256 };
        const sink = new MemoryBitmapSink(merged);
        const receiver = new BitmapReceiver(options, sink);
        const sender = new BitmapSender({ volume: 0, bitmap, rle, ...options });
        const results: unknown[] = [];
        for (let packet = sender.next(); packet !== null; packet = sender.next())
          results.push(receiver.feed(packet as BitmapPacket));
        expect(results.indexOf('complete')).toBe(results.length - 1);
        expect(results.slice(0, -1).every((result) => result === 'more')).toBe(true);
        expect(Buffer.from(merged).equals(Buffer.from(expected))).toBe(true);
        expect(sink.addedBits).toBe(list.filter((bit, i) => bit === 1 && ((before >> (i & 7)) & 1) === 0).length);
      },
    ),
    { numRuns: 60 },
  );
});

test('run lengths of every size come back, and a stream ends exactly', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 2 ** 48 }), { minLength: 1, maxLength: 40 }), (lengths) => {
      const bytes = new Uint8Array(400);
      const writer = new VliWriter(bytes);
      for (const length of lengths) expect(writer.write(length)).toBe(true);
      const reader = new VliReader(bytes.subarray(0, writer.lengthBytes), 0, writer.padBits);
      expect(lengths.map(() => reader.read())).toEqual(lengths);
      expect(reader.atEnd).toBe(true);
    }),
  );
});

test.each([1, 2, 3, 4, 5, 8, 9, 16, 17, 48, 49, 304, 305, 8496, 8497, 2105648, 2105649, 17181974832, 17181974833])(
  'the run length %i, an edge of a level, has the bits that the table gives',
  (n) => {
    const from = [1, 3, 5, 9, 17, 49, 305, 8497, 2105649, 17181974833];
    const total = [2, 3, 5, 7, 10, 14, 21, 29, 42, 64];
    const prefixBits = [1, 2, 3, 4, 5, 6, 8, 8, 8, 8];
    const prefix = [0, 1, 3, 7, 15, 31, 0x3f, 0x7f, 0xbf, 0xff];
    const level = from.findLastIndex((first) => first <= n);
    const code = (BigInt(n - (from[level] ?? 0)) << BigInt(prefixBits[level] ?? 0)) | BigInt(prefix[level] ?? 0);
    const bytes = new Uint8Array(8);
    const writer = new VliWriter(bytes);
    writer.write(n);
    expect(Buffer.from(bytes).readBigUInt64LE()).toBe(code);
    expect(writer.lengthBytes * 8 - writer.padBits).toBe(total[level]);
  },
);
