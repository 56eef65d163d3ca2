/** Files behind loop devices, for what works on block devices alone. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const isInstalled = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

/** Needs root, losetup, and a kernel with loop devices. */
export const hasLoopDevices = process.getuid?.() === 0 && spawnSync('losetup', ['-f']).status === 0;

const MEMORY_BYTES_MIN = 1024 ** 3;

/** For sparse images: in memory where there is room, since nothing there waits for a disk, and files may be of any size. */
export function imageDirectory(): string {
  const inMemory = '/dev/shm';
  if (!existsSync(inMemory)) return tmpdir();
  const { bavail, bsize } = statfsSync(inMemory);
  return bavail * bsize >= MEMORY_BYTES_MIN ? inMemory : tmpdir();
}

const TMPFS_MAGIC = 0x01021994;

/** For what drbdmeta clears: it would fill the memory with zeroes. */
export function diskDirectory(): string {
  if (statfsSync(tmpdir()).type !== TMPFS_MAGIC) return tmpdir();
  const cache = join(__dirname, '../../../../.cache');
  mkdirSync(cache, { recursive: true });
  return cache;
}

/** Returns the path of the device. */
export function attachLoop(file: string): string {
  return run('losetup', '-f', '--show', file).trim();
}

export function detachLoop(loop: string): void {
  run('losetup', '-d', loop);
}

/** The device takes the present size of its file. */
export function resizeLoop(loop: string): void {
  run('losetup', '-c', loop);
}

/** Forgets what the kernel has cached of a device whose file was changed. */
export function flushLoop(loop: string): void {
  run('blockdev', '--flushbufs', loop);
}

function run(program: string, ...words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${words.join(' ')}: ${stderr}`);
  return stdout;
}
