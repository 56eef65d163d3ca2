/** The installed drbdmeta and ours, each on loop devices of its own. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCaptured, type Captured } from '../support/run-captured';

/** Needs root, losetup and drbdmeta; without them every test is reported as skipped. */
export const canRun =
  process.getuid?.() === 0 && ['drbdmeta', 'losetup'].every((name) => isInstalled(name)) && hasLoopDevices();
export const maybe: jest.It = canRun ? test : test.skip;

function isInstalled(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
}

function hasLoopDevices(): boolean {
  return spawnSync('losetup', ['-f']).status === 0;
}

let directory = '';
const loops: string[] = [];

/** To be called before and after each test. */
export function makeDirectory(): string {
  directory = mkdtempSync(join(tmpdir(), 'tsdrbdmeta-interop-'));
  return directory;
}

export function removeDirectory(): void {
  for (const loop of loops.splice(0)) spawnSync('losetup', ['-d', loop]);
  rmSync(directory, { recursive: true });
}

export interface LoopDisk {
  readonly loop: string;
  readonly image: string;
}

/** An image behind a loop device. */
export function attach(name: string, sizeBytes: number): LoopDisk {
  const image = join(directory, name);
  writeFileSync(image, '');
  truncateSync(image, sizeBytes);
  const { stdout, status, stderr } = spawnSync('losetup', ['-f', '--show', image], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`losetup: ${stderr}`);
  const loop = stdout.trim();
  loops.push(loop);
  return { loop, image };
}

export function theirs(...words: readonly string[]): Captured {
  const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
  const { status, stdout, stderr } = spawnSync('drbdmeta', words, { encoding: 'utf8', env, input: '' });
  return { exitCode: status ?? -1, stdout, stderr };
}

export const ours = (...words: readonly string[]): Promise<Captured> => runCaptured(directory, words);

/** Loop devices cache what their file holds. */
export function bytesOf(disk: LoopDisk): Buffer {
  flush(disk);
  return readFileSync(disk.image);
}

export function flush({ loop }: LoopDisk): void {
  spawnSync('blockdev', ['--flushbufs', loop]);
}

/** 9.22 knows no members line and, for v08, no flags; time, host and command line are anybody's. */
export function comparable(dump: string, format: string): string {
  const lines = dump.split('\n').filter((line) => !line.startsWith('members ') && !/^# (\d{4}-|\S+> )/.test(line));
  return format === 'v08' ? lines.filter((line) => !line.includes('flags 0x')).join('\n') : lines.join('\n');
}
