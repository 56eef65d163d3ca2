/** Foreign clients against our server: libnbd's tools, qemu's, fio. A tool that is missing shows as a skipped test. */
import { execFile, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createDeviceVolume, type DeviceVolume, type DeviceVolumeOptions } from '../../../test/support/device-volume';
import { type BackingDevice, openBackingDevice } from '../../storage';
import { createNbdServer, type NbdServer, type NbdServerOptions } from './server';

const MIB = 1024 * 1024;
const SIZE = 64 * MIB;

interface Exported {
  readonly uri: string;
  readonly path: string;
  readonly volume: DeviceVolume;
}

let directory: string;
let cleanups: (() => Promise<unknown>)[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tsdrbd-nbd-'));
  cleanups = [];
});
afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
  rmSync(directory, { recursive: true, force: true });
});

async function exportFile(
  options: Partial<DeviceVolumeOptions> & Pick<NbdServerOptions, 'mode'> = {},
  prepare: (path: string) => void = () => {},
): Promise<Exported> {
  const path = join(directory, 'disk.img');
  writeFileSync(path, '');
  truncateSync(path, SIZE);
  prepare(path);
  const device: BackingDevice = await openBackingDevice(path);
  cleanups.push(() => new Promise((resolve) => device.close(resolve)));
  const volume = createDeviceVolume({ name: 'r0/0', ...options }, device);
  const server: NbdServer = createNbdServer(
    {
      exports: { find: (name) => (name === '' || name === 'r0/0' ? volume : undefined), list: () => [volume] },
      ...(options.mode && { mode: options.mode }),
    },
    { report() {} },
  );
  cleanups.push(() => server.close('graceful'));
  const socket = join(directory, 'nbd.sock');
  await server.listen({ kind: 'unix', path: socket });
  return { uri: `nbd+unix:///?socket=${socket}`, path, volume };
}

interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const run = (program: string, ...argv: string[]): Promise<Outcome> =>
  new Promise((resolve) => {
    execFile(program, argv, { cwd: directory, timeout: 60_000 }, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ status, stdout, stderr });
    });
  });
const succeeds = async (program: string, ...argv: string[]): Promise<string> => {
  const outcome = await run(program, ...argv);
  if (outcome.status !== 0) throw new Error(`${program} ${argv.join(' ')}: ${outcome.stdout}${outcome.stderr}`);
  return outcome.stdout;
};

async function sha(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Random data with a hole in its middle. */
function makeImage(path: string): void {
  writeFileSync(path, randomBytes(10 * MIB));
  truncateSync(path, SIZE);
}

const withTool = (program: string): jest.It => (spawnSync('which', [program]).status === 0 ? test : test.skip);

withTool('nbdinfo')('nbdinfo sees size, flags, block sizes and allocation', async () => {
  const { uri } = await exportFile({}, makeImage);
  const { exports: found } = JSON.parse(await succeeds('nbdinfo', '--json', uri)) as { exports: unknown[] };
  expect(found[0]).toMatchObject({
    'export-size': SIZE,
    is_read_only: false,
    can_flush: true,
    can_fua: true,
    can_trim: true,
    can_zero: true,
    can_df: true,
    can_multi_conn: true,
    can_cache: false,
    can_fast_zero: false,
    block_size_minimum: 512,
    block_size_preferred: 4096,
    block_size_maximum: 32 * MIB,
    contexts: ['base:allocation'],
  });
  expect(await succeeds('nbdinfo', '--list', uri)).toContain('export="r0/0"');
  const map = JSON.parse(await succeeds('nbdinfo', '--map', '--json', uri)) as object[];
  expect(map).toMatchObject([
    { offset: 0, length: 10 * MIB, type: 0 },
    { offset: 10 * MIB, length: 54 * MIB, type: 3 },
  ]);
});

withTool('qemu-img')('a refused open shows its message to the person at the client', async () => {
  const message = 'r0/0 is Secondary on alice; promote it with: tsdrbdadm primary r0';
  const { uri } = await exportFile({ refusal: { kind: 'refused', errno: 'EROFS', message } });
  const outcome = await run('qemu-img', 'info', uri);
  expect(outcome.status).not.toBe(0);
  expect(outcome.stderr).toContain(message);
});

withTool('nbdcopy')('nbdcopy writes an image and reads it back', async () => {
  const { uri, path, volume } = await exportFile();
  const image = join(directory, 'image');
  makeImage(image);
  await succeeds('nbdcopy', '--flush', image, uri);
  expect(await sha(path)).toBe(await sha(image));
  await succeeds('nbdcopy', uri, join(directory, 'back'));
  expect(await sha(join(directory, 'back'))).toBe(await sha(image));
  expect(volume.openCount).toBe(0);
});

withTool('qemu-img')('qemu-img converts to and from the device, compares and maps it', async () => {
  const { uri } = await exportFile();
  const image = join(directory, 'image');
  makeImage(image);
  await succeeds('qemu-img', 'convert', '-n', '-f', 'raw', '-O', 'raw', image, uri);
  expect(await succeeds('qemu-img', 'compare', '-f', 'raw', '-F', 'raw', image, uri)).toContain('identical');
  await succeeds('qemu-img', 'convert', '-f', 'raw', '-O', 'raw', uri, join(directory, 'back'));
  expect(await sha(join(directory, 'back'))).toBe(await sha(image));
  const map = JSON.parse(await succeeds('qemu-img', 'map', '--output=json', '-f', 'raw', uri)) as object[];
  expect(map[0]).toMatchObject({ start: 0, length: 10 * MIB, zero: false, data: true });
});

withTool('qemu-io')('qemu-io writes, zeroes, discards and reads, in unaligned and huge requests', async () => {
  const { uri } = await exportFile();
  const commands = [
    'write -P 0x11 0 40M', // more than the largest payload: qemu splits
    'write -f -P 0x22 1M 4k',
    'write -z 2M 1M',
    'write -z -u 4M 2M',
    'discard 8M 2M',
    'write -P 0x33 9000 100', // read-modify-write in qemu
    'flush',
    'read -P 0x11 512k 8k',
    'read -P 0x22 1M 4k',
    'read -P 0 2M 1M',
    'read -P 0 4M 2M',
    'read -P 0 8M 2M',
    'read -P 0x33 9000 100',
    'read -P 0x11 9100 100',
  ];
  const stdout = await succeeds('qemu-io', '-f', 'raw', ...commands.flatMap((command) => ['-c', command]), uri);
  expect(stdout).not.toMatch(/fail|error/i);
});

withTool('qemu-io')('a read-only export is written by nobody', async () => {
  const { uri, path } = await exportFile({ mode: 'read-only' }, makeImage);
  const before = await sha(path);
  expect((await run('qemu-io', '-f', 'raw', '-c', 'write 0 4k', uri)).status).not.toBe(0);
  expect((await run('qemu-io', '-r', '-f', 'raw', '-c', 'read 0 4k', uri)).status).toBe(0);
  expect(await sha(path)).toBe(before);
});

withTool('fio')('fio verifies random writes of mixed sizes on two connections', async () => {
  const { uri } = await exportFile();
  const job = (name: string, offset: string): string[] => [
    `--name=${name}`,
    '--ioengine=nbd',
    `--uri=${uri}`,
    '--rw=randwrite',
    '--bsrange=4k-1m',
    '--iodepth=32',
    `--offset=${offset}`,
    '--size=24m',
    '--verify=crc32c',
    '--do_verify=1',
    '--verify_fatal=1',
    '--randseed=7',
  ];
  const stdout = await succeeds('fio', '--output-format=json', ...job('a', '0'), ...job('b', '32m'));
  const { jobs } = JSON.parse(stdout.slice(stdout.indexOf('{'))) as {
    jobs: { error: number; read: { total_ios: number } }[];
  };
  expect(jobs.map((job) => job.error)).toEqual([0, 0]);
  for (const job of jobs) expect(job.read.total_ios).toBeGreaterThan(20);
});
