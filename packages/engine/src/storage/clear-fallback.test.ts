import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StorageError } from './backing-device';
import { openBackingDevice } from './open-backing-device';

const MIB = 1024 * 1024;
const isTmpfs = (() => {
  try {
    return execFileSync('stat', ['-f', '-c', '%T', '/dev/shm']).toString().trim() === 'tmpfs';
  } catch {
    return false;
  }
})();

(isTmpfs ? test : test.skip)('where the file system cannot zero a range, zeroes are written', async () => {
  const directory = mkdtempSync('/dev/shm/tsdrbd-');
  try {
    const path = join(directory, 'disk');
    writeFileSync(path, Buffer.alloc(40 * MIB, 1));
    const device = await openBackingDevice(path);
    const error = await new Promise<StorageError | null>((done) => device.writeZeroes(MIB, 38 * MIB, done));
    expect(error).toBeNull();
    const now = readFileSync(path);
    expect(now.subarray(0, MIB).every((byte) => byte === 1)).toBe(true);
    expect(now.subarray(MIB, 39 * MIB).every((byte) => byte === 0)).toBe(true);
    expect(now.subarray(39 * MIB).every((byte) => byte === 1)).toBe(true);
    await new Promise((done) => device.close(done));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
