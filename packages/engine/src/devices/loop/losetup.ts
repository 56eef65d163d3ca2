/** Loop devices, through util-linux's losetup(8). */
import { readFileSync } from 'node:fs';
import { deviceNumberOf, type DeviceNumber } from '../device-numbers';
import type { RunTool } from '../run-tool';

export interface LoopDevice {
  /** `loop3`. */
  readonly name: string;
  /** `/dev/loop3`: for losetup, whatever directory our own nodes are in. */
  readonly path: string;
  readonly deviceNumber: DeviceNumber;
}

export class LoopError extends Error {}

const ATTACH_TRIES = 3;

/** Throws LoopError. */
export async function attachLoop(run: RunTool, backingFile: string): Promise<LoopDevice> {
  for (let tries = ATTACH_TRIES; ; tries--) {
    // Direct I/O: many requests at a time, and data in the page cache once only.
    const outcome = await run('losetup', ['--find', '--show', '--direct-io=on', backingFile]);
    const path = outcome.stdout.trim();
    if (outcome.exitCode === 0 && path.startsWith('/dev/')) {
      const name = path.slice('/dev/'.length);
      return { name, path, deviceNumber: deviceNumberOf(name) };
    }
    // Somebody else was faster with the device that was free.
    if (tries > 1 && /busy/i.test(outcome.stderr)) continue;
    throw new LoopError(`losetup: ${outcome.stderr || `exit code ${String(outcome.exitCode)}`}`);
  }
}

/** While somebody has it open the kernel keeps it, and takes it away with the last close. */
export async function detachLoop(
  run: RunTool,
  device: LoopDevice,
  backingFile: string,
): Promise<'detached' | 'in use'> {
  if (loopBackingFile(device.name) !== backingFile) return 'detached';
  await run('losetup', ['--detach', device.path]);
  return loopBackingFile(device.name) === backingFile ? 'in use' : 'detached';
}

/** The kernel reads the file's size anew. It knows it from the last question, so that one comes first. */
export async function resizeLoop(run: RunTool, device: LoopDevice, backingFile: string): Promise<void> {
  await run('stat', [backingFile]);
  const outcome = await run('losetup', ['--set-capacity', device.path]);
  if (outcome.exitCode !== 0) throw new LoopError(`losetup: ${outcome.stderr}`);
}

/** Null: not attached. Does not wait for anybody: sysfs knows it. */
export function loopBackingFile(name: string): string | null {
  try {
    return readFileSync(`/sys/block/${name}/loop/backing_file`, 'utf8')
      .trimEnd()
      .replace(/ \(deleted\)$/, '');
  } catch {
    return null; // The directory is there as long as something is attached.
  }
}
