import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
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
      await rm(record, { force: true });
      return EXIT_OK;
    }
    const text = `${await sizeBytes(dataDevice)}\t${dataDevice}\n`;
    const before = await readFile(record, 'utf8').catch(() => '');
    if (before.startsWith(text)) return EXIT_OK;
    await mkdir(join(record, '..'), { recursive: true });
    await writeFile(record, text);
    return EXIT_OK;
  },
};

/** Of a file or a block device: both tell by seeking to the end, which Node offers for block devices by reading. */
async function sizeBytes(path: string): Promise<number> {
  try {
    const handle = await open(path, 'r');
    try {
      const info = await handle.stat();
      if (info.isFile()) return info.size;
      return await blockDeviceBytes(info.rdev);
    } finally {
      await handle.close();
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^[A-Z]+: |, \w+ '.*'$/g, '') : String(error);
    throw new SetupExit(EXIT_NO_DISK, `Could not open ${path}: ${reason}.\n`);
  }
}

async function blockDeviceBytes(deviceNumber: number): Promise<number> {
  const major = (deviceNumber >> 8) & 0xfff;
  const minor = (deviceNumber & 0xff) | ((deviceNumber >> 12) & 0xfff00);
  const sectorCount = await readFile(`/sys/dev/block/${major}:${minor}/size`, 'utf8');
  return Number(sectorCount) * 512;
}
