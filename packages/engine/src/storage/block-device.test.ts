/** A real block device: a loop device, where the test may make one (root). */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Completion, StorageError } from './backing-device';
import { openBackingDevice } from './open-backing-device';

const MIB = 1024 * 1024;
const settled = (start: (done: Completion) => void): Promise<StorageError | null> =>
  new Promise((resolve) => start(resolve));

let directory: string;
let image: string;
let loop: string | null = null;

const probe = spawnSync('losetup', ['-f']);
const withLoop = process.getuid?.() === 0 && probe.status === 0 ? test : test.skip;

const attach = (...options: string[]): string => {
  loop = execFileSync('losetup', ['-f', '--show', ...options, image])
    .toString()
    .trim();
  return loop;
};

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tsdrbd-block-'));
  image = join(directory, 'image');
  writeFileSync(image, '');
  truncateSync(image, 16 * MIB);
});
afterEach(() => {
  if (loop !== null) execFileSync('losetup', ['-d', loop]);
  loop = null;
  rmSync(directory, { recursive: true, force: true });
});

withLoop('a block device has its size and block sizes, is written, flushed, read and discarded', async () => {
  const device = await openBackingDevice(attach('-b', '4096'));
  expect(device).toMatchObject({
    kind: 'block',
    sizeBytes: 16 * MIB,
    logicalBlockSizeBytes: 4096,
    physicalBlockSizeBytes: 4096,
    discardSupported: true,
  });
  expect(await settled((done) => device.write(0, [Buffer.alloc(8 * MIB, 5)], done))).toBeNull();
  expect(await settled((done) => device.flush(done))).toBeNull();
  const blocks = statSync(image).blocks;
  expect(
    readFileSync(image)
      .subarray(0, 8 * MIB)
      .every((byte) => byte === 5),
  ).toBe(true);
  expect(await settled((done) => device.discard(0, 4 * MIB, done))).toBeNull();
  expect(await settled((done) => device.writeZeroes(4 * MIB, 2 * MIB, done))).toBeNull();
  expect(statSync(image).blocks).toBeLessThan(blocks);
  const into = Buffer.alloc(8 * MIB);
  expect(await settled((done) => device.read(0, into, done))).toBeNull();
  expect(into.subarray(0, 6 * MIB).every((byte) => byte === 0)).toBe(true);
  expect(into.subarray(6 * MIB).every((byte) => byte === 5)).toBe(true);
  await settled((done) => device.close(done));
});

withLoop('a mounted block device is refused with EBUSY', async () => {
  const path = attach();
  execFileSync('mkfs.ext4', ['-q', path]);
  execFileSync('mount', [path, directory]);
  try {
    await expect(openBackingDevice(path)).rejects.toMatchObject({ code: 'EBUSY' });
  } finally {
    execFileSync('umount', [directory]);
  }
});

withLoop('a read-only block device is refused for writing with EROFS, and read', async () => {
  const path = attach('-r');
  await expect(openBackingDevice(path)).rejects.toMatchObject({ code: expect.stringMatching(/EROFS|EACCES/) });
  const device = await openBackingDevice(path, { access: 'read-only' });
  expect(await settled((done) => device.read(0, Buffer.alloc(4096), done))).toBeNull();
  await settled((done) => device.close(done));
});

withLoop('a full file system below answers a write with an error, and the device goes on', async () => {
  const path = attach();
  execFileSync('mkfs.ext4', ['-q', path]);
  const mounted = join(directory, 'mnt');
  execFileSync('mkdir', [mounted]);
  execFileSync('mount', [path, mounted]);
  try {
    const sparse = join(mounted, 'disk');
    writeFileSync(sparse, '');
    truncateSync(sparse, 64 * MIB);
    const device = await openBackingDevice(sparse);
    let error: StorageError | null = null;
    for (let at = 0; at < 64 && error === null; at++) {
      error = await settled((done) => device.write(at * MIB, [Buffer.alloc(MIB, 1)], done));
    }
    expect(error?.code).toBe('ENOSPC');
    expect(error?.message).toContain(sparse);
    const into = Buffer.alloc(4096);
    expect(await settled((done) => device.read(0, into, done))).toBeNull();
    expect(into[0]).toBe(1);
    expect(await settled((done) => device.write(0, [Buffer.alloc(4096, 2)], done))).toBeNull();
    await settled((done) => device.close(done));
  } finally {
    execFileSync('umount', [mounted]);
  }
});
