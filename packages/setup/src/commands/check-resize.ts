import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT_NO_DISK, EXIT_OK, SetupExit } from '../setup-exit';
import type { QueryCommand } from './command';
import { findDevice } from './one-line-queries';

const LAST_KNOWN_DIR = '/var/lib/drbd';

/**
 * Remembers size and name of the backing device, so that tsdrbdmeta finds internal metadata after the device grew while
 * it was detached. `DRBD_LAST_KNOWN_DIR` moves the records. Source: setup.md 1.4.
 */
export const checkResize: QueryCommand = {
  kind: 'query',
  name: 'check-resize',
  summary: 'Remember the current size of a lower-level device.',
  arguments: ['minor'],
  options: [],
  async run({ io, client }, args) {
    const { device } = findDevice((await client.state()) ?? { resources: [] }, args);
    if (device.backing === null) return EXIT_OK;
    const record = join(io.env['DRBD_LAST_KNOWN_DIR'] || LAST_KNOWN_DIR, `drbd-minor-${device.minor}.lkbd`);
    const { dataDevice, metaIndex } = device.backing;
    if (metaIndex !== 'internal') {
      rmSync(record, { force: true });
      return EXIT_OK;
    }
    const text = `${sizeBytes(dataDevice)}\t${dataDevice}\n`;
    if (readIfThere(record).startsWith(text)) return EXIT_OK;
    mkdirSync(join(record, '..'), { recursive: true });
    writeFileSync(record, text);
    return EXIT_OK;
  },
};

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Of a file or a block device: both tell by seeking to the end, which Node offers for block devices by reading. */
function sizeBytes(path: string): number {
  try {
    const fd = openSync(path, 'r');
    try {
      const info = fstatSync(fd);
      return info.isFile() ? info.size : blockDeviceBytes(info.rdev);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    const { message } = error as NodeJS.ErrnoException;
    const reason = message.replace(/^[A-Z]+: |, \w+ '.*'$/g, '');
    throw new SetupExit(EXIT_NO_DISK, `Could not open ${path}: ${reason}.\n`);
  }
}

function blockDeviceBytes(deviceNumber: number): number {
  const major = (deviceNumber >> 8) & 0xfff;
  const minor = (deviceNumber & 0xff) | ((deviceNumber >> 12) & 0xfff00);
  return Number(readFileSync(`/sys/dev/block/${major}:${minor}/size`, 'utf8')) * 512;
}
