import { memoryReader } from './memory-reader';
import { matches } from './glob';

describe('matches', () => {
  it.each([
    ['a.res', '*.res', true],
    ['a.resx', '*.res', false],
    ['abc', 'a?c', true],
    ['ac', 'a?c', false],
    ['b', '[a-c]', true],
    ['d', '[!a-c]', true],
    [']', '[]]', true],
    ['a*b', 'a\\*b', true],
    ['axb', 'a\\*b', false],
    ['aXbXc', 'a*b*c', true],
    ['[', '[', true],
  ])('%s against %s: %s', (name, pattern, expected) => expect(matches(name, pattern)).toBe(expected));

  it('is quick with many stars', () => {
    expect(matches('a'.repeat(5000), `${'a*'.repeat(500)}b`)).toBe(false);
  });
});

describe('glob', () => {
  const reader = memoryReader({ '/etc/d/9.res': '', '/etc/d/10.res': '', '/etc/d/.hidden.res': '', '/etc/e/x': '' });

  it('sorts by bytes and writes names as the pattern does', () => {
    expect(reader.glob('d/*.res', '/etc')).toEqual(['d/10.res', 'd/9.res']);
    expect(reader.glob('/etc/?/*.res', '/')).toEqual(['/etc/d/10.res', '/etc/d/9.res']);
  });

  it('finds names with a leading dot only if the pattern has it', () => {
    expect(reader.glob('d/.*.res', '/etc')).toEqual(['d/.hidden.res']);
  });

  it('finds a name without wildcards only if it is there', () => {
    expect(reader.glob('e/x', '/etc')).toEqual(['e/x']);
    expect(reader.glob('e/y', '/etc')).toEqual([]);
  });
});
