/** tsdrbdmeta on regular files, as a user without root has them. */
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockExclusively } from '@tsdrbd/engine/storage';
import { runCaptured, type Captured } from '../test/support/run-captured';

const MIB = 1024 * 1024;
let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tsdrbdmeta-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const meta = (...argv: readonly string[]): Promise<Captured> => runCaptured(directory, argv);
const path = (name: string): string => join(directory, name);
/** A file full of `byte`, so that any write shows. */
function fileOf(name: string, sizeBytes: number, byte = 0): Buffer {
  const bytes = Buffer.alloc(sizeBytes, byte);
  writeFileSync(path(name), bytes);
  return bytes;
}

describe('a file as backing disk', () => {
  test('gets metadata without force, and without remarks about ioctls', async () => {
    fileOf('disk.img', 16 * MIB);
    expect(await meta('0', 'v09', './disk.img', 'internal', 'create-md', '1')).toEqual({
      exitCode: 0,
      stdout: 'initializing activity log\nWriting meta data...\nNew drbd meta data block successfully created.\n',
      stderr: 'initializing bitmap (4 KB) to all zero\n',
    });
    expect((await meta('0', 'v09', 'disk.img', 'internal', 'dstate')).stdout).toBe('Inconsistent\n');
  });

  test.each([
    [['create-md', './disk.img', '3', '--force'], 3],
    [['create-md', './disk.img', '--max-peers=7', '--force', '--initialize-bitmap=set-all'], 7],
  ])('%j writes nothing but the metadata area', async (argv, maxPeers) => {
    const before = fileOf('disk.img', 16 * MIB + 512, 0x5a);
    expect(await meta(...argv)).toMatchObject({ exitCode: 0 });
    const after = readFileSync(path('disk.img'));
    const bitmapBytes = Math.ceil((Math.ceil((16 * MIB + 512) / 4096 / 64) * 8 * maxPeers) / 4096) * 4096;
    const start = 16 * MIB - 4096 - 32768 - bitmapBytes;
    expect(after.subarray(0, start).equals(before.subarray(0, start))).toBe(true);
    expect(after.subarray(16 * MIB).equals(before.subarray(16 * MIB))).toBe(true);
    expect(after.subarray(start, 16 * MIB).includes(0x5a)).toBe(false);
  });

  test('of 8 TiB gets its metadata at once, and stays sparse', async () => {
    fileOf('big.img', 0);
    truncateSync(path('big.img'), 8 * 1024 ** 4);
    const startMs = performance.now();
    expect(await meta('create-md', './big.img', '7')).toMatchObject({ exitCode: 0 });
    expect(performance.now() - startMs).toBeLessThan(5000);
    expect(statSync(path('big.img')).blocks * 512).toBeLessThan(MIB);
  });

  test('that an engine uses is not changed, whatever the options, but can be read', async () => {
    fileOf('disk.img', 16 * MIB);
    await meta('create-md', './disk.img');
    const before = readFileSync(path('disk.img'));
    const fd = openSync(path('disk.img'), 'r+');
    try {
      lockExclusively(fd, 'disk.img');
      for (const words of [['wipe-md'], ['create-md', '1'], ['apply-al'], ['outdate'], ['invalidate']]) {
        const result = await meta('--force', '0', 'v09', './disk.img', 'internal', ...words);
        expect(result).toMatchObject({ exitCode: 20, stdout: '' });
        expect(result.stderr).toContain('open(./disk.img) failed: Device or resource busy');
      }
      // Even for somebody who takes it for a device of slots.
      const slot = await meta('--force', '0', 'v09', './disk.img', '0', 'create-md', '1');
      expect(slot).toMatchObject({ exitCode: 20, stdout: '' });
      expect(readFileSync(path('disk.img')).equals(before)).toBe(true);
      expect((await meta('dstate', './disk.img')).stdout).toBe('Inconsistent\n');
    } finally {
      closeSync(fd);
    }
    expect(await meta('--force', '0', 'v09', './disk.img', 'internal', 'wipe-md')).toMatchObject({ exitCode: 0 });
  });
});

test('a look at the device, as udev takes one after each close, is waited for', async () => {
  fileOf('disk.img', 16 * MIB);
  await meta('create-md', './disk.img');
  const look = spawn('flock', ['-s', path('disk.img'), 'sh', '-c', 'echo held; sleep 0.3']);
  await new Promise((resolve) => look.stdout.once('data', resolve));
  expect(await meta('--force', '0', 'v09', './disk.img', 'internal', 'wipe-md')).toMatchObject({ exitCode: 0 });
});

describe('the command first', () => {
  test('finds format and place of what is there', async () => {
    fileOf('meta.img', 16 * MIB);
    await meta('create-md', './meta.img', '--format=v08', '--index=flex-external');
    expect((await meta('dump-md', './meta.img')).stdout).toContain(
      'version "v08";\n\n# md_size_sect 32768\n# md_offset 0',
    );
    expect((await meta('get-gi', './meta.img')).stdout).toMatch(/^0000000000000004(:0{16}){3}(:0){7}\n$/);
  });
});

describe('bad input', () => {
  test.each([
    [['dump-md', './missing.img'], 20, 'open(./missing.img) failed: No such file or directory'],
    [['dump-md', './'], 20, 'open(./) failed: Is a directory'],
    [['dstate', '/dev/null'], 20, 'open(/dev/null) failed: Neither a block device nor a regular file'],
    [['dstate', './tiny.img'], 10, "./tiny.img is only 1024 bytes. That's not enough."],
    [['get-gi', './disk.img', '-i', '99'], 10, 'node-id out of range (0...31)'],
    [['create-md', './disk.img', '--max-peers=32'], 20, 'MAX_PEERS argument not in allowed range 1 .. 31.'],
  ])('%j: exit code %d, a sentence, no data touched', async (argv, exitCode, message) => {
    fileOf('tiny.img', 1024);
    const before = fileOf('disk.img', MIB, 1);
    const result = await meta(...argv);
    expect(result).toMatchObject({ exitCode, stdout: '' });
    expect(result.stderr).toContain(message);
    expect(readFileSync(path('disk.img')).equals(before)).toBe(true);
  });

  test('a dump broken at its end leaves the device as it was', async () => {
    fileOf('disk.img', 16 * MIB);
    await meta('create-md', './disk.img', '2', '--effective-size=20000');
    const { stdout: dump } = await meta('dump-md', './disk.img');
    writeFileSync(path('dump.txt'), `${dump.replaceAll('times 0x0', 'times 0xF')}trailing`);
    const before = readFileSync(path('disk.img'));
    const result = await meta('--force', '-', 'v09', './disk.img', 'internal', 'restore-md', 'dump.txt');
    expect(result).toMatchObject({ exitCode: 10 });
    expect(readFileSync(path('disk.img')).equals(before)).toBe(true);
  });
});

test('a dump restored is the dump again', async () => {
  fileOf('disk.img', 16 * MIB);
  await meta('create-md', './disk.img', '5', '--effective-size=30000', '--initialize-bitmap=set-all');
  await meta('--force', '-i', '3', '-', 'v09', './disk.img', 'internal', 'set-gi', 'AB:CD:EF:11:1:1');
  const body = (dump: string): string => dump.slice(dump.indexOf('version'));
  const first = (await meta('dump-md', './disk.img')).stdout;
  writeFileSync(path('dump.txt'), first);
  fileOf('other.img', 16 * MIB);
  await meta('-', 'v09', './other.img', 'internal', 'restore-md', 'dump.txt');
  expect(body((await meta('dump-md', './other.img')).stdout)).toBe(body(first));
});
