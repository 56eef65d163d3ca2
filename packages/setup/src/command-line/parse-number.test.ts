import { parseNumber } from './parse-number';

test.each([
  ['0', '1', 0],
  ['-1', '1', -1],
  ['600', 's', 600],
  ['4k', 's', 8],
  ['2M', 'k', 2048],
  ['1G', 's', 2097152],
  ['1s', 'k', 1],
  ['3s', 'k', 2],
  ['8s', '1', 4096],
] as const)('%s in units of %s is %i', (word, unit, value) => expect(parseNumber(word, unit)).toBe(value));

test.each([
  ['', 100, 'missing number argument\n'],
  ['5x', 20, '5x is not a valid unit\n'],
  ['5kk', 20, '5kk is not a valid unit\n'],
  ['abc', 20, 'abc is not a valid number\n'],
  ['99999999999999999999', 20, '99999999999999999999: out of range\n'],
])('%j is refused', (word, exitCode, message) => {
  expect(() => parseNumber(word)).toThrow(expect.objectContaining({ exitCode, message }));
});
