/** The installed drbdmeta and ours, each on loop devices of its own. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOfBlocks } from '../stories/image-digest';
import {
  attachLoop,
  detachLoop,
  diskDirectory,
  flushLoop,
  hasLoopDevices,
  isInstalled,
  resizeLoop,
} from '../support/loop-device';
import { runCaptured, type Captured } from '../support/run-captured';
import { dataBlocks } from '../support/sparse-file';

/** Needs root, losetup and drbdmeta; without them every test is reported as skipped. */
export const canRun = hasLoopDevices && isInstalled('drbdmeta');
export const maybe: jest.It = canRun ? test : test.skip;
export const title = (what: string): string => (canRun ? what : `${what} (skipped: needs root, losetup and drbdmeta)`);

let directory = '';
const loops: string[] = [];

/** To be called before and after each test. */
export function makeDirectory(): string {
  directory = mkdtempSync(join(diskDirectory(), 'tsdrbdmeta-interop-'));
  return directory;
}

export function removeDirectory(): void {
  for (const loop of loops.splice(0)) detachLoop(loop);
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
  const loop = attachLoop(image);
  loops.push(loop);
  return { loop, image };
}

export function grow({ loop, image }: LoopDisk, byBytes: number): void {
  truncateSync(image, statSync(image).size + byBytes);
  resizeLoop(loop);
}

export function theirs(...words: readonly string[]): Captured {
  const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
  const { status, stdout, stderr } = spawnSync('drbdmeta', words, { encoding: 'utf8', env, input: '' });
  return { exitCode: status ?? -1, stdout, stderr };
}

/** Failures have the numbers that 9.22 knows (metadata.md 6.6). */
export async function ours(...words: readonly string[]): Promise<Captured> {
  const captured = await runCaptured(directory, words);
  return captured.exitCode === 255 ? { ...captured, exitCode: 1 } : captured;
}

/** Stands for every byte of the disk. Loop devices cache what their file holds. */
export function contentOf({ loop, image }: LoopDisk): string {
  flushLoop(loop);
  return digestOfBlocks(dataBlocks(image), { sizeBytes: statSync(image).size, masks: [] });
}

/** 9.22 knows no members line and, for v08, no flags; time, host and command line are anybody's. */
export function comparable(dump: string, format: string): string {
  const lines = dump.split('\n').filter((line) => !line.startsWith('members ') && !/^# (\d{4}-|\S+> )/.test(line));
  return format === 'v08' ? lines.filter((line) => !line.includes('flags 0x')).join('\n') : lines.join('\n');
}
