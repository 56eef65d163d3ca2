import { crc32cSeedZero } from '../crc32c';
import { replayActivityLog } from './replay';
import { alTransactionBlockOffset } from './ring';
import {
  AL_EXTENT_FREE,
  decodeAlTransaction,
  encodeAlInitialised,
  encodeAlTransaction,
  type AlTransactionInput,
} from './transaction';

const ONE_STRIPE = { stripes: 1, stripeSize4k: 8 };
const allFree = (slot: number, count: number) => ({ slot, extents: new Array<number>(count).fill(AL_EXTENT_FREE) });
const first: AlTransactionInput = {
  transactionNumber: 0,
  contextSize: 1237,
  updates: [
    { slot: 0, extent: 3 },
    { slot: 1, extent: 5 },
  ],
  context: allFree(0, 919),
};
const second: AlTransactionInput = {
  transactionNumber: 1,
  contextSize: 1237,
  updates: [{ slot: 1, extent: 7 }],
  context: allFree(919, 318),
};

function log(transactions: readonly AlTransactionInput[], geometry = ONE_STRIPE): Uint8Array {
  const area = new Uint8Array(geometry.stripes * geometry.stripeSize4k * 4096);
  for (let offset = 0; offset < area.length; offset += 4096) area.set(encodeAlInitialised(), offset);
  for (const t of transactions) {
    area.set(
      encodeAlTransaction(t),
      alTransactionBlockOffset(t.transactionNumber, geometry.stripes, geometry.stripeSize4k),
    );
  }
  return area;
}
const hot = (area: Uint8Array, geometry = ONE_STRIPE): readonly number[] => {
  const replay = replayActivityLog(area, geometry);
  if (replay.kind !== 'updates') throw new Error(replay.kind);
  return [...replay.hotExtents];
};

test('the checksum starts at zero and is not inverted', () => {
  expect(crc32cSeedZero(Buffer.from('123456789'))).toBe(0x58e3fa20);
});

describe('transaction blocks (metadata.md A.6: accepted by the real tool)', () => {
  test('an initialised block', () => {
    const block = Buffer.from(encodeAlInitialised());
    expect(block.subarray(0, 20).toString('hex')).toBe('69cb65a200000000709cc651ffff000000000000');
    expect(block.subarray(20).every((byte) => byte === 0)).toBe(true);
    expect(decodeAlTransaction(block)).toEqual({ kind: 'initialised', transactionNumber: 0 });
    const withoutCrc = Buffer.from(block).fill(0, 8, 12);
    expect(crc32cSeedZero(withoutCrc)).toBe(block.readUInt32BE(8));
  });

  test.each([
    [first, '69cb65a200000000cc3127f70000000204d50000', '00000001ffff', '0000000300000005ffffffff'],
    [second, '69cb65a200000001a93c11940000000104d50397', '0001ffff', '00000007ffffffff'],
  ])('transaction %#', (transaction, header, slots, extents) => {
    const hex = Buffer.from(encodeAlTransaction(transaction)).toString('hex');
    expect(hex.slice(0, 40)).toBe(header);
    expect(hex.slice(72, 72 + slots.length)).toBe(slots);
    expect(hex.slice(328, 328 + extents.length)).toBe(extents);
  });

  test('a decoded block says what was encoded', () => {
    const block = decodeAlTransaction(encodeAlTransaction(first));
    expect(block).toMatchObject({ kind: 'update', ...first, updateCount: 2, crc: 0xcc3127f7 });
  });

  test('one flipped bit anywhere is noticed', () => {
    for (let at = 0; at < 4096; at += 97) {
      const block = encodeAlTransaction(first);
      block[at] = (block[at] ?? 0) ^ 0x10;
      expect(decodeAlTransaction(block)).toMatchObject({ kind: 'metadata-error' });
    }
  });
});

describe('the ring', () => {
  test('two stripes of 16 blocks take turns', () => {
    expect([0, 1, 2, 3, 32].map((t) => alTransactionBlockOffset(t, 2, 16) / 4096)).toEqual([0, 16, 1, 17, 0]);
  });

  test('three stripes of 8 blocks take turns', () => {
    expect([0, 1, 2, 3, 4, 5].map((t) => alTransactionBlockOffset(t, 3, 8) / 4096)).toEqual([0, 8, 16, 1, 9, 17]);
  });
});

describe('replay', () => {
  test('later assignments replace earlier ones', () => {
    expect(hot(log([first, second]))).toEqual([3, 7]);
  });

  test('a freed slot is no longer active', () => {
    const freeing = { ...second, updates: [{ slot: 0, extent: AL_EXTENT_FREE }] };
    expect(hot(log([first, freeing]))).toEqual([5]);
  });

  test('the context restores what the ring has overwritten', () => {
    const transactions = Array.from({ length: 20 }, (_, n) => ({
      transactionNumber: n,
      contextSize: 32,
      updates: [{ slot: n, extent: 100 + n }],
      context: { slot: 0, extents: Array.from({ length: 32 }, (_, s) => (s < n ? 100 + s : AL_EXTENT_FREE)) },
    }));
    expect(hot(log(transactions))).toEqual(Array.from({ length: 20 }, (_, n) => 100 + n));
  });

  test('sequence numbers wrap', () => {
    const area = log([
      { ...first, transactionNumber: 0xffffffff },
      { ...second, transactionNumber: 0 },
    ]);
    expect(hot(area)).toEqual([3, 7]);
    expect(replayActivityLog(area, ONE_STRIPE)).toMatchObject({ nextTransactionNumber: 1 });
  });

  test('a torn newest block leaves what was stable before it', () => {
    const area = log([first, second]);
    area.fill(0, 4096 + 2048, 8192);
    expect(replayActivityLog(area, ONE_STRIPE)).toMatchObject({ kind: 'updates', corruptCount: 1 });
    expect(hot(area)).toEqual([3, 5]);
  });

  test('an untouched log has nothing to say, nor has one whose first block is torn', () => {
    const area = log([]);
    expect(replayActivityLog(area, ONE_STRIPE)).toEqual({ kind: 'nothing-logged', corruptCount: 0 });
    area.fill(0, 0, 4096);
    expect(replayActivityLog(area, ONE_STRIPE)).toEqual({ kind: 'nothing-logged', corruptCount: 1 });
  });

  test('corrupt blocks and no update is an error, zeroes are another', () => {
    const area = log([]);
    area.fill(0, 4096, 8192);
    expect(replayActivityLog(area, ONE_STRIPE)).toEqual({ kind: 'invalid', corruptCount: 1 });
    expect(replayActivityLog(new Uint8Array(8 * 4096), ONE_STRIPE)).toEqual({ kind: 'no-data' });
  });

  test('stripes are read in the order in which they were written', () => {
    const geometry = { stripes: 3, stripeSize4k: 8 };
    expect(hot(log([first, second], geometry), geometry)).toEqual([3, 7]);
  });
});
