import { openIntent, parseSyscall } from './open-intent';

const args = '0x0 0x0 0x7ffd 0x0';

test.each([
  ['x64', `257 0xffffff9c 0x7ffd 0x0 ${args}`, 'read'],
  ['x64', `257 0xffffff9c 0x7ffd 0x80002 ${args}`, 'write'],
  ['x64', `257 0xffffff9c 0x7ffd 0x1 ${args}`, 'write'],
  ['x64', `257 0xffffff9c 0x7ffd 0x280000 ${args}`, 'none'],
  ['x64', `2 0x7ffd 0x241 ${args}`, 'write'],
  ['x64', `165 0x7ffd 0x7ffe 0x7fff 0x0 ${args}`, 'write'],
  ['x64', `165 0x7ffd 0x7ffe 0x7fff 0x1 ${args}`, 'read'],
  ['x64', `262 0xffffff9c 0x7ffd 0x1 ${args}`, 'none'],
  ['arm64', `56 0xffffff9c 0x7ffd 0x20002 ${args}`, 'write'],
  ['arm64', `2 0x7ffd 0x241 ${args}`, 'none'],
  ['riscv64', `56 0xffffff9c 0x7ffd 0x2 ${args}`, 'none'],
  ['x64', 'running', 'none'],
  ['x64', '', 'none'],
])('%s: %s', (architecture, text, intent) => {
  expect(parseSyscall(text, architecture)).toBe(intent);
});

test('a thread that is not there wants nothing', () => {
  expect(openIntent(0)).toBe('none');
  expect(openIntent(2 ** 22 + 1)).toBe('none');
});
