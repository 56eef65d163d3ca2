/** A device is closed while its threads still work: what they finished is told as it ended, and nothing comes twice. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StorageError } from './backing-device';
import { openBackingDevice } from './open-backing-device';

const ROUNDS = 40;
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tsdrbd-close-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('flushes and discards right before the close succeed', async () => {
  const path = join(directory, 'disk');
  writeFileSync(path, Buffer.alloc(1024 * 1024));
  for (let round = 0; round < ROUNDS; round++) {
    const device = await openBackingDevice(path, { smallWrites: 'on-thread' });
    const results: (StorageError | null)[] = [];
    const told = (error: StorageError | null): void => void results.push(error);
    device.write(0, [Buffer.alloc(4096, round)], told);
    device.flush(told);
    device.discard(65536, 65536, told);
    await new Promise<void>((resolve) => device.close(() => resolve()));
    expect(results).toEqual([null, null, null]);
  }
}, 30_000);
