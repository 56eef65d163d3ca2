import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BackingDevice, Completion, StorageError } from './backing-device';
import { openBackingDevice, type OpenOptions } from './open-backing-device';

const MIB = 1024 * 1024;
let directory: string;
let opened: BackingDevice[];

const settled = (start: (done: Completion) => void): Promise<StorageError | null> =>
  new Promise((resolve) => start((error) => resolve(error)));
const sha = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tsdrbd-storage-'));
  opened = [];
});
afterEach(async () => {
  for (const device of opened) await settled((done) => device.close(done));
  rmSync(directory, { recursive: true, force: true });
});

function makeFile(name: string, sizeBytes: number): string {
  const path = join(directory, name);
  writeFileSync(path, '');
  truncateSync(path, sizeBytes);
  return path;
}

async function open(path: string, options?: OpenOptions): Promise<BackingDevice> {
  const device = await openBackingDevice(path, options);
  opened.push(device);
  return device;
}

const ways: readonly [string, OpenOptions][] = [
  ['through threads', { blocking: 'threads', smallWrites: 'on-thread' }],
  ['at once while the disk is healthy', { blocking: 'threads', smallWrites: 'at-once-while-healthy' }],
  ['inline', { blocking: 'inline' }],
];
describe.each(ways)('a file as backing device, %s', (_way, way) => {
  test('what was written in pieces is in the file and reads back', async () => {
    const path = makeFile('disk', 4 * MIB);
    const device = await open(path, way);
    const data = randomBytes(MIB + 512);
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < data.length; at += 7777) pieces.push(data.subarray(at, at + 7777));
    expect(pieces.length).toBeGreaterThan(100); // more than one ring entry holds
    expect(await settled((done) => device.write(4096, pieces, done))).toBeNull();
    expect(await settled((done) => device.flush(done))).toBeNull();
    expect(sha(readFileSync(path).subarray(4096, 4096 + data.length))).toBe(sha(data));
    const into = Buffer.alloc(data.length);
    expect(await settled((done) => device.read(4096, into, done))).toBeNull();
    expect(sha(into)).toBe(sha(data));
    const small = Buffer.alloc(512);
    expect(await settled((done) => device.read(4096 + MIB, small, done))).toBeNull();
    expect(small.equals(data.subarray(MIB))).toBe(true);
  });

  test('thousands of requests at once complete, each once and never inside the call', async () => {
    const device = await open(makeFile('disk', 8 * MIB), way);
    const counts = new Int32Array(2000);
    let calling = false;
    const all = Array.from({ length: counts.length }, (_, i) => {
      const block = Buffer.alloc(4096, i % 251);
      calling = true;
      const promise = new Promise<void>((resolve, reject) =>
        device.write(i * 4096, [block], (error) => {
          if (calling) reject(new Error('completed inside the call'));
          if (error) reject(new Error(error.message));
          counts[i]! += 1;
          resolve();
        }),
      );
      return promise;
    });
    calling = false;
    await Promise.all(all);
    expect(counts.every((n) => n === 1)).toBe(true);
    const into = Buffer.alloc(counts.length * 4096);
    expect(await settled((done) => device.read(0, into, done))).toBeNull();
    for (let i = 0; i < counts.length; i++) expect(into[i * 4096 + 17]).toBe(i % 251);
  });

  test('a range outside the device is refused with EINVAL and touches nothing', async () => {
    const path = makeFile('disk', MIB);
    const device = await open(path, way);
    const error = await settled((done) => device.write(MIB - 512, [Buffer.alloc(1024, 1)], done));
    expect(error?.code).toBe('EINVAL');
    expect(error?.message).toContain(`${MIB} bytes`);
    expect(statSync(path).size).toBe(MIB);
    expect(readFileSync(path).every((byte) => byte === 0)).toBe(true);
  });

  test('discard and write-zeroes leave zeroes; discard gives the space back', async () => {
    const path = makeFile('disk', 4 * MIB);
    const device = await open(path, way);
    await settled((done) => device.write(0, [Buffer.alloc(4 * MIB, 0xaa)], done));
    await settled((done) => device.flush(done));
    const before = statSync(path).blocks;
    expect(await settled((done) => device.discard(0, 2 * MIB, done))).toBeNull();
    expect(await settled((done) => device.writeZeroes(2 * MIB, MIB, done))).toBeNull();
    const now = readFileSync(path);
    expect(now.subarray(0, 3 * MIB).every((byte) => byte === 0)).toBe(true);
    expect(now.subarray(3 * MIB).every((byte) => byte === 0xaa)).toBe(true);
    expect(statSync(path).blocks).toBeLessThan(before);
  });

  test('allocation tells data from holes', async () => {
    const device = await open(makeFile('disk', 4 * MIB), way);
    await settled((done) => device.write(MIB, [Buffer.alloc(MIB, 1)], done));
    const extents = await new Promise((resolve) => device.allocation?.(0, 4 * MIB, (_, found) => resolve(found)));
    expect(extents).toEqual([
      { lengthBytes: MIB, kind: 'hole' },
      { lengthBytes: MIB, kind: 'data' },
      { lengthBytes: 2 * MIB, kind: 'hole' },
    ]);
  });
});

test('a device in use is refused with EBUSY, in this process and to others, until it is closed', async () => {
  const path = makeFile('disk', MIB);
  const device = await openBackingDevice(path);
  await expect(openBackingDevice(path)).rejects.toMatchObject({ code: 'EBUSY' });
  const probe = `if ! flock -n -x ${path} true; then exit 7; fi`;
  expect(() => execFileSync('sh', ['-c', probe])).toThrow(expect.objectContaining({ status: 7 }));
  await settled((done) => device.close(done));
  execFileSync('sh', ['-c', probe]);
  await open(path);
});

test('what somebody else has locked is refused', async () => {
  const path = makeFile('disk', MIB);
  const holder: ChildProcess = spawn('flock', ['-x', path, 'sh', '-c', 'echo held; read line'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => holder.stdout?.once('data', resolve));
  await expect(openBackingDevice(path)).rejects.toMatchObject({ code: 'EBUSY' });
  holder.stdin?.end('\n');
  await new Promise((resolve) => holder.once('exit', resolve));
  await open(path);
});

test('a look at it, as udev takes one after each close, is waited for', async () => {
  const path = makeFile('disk', MIB);
  const look: ChildProcess = spawn('flock', ['-s', path, 'sh', '-c', 'echo held; read line'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => look.stdout?.once('data', resolve));
  const opening = open(path);
  const isOpen = jest.fn();
  void opening.then(isOpen);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(isOpen).not.toHaveBeenCalled();
  look.stdin?.end('\n');
  await opening;
});

test.each([
  ['a path that is not there', 'missing', 'ENOENT'],
  ['a directory', '.', 'EISDIR'],
])('%s is refused with %s and %s', async (_, name, code) => {
  await expect(openBackingDevice(join(directory, name))).rejects.toMatchObject({ code });
});

test('a FIFO is refused and the open does not wait for its other end', async () => {
  const path = join(directory, 'fifo');
  execFileSync('mkfifo', [path]);
  await expect(openBackingDevice(path)).rejects.toMatchObject({ code: 'ENOTBLK' });
});

test('the last block of a sparse file of 1 TiB is written and read', async () => {
  const path = makeFile('huge', 1024 ** 4);
  const device = await open(path);
  expect(device.sizeBytes).toBe(1024 ** 4);
  expect(await settled((done) => device.write(1024 ** 4 - 4096, [Buffer.alloc(4096, 3)], done))).toBeNull();
  const into = Buffer.alloc(4096);
  expect(await settled((done) => device.read(1024 ** 4 - 4096, into, done))).toBeNull();
  expect(into[0]).toBe(3);
});

test('a device opened for reading refuses writes with EROFS and still reads', async () => {
  const path = makeFile('disk', MIB);
  const device = await open(path, { access: 'read-only' });
  const error = await settled((done) => device.write(0, [Buffer.alloc(4096)], done));
  expect(error?.code).toBe('EROFS');
  expect(await settled((done) => device.read(0, Buffer.alloc(4096), done))).toBeNull();
});
