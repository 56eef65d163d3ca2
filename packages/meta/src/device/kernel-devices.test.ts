import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kernelDiskState } from './kernel-devices';

let directory = '';
beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), 'tsdrbdmeta-'))));
afterEach(() => rmSync(directory, { recursive: true }));

/** What an installed drbdsetup would print. */
function installed(script: string, name = 'drbdsetup'): void {
  writeFileSync(join(directory, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(directory, name), 0o755);
}

const ask = (minor: number) => kernelDiskState(minor, { PATH: `/nowhere::${directory}` });

test.each([
  ['an attached device', 'echo UpToDate/Outdated', 'UpToDate/Outdated'],
  ['what was asked', 'echo "$*"', 'dstate 7'],
  ['the first line', 'echo Diskless; echo more', 'Diskless'],
  ['no such device', 'echo nothing; exit 10', null],
  ['no module', 'echo nothing; exit 20', null],
])('%s', async (_what, script, answer) => {
  installed(script);
  expect(await ask(7)).toBe(answer);
});

test('no answer where there must be one', async () => {
  installed('exit 0');
  await expect(ask(7)).rejects.toMatchObject({ exitCode: 20, message: '' });
});

test('nobody to ask', async () => {
  expect(await ask(7)).toBeNull();
});

test('our own program under that name is not asked', async () => {
  installed('echo UpToDate', 'tsdrbdsetup.cjs');
  symlinkSync(join(directory, 'tsdrbdsetup.cjs'), join(directory, 'drbdsetup'));
  expect(await ask(7)).toBeNull();
});
