import { COMMANDS } from '../commands/command-table';
import { parseCommandLine } from './invocation';
import { suggestion } from './suggestion';

const names = Object.keys(COMMANDS);

it.each([
  ['adjsut', 'adjust'],
  ['stauts', 'status'],
  ['creat-md', 'create-md'],
  ['secondry', 'secondary'],
  ['dwon', 'down'],
])('%s is taken for %s', (word, expected) => expect(suggestion(word, names)).toBe(expected));

it.each(['events2', 'x', '', 'frobnicate'])('%j suggests nothing', (word) =>
  expect(suggestion(word, names)).toBeUndefined(),
);

it.each([
  ['tsdrbdadm', "tsdrbdadm: Unknown command 'adjsut'\nDid you mean 'adjust'?"],
  ['drbdadm', "drbdadm: Unknown command 'adjsut'"],
])('%s says %j', (program, message) => {
  expect(() => parseCommandLine(['adjsut', 'r0'], program)).toThrow(new Error(message));
});
