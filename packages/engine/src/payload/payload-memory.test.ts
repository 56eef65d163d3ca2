import { hold, holderCount, holdPiece, lentCopy, letGo, letGoPiece, shareMemory, takeMemory } from '.';

function sharedChunk(sizeBytes = 64) {
  const chunk = new Uint8Array(sizeBytes);
  let unusedCount = 0;
  shareMemory(chunk.buffer, () => unusedCount++);
  return { chunk, unusedCount: () => unusedCount };
}

test('a chunk is unused when the last piece was let go', () => {
  const { chunk, unusedCount } = sharedChunk();
  const pieces = [chunk.subarray(0, 10), chunk.subarray(10, 20)];
  hold(pieces);
  letGoPiece(chunk);
  expect(unusedCount()).toBe(0);
  letGoPiece(pieces[0] as Uint8Array);
  expect(holderCount(chunk.buffer)).toBe(1);
  letGoPiece(pieces[1] as Uint8Array);
  expect(unusedCount()).toBe(1);
});

test('one that is unused can be taken again, one in use cannot', () => {
  const { chunk, unusedCount } = sharedChunk();
  expect(() => takeMemory(chunk.buffer)).toThrow('in use');
  letGo([chunk]);
  takeMemory(chunk.buffer);
  expect(holderCount(chunk.buffer)).toBe(1);
  letGo([chunk]);
  expect(unusedCount()).toBe(2);
});

test('letting go of what is not held is an error of the program, and said', () => {
  const { chunk } = sharedChunk();
  letGoPiece(chunk);
  expect(() => letGoPiece(chunk)).toThrow('more often than held');
});

test('other memory has no holders', () => {
  const plain = new Uint8Array(8);
  holdPiece(plain);
  expect(holderCount(plain.buffer)).toBe(0);
  letGoPiece(plain);
  letGoPiece(plain);
});

test('a lent copy is garbage once nobody holds it', () => {
  const copy = lentCopy(Uint8Array.of(1, 2, 3));
  holdPiece(copy);
  letGoPiece(copy);
  expect([...copy]).toEqual([1, 2, 3]);
  letGoPiece(copy);
  expect([...copy]).toEqual([0xdb, 0xdb, 0xdb]);
});
