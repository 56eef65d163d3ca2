/**
 * Damaged superblocks, activity logs and dumps: whatever the damage, a command ends with an exit code and a sentence,
 * reading writes nothing, a refused change changes nothing, and no change leaves the metadata. One seed is one damage.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  decodeAnySuperblock,
  findProblem,
  isMetadataError,
  layoutOfSuperblock,
  MD_BLOCK_BYTES,
  metadataLayout,
  superblockOffset,
} from '@tsdrbd/engine/metadata';
import type { MetaDevice } from '../../src/device/meta-device';
import { runCaptured, type Captured } from '../support/run-captured';
import { damageBytes, damageText, randomOf, type Random } from './damages';

export interface Seeds {
  readonly first: number;
  readonly count: number;
}

const DISK_BYTES = 512 * 1024;
const DATA_BYTE = 0x5a;

const FORMATS = ['v09', 'v08', 'v07'] as const;
type Format = (typeof FORMATS)[number];
const READING = ['dump-md', 'dstate', 'get-gi', 'show-gi', 'dump-superblock', 'read-dev-uuid'];
const CHANGING = ['apply-al', 'outdate', 'invalidate', 'repair-md', 'check-resize', 'wipe-md', 'set-gi 11:22:33'];

let directory = '';

/** A file's worth of memory. */
class Disk {
  constructor(readonly bytes: Buffer) {}

  get device(): MetaDevice {
    const { bytes } = this;
    const part = (offset: number, length: number): Buffer => {
      if (offset < 0 || offset + length > bytes.length) throw new Error(`${length} bytes at ${offset} of the disk`);
      return bytes.subarray(offset, offset + length);
    };
    return {
      path: './disk',
      kind: 'file',
      sizeBytes: bytes.length,
      read: (offset, length) => Buffer.from(part(offset, length)),
      write: (offset, data) => void part(offset, data.length).set(data),
      writeZeroes: (offset, length) => void part(offset, length).fill(0),
      flush: () => undefined,
      close: () => undefined,
    };
  }
}

const placeOf = (format: Format): string => (format === 'v07' ? 'flex-internal' : 'internal');

function command(disk: Disk, format: Format, words: readonly string[]): Promise<Captured> {
  const options = words[0]?.endsWith('-gi') ? ['--node-id=1'] : [];
  return runCaptured(directory, [...options, '-', format, './disk', placeOf(format), ...words], {
    open: () => disk.device,
    lockMinor: async () => ({ release: () => undefined }),
  });
}

const layoutOf = (format: Format) =>
  metadataLayout({ deviceSizeBytes: DISK_BYTES, placement: 'internal', maxPeers: format === 'v09' ? 3 : 1 });

/** With something in every part: generations, bits, transactions. */
async function healthy(format: Format): Promise<Disk> {
  const disk = new Disk(Buffer.alloc(DISK_BYTES, DATA_BYTE));
  const size = layoutOf(format).usableDataSectors;
  const words = ['--force', 'create-md', ...(format === 'v09' ? ['3'] : []), `--effective-size=${size}`];
  expect(await command(disk, format, [...words, '--initialize-bitmap=set-all'])).toMatchObject({ exitCode: 0 });
  const gi = format === 'v07' ? '1:5:5:5:5:5:1' : 'AAA0:BBB0:CCC0:DDD0:1:1:0:1:1';
  await command(disk, format, ['set-gi', gi, '--force']);
  return disk;
}

/** A dump may say that the log is larger, so that the metadata starts further in front. */
function layoutNow(disk: Disk, format: Format) {
  const offset = superblockOffset('internal', DISK_BYTES);
  const superblock = decodeAnySuperblock(format, disk.bytes.subarray(offset, offset + MD_BLOCK_BYTES));
  if (isMetadataError(superblock)) return null;
  if (findProblem(superblock, { placement: 'internal', deviceSizeBytes: DISK_BYTES }) !== null) return null;
  return layoutOfSuperblock(superblock, { placement: 'internal', superblockOffsetBytes: offset });
}

async function checkCommand(disk: Disk, format: Format, words: readonly string[]): Promise<void> {
  const before = Buffer.from(disk.bytes);
  const { exitCode, stdout, stderr } = await command(disk, format, words);
  expect(exitCode === 0 || stdout + stderr !== '' || SILENT.has(words[0] ?? '')).toBe(true);
  const layout = layoutNow(disk, format) ?? layoutOf(format);
  if (exitCode !== 0 || READING.includes(words[0] ?? '')) expect(disk.bytes.equals(before)).toBe(true);
  // The data stays what it is whatever the metadata claims to be.
  const start = layout.bitmapOffsetBytes;
  expect(disk.bytes.subarray(0, start).equals(before.subarray(0, start))).toBe(true);
  const end = layout.superblockOffsetBytes + MD_BLOCK_BYTES;
  expect(disk.bytes.subarray(end).equals(before.subarray(end))).toBe(true);
}

/** Without metadata they fail without a word, as the original. */
const SILENT = new Set(['get-gi', 'show-gi', 'set-gi', 'outdate', 'invalidate', 'read-dev-uuid']);

function pick<T>(random: Random, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)] as T;
}

async function inContext(seed: number, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw new Error(`seed ${seed}, ${what}: ${(error as Error).message}`, { cause: error });
  }
}

export async function playDamagedDisks({ first, count }: Seeds): Promise<void> {
  await inDirectory(async () => {
    const disks = { v07: await healthy('v07'), v08: await healthy('v08'), v09: await healthy('v09') };
    for (let seed = first; seed < first + count; seed++) {
      const random = randomOf(seed);
      const format = pick(random, FORMATS);
      const layout = layoutOf(format);
      const disk = new Disk(Buffer.from(disks[format].bytes));
      const isLog = random() < 0.3;
      const offset = isLog ? layout.alOffsetBytes : layout.superblockOffsetBytes;
      damageBytes(random, disk.bytes.subarray(offset, offset + (isLog ? layout.alSizeBytes : 0x500)));
      const words = pick(random, random() < 0.5 ? READING : CHANGING).split(' ');
      if (random() < 0.5) words.push('--force');
      await inContext(seed, `${format} ${words.join(' ')}`, () => checkCommand(disk, format, words));
    }
  });
}

export async function playDamagedDumps({ first, count }: Seeds): Promise<void> {
  await inDirectory(async () => {
    const dumps = new Map<Format, string>();
    for (const format of FORMATS) {
      dumps.set(format, (await command(await healthy(format), format, ['--force', 'dump-md'])).stdout);
    }
    const path = join(directory, 'dump');
    for (let seed = first; seed < first + count; seed++) {
      const random = randomOf(seed);
      const format = pick(random, FORMATS);
      writeFileSync(path, damageText(random, dumps.get(format) ?? ''), 'latin1');
      const disk = new Disk(Buffer.alloc(DISK_BYTES));
      const words = random() < 0.2 ? ['verify-dump', path] : ['--force', 'restore-md', path];
      await inContext(seed, `${format} ${words.join(' ')}`, () => checkCommand(disk, format, words));
    }
  });
}

async function inDirectory(work: () => Promise<void>): Promise<void> {
  directory = mkdtempSync(join(tmpdir(), 'tsdrbdmeta-damage-'));
  try {
    await work();
  } finally {
    rmSync(directory, { recursive: true });
  }
}
