import { parseArguments, type Argument } from './getopt';

const LONG = [
  { name: 'force', argument: 'optional', id: 'backend' },
  { name: 'fencing', argument: 'required', id: 'backend' },
  { name: 'config-file', argument: 'required', id: 'config-file' },
  { name: 'dry-run', argument: 'none', id: 'dry-run' },
] as const;
const SHORT = [
  { letter: 'd', argument: 'none', id: 'dry-run' },
  { letter: 'c', argument: 'required', id: 'config-file' },
] as const;

function parse(...argv: string[]): string[] {
  return [...parseArguments<string>(argv, LONG, SHORT)].map(text);
}

function text(argument: Argument<string>): string {
  switch (argument.kind) {
    case 'word':
      return argument.word;
    case 'option':
      return argument.value === null ? `--${argument.name}` : `--${argument.name}=${argument.value}`;
    case 'error':
      return `error: ${argument.message}`;
  }
}

test('options may stand before, between and behind words', () => {
  expect(parse('-d', 'primary', '--force', 'r0', '-c', 'f')).toEqual(['--d', 'primary', '--force', 'r0', '--c=f']);
});

test('two dashes end the options', () => {
  expect(parse('up', '--', '-d', '--')).toEqual(['up', '-d', '--']);
});

test('a single dash is a word, also as a value', () => {
  expect(parse('-c', '-', '-')).toEqual(['--c=-', '-']);
});

test('letters may be joined, a value attached', () => {
  expect(parse('-dcfile')).toEqual(['--d', '--c=file']);
});

test('a long option may be cut to a prefix of one option', () => {
  expect(parse('--forc', '--fenc=x', '--config=y')).toEqual(['--force', '--fencing=x', '--config-file=y']);
});

test('a prefix of options that do different things is refused', () => {
  expect(parse('--f')).toEqual(["error: option '--f' is ambiguous; possibilities: '--force' '--fencing'"]);
});

test('a required value is the next word, an optional one is not', () => {
  expect(parse('--fencing', 'a', '--force', 'b')).toEqual(['--fencing=a', '--force', 'b']);
});

test.each([
  [['--bogus'], "error: unrecognized option '--bogus'"],
  [['-x'], "error: invalid option -- 'x'"],
  [['-c'], "error: option requires an argument -- 'c'"],
  [['--fencing'], "error: option '--fencing' requires an argument"],
  [['--dry-run=x'], "error: option '--dry-run' doesn't allow an argument"],
])('%j is told as getopt tells it', (argv, message) => {
  expect(parse(...argv)).toEqual([message]);
});
