import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_RUN_DIR, runDirOf } from './socket-path';

test('the programs find the run directory where the daemon does', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tsdrbd-run-dir-'));
  const file = join(directory, 'tsdrbd.ini');
  const missing = join(directory, 'missing.ini');
  writeFileSync(file, '[log]\nlevel = debug\n[daemon]\nrun-dir = /srv/tsdrbd\n');
  expect(runDirOf({ TSDRBD_INI: file })).toBe('/srv/tsdrbd');
  expect(runDirOf({ TSDRBD_INI: file, TSDRBD_RUN_DIR: '/run/other' })).toBe('/run/other');
  expect(runDirOf({ TSDRBD_INI: missing })).toBe(DEFAULT_RUN_DIR);
  rmSync(directory, { recursive: true });
});
