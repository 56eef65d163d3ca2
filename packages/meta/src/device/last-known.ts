/**
 * Where internal metadata was when it was last written: lets it be found again after the device was resized while
 * nobody looked. A text file `drbd-minor-MINOR.lkbd`:
 *
 *     SIZE<TAB>DEVICE<LF>
 *     uuid:<TAB>16 hexadecimal digits<LF>      (only with a device UUID)
 *
 * Source: metadata.md 6.7.
 */
import { mkdirSync, openSync, closeSync, fsyncSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { hex64 } from '../hex';

export interface LastKnown {
  readonly sizeBytes: number;
  readonly devicePath: string;
  /** 0n: none was stored. */
  readonly deviceUuid: bigint;
}

export function lastKnownPath(stateDirectory: string, minor: number): string {
  return join(stateDirectory, `drbd-minor-${minor}.lkbd`);
}

/** null: nothing is known, or the file says nothing that can be understood. */
export function readLastKnown(path: string): LastKnown | null {
  const match = /^(\d+)\t(.*)\n(?:uuid:\t([0-9A-Fa-f]{16})\n)?/.exec(textOf(path));
  if (match?.[1] === undefined || match[2] === undefined) return null;
  const deviceUuid = match[3] === undefined ? 0n : BigInt(`0x${match[3]}`);
  return { sizeBytes: Number(match[1]), devicePath: match[2], deviceUuid };
}

/** Missing or unreadable alike: it is only a hint. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** Returns what went wrong, or null. The file is a convenience: failing to write it fails no command. */
export function writeLastKnown(stateDirectory: string, minor: number, value: LastKnown): string | null {
  const uuidLine = value.deviceUuid === 0n ? '' : `uuid:\t${hex64(value.deviceUuid)}\n`;
  const text = `${value.sizeBytes}\t${value.devicePath}\n${uuidLine}`;
  const path = lastKnownPath(stateDirectory, minor);
  // Mostly it says so already, and need not be in danger.
  if (textOf(path) === text) return null;
  try {
    mkdirSync(stateDirectory, { recursive: true });
    const fd = openSync(path, 'w', 0o600);
    writeSync(fd, text, null, 'latin1');
    fsyncSync(fd);
    closeSync(fd);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

export function removeLastKnown(stateDirectory: string, minor: number): void {
  try {
    rmSync(lastKnownPath(stateDirectory, minor), { force: true });
  } catch {
    // A hint that cannot be removed is checked against the device before it is believed.
  }
}
