import { commandText, shellEscape } from './command-text';

test.each([
  ['it is;secret', 'it\\ is\\;secret'],
  ['ipv6:[fd00::1]:7002', 'ipv6:\\[fd00::1\\]:7002'],
  ['--diskful-peers=1,2', '--diskful-peers=1\\,2'],
  ['a%b+c@d_e', 'a%b+c@d_e'],
  ['', ''],
])('%j is printed as %s', (word, printed) => {
  expect(shellEscape(word)).toBe(printed);
});

test('words are separated by one blank', () => {
  expect(commandText(['drbdsetup', 'primary', 'my res'])).toBe('drbdsetup primary my\\ res');
});
