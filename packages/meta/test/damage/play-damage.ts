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
/** A bitmap of 512 KiB has room for much more than a test needs to read. */
const DATA_SECTORS_MAX = 2048;

/** What is damaged: metadata of a format, in a place as the command line names it. */
interface Kind {
  readonly format: 'v07' | 'v08' | 'v09';
  readonly index: 'internal' | 'flex-internal' | 'flex-external';
}
const KINDS: readonly Kind[] = [
  { format: 'v09', index: 'internal' },
  { format: 'v09', index: 'flex-external' },
  { format: 'v08', index: 'internal' },
  { format: 'v08', index: 'flex-external' },
  { format: 'v07', index: 'flex-internal' },
];
const READING = ['dump-md', 'dstate', 'get-gi', 'show-gi', 'dump-superblock', 'hexdump-superblock', 'read-dev-uuid'];
const CHANGING = [
  'apply-al',
  'outdate',
  'invalidate',
  'repair-md',
  'check-resize',
  'wipe-md',
  'set-gi 11:22:33',
  'forget-peer',
  'write-dev-uuid 42',
  'create-md 3',
];
/** Those that want to know which peer. */
const OF_PEER = ['get-gi', 'show-gi', 'set-gi', 'forget-peer'];

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

function command(disk: Disk, { format, index }: Kind, words: readonly string[]): Promise<Captured> {
  const options = OF_PEER.includes(words[0] ?? '') ? ['--node-id=1'] : [];
  return runCaptured(directory, [...options, '-', format, './disk', index, ...words], {
    open: () => disk.device,
    lockMinor: async () => ({ release: () => undefined }),
  });
}

const placementOf = ({ index }: Kind) => (index === 'flex-external' ? index : 'internal');

const layoutOf = (kind: Kind) =>
  metadataLayout({
    deviceSizeBytes: DISK_BYTES,
    placement: placementOf(kind),
    maxPeers: kind.format === 'v09' ? 3 : 1,
  });

/** With something in every part: generations, bits, transactions. */
async function healthy(kind: Kind): Promise<Disk> {
  const { format, index } = kind;
  const disk = new Disk(Buffer.alloc(DISK_BYTES, index === 'flex-external' ? 0 : DATA_BYTE));
  const size = Math.min(layoutOf(kind).usableDataSectors, DATA_SECTORS_MAX);
  const words = ['--force', 'create-md', ...(format === 'v09' ? ['3'] : []), `--effective-size=${size}s`];
  expect(await command(disk, kind, [...words, '--initialize-bitmap=set-all'])).toMatchObject({ exitCode: 0 });
  const gi = format === 'v07' ? '1:5:5:5:5:5:1' : 'AAA0:BBB0:CCC0:DDD0:1:1:0:1:1';
  await command(disk, kind, ['set-gi', gi, '--force']);
  return disk;
}

/** A dump may say that the log is larger, so that the metadata starts further in front. */
function layoutNow(disk: Disk, kind: Kind) {
  const placement = placementOf(kind);
  const offset = superblockOffset(placement, DISK_BYTES);
  const superblock = decodeAnySuperblock(kind.format, disk.bytes.subarray(offset, offset + MD_BLOCK_BYTES));
  if (isMetadataError(superblock)) return null;
  if (findProblem(superblock, { placement, deviceSizeBytes: DISK_BYTES }) !== null) return null;
  return layoutOfSuperblock(superblock, { placement, superblockOffsetBytes: offset });
}

async function checkCommand(disk: Disk, kind: Kind, words: readonly string[]): Promise<void> {
  const before = Buffer.from(disk.bytes);
  const { exitCode, stdout, stderr } = await command(disk, kind, words);
  expect(exitCode === 0 || stdout + stderr !== '' || SILENT.has(words[0] ?? '')).toBe(true);
  if (exitCode !== 0 || READING.includes(words[0] ?? '')) expect(disk.bytes.equals(before)).toBe(true);
  // A device for metadata alone has nothing outside it.
  if (kind.index === 'flex-external') return;
  const layout = layoutNow(disk, kind) ?? layoutOf(kind);
  // The data stays what it is whatever the metadata claims to be.
  const start = layout.bitmapOffsetBytes;
  expect(disk.bytes.subarray(0, start).equals(before.subarray(0, start))).toBe(true);
  const end = layout.superblockOffsetBytes + MD_BLOCK_BYTES;
  expect(disk.bytes.subarray(end).equals(before.subarray(end))).toBe(true);
}

/** Without metadata they fail without a word, as the original. */
const SILENT = new Set([...OF_PEER, 'outdate', 'invalidate', 'read-dev-uuid', 'write-dev-uuid']);

function pick<T>(random: Random, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)] as T;
}

async function inContext(seed: number, { format, index }: Kind, words: readonly string[], work: () => Promise<void>) {
  try {
    await work();
  } catch (error) {
    const what = `${format} ${index} ${words.join(' ')}`;
    throw new Error(`seed ${seed}, ${what}: ${(error as Error).message}`, { cause: error });
  }
}

export async function playDamagedDisks({ first, count }: Seeds): Promise<void> {
  await inDirectory(async () => {
    const disks = await each(async (kind) => (await healthy(kind)).bytes);
    for (let seed = first; seed < first + count; seed++) {
      const random = randomOf(seed);
      const [kind, bytes] = pick(random, disks);
      const layout = layoutOf(kind);
      const disk = new Disk(Buffer.from(bytes));
      const isLog = random() < 0.3;
      const offset = isLog ? layout.alOffsetBytes : layout.superblockOffsetBytes;
      damageBytes(random, disk.bytes.subarray(offset, offset + (isLog ? layout.alSizeBytes : 0x500)));
      const words = pick(random, random() < 0.5 ? READING : CHANGING).split(' ');
      if (random() < 0.5) words.push('--force');
      await inContext(seed, kind, words, () => checkCommand(disk, kind, words));
    }
  });
}

export async function playDamagedDumps({ first, count }: Seeds): Promise<void> {
  await inDirectory(async () => {
    const dumps = await each(async (kind) => (await command(await healthy(kind), kind, ['--force', 'dump-md'])).stdout);
    const path = join(directory, 'dump');
    for (let seed = first; seed < first + count; seed++) {
      const random = randomOf(seed);
      const [kind, dump] = pick(random, dumps);
      writeFileSync(path, damageText(random, dump), 'latin1');
      const disk = new Disk(Buffer.alloc(DISK_BYTES));
      const words = random() < 0.2 ? ['verify-dump', path] : ['--force', 'restore-md', path];
      await inContext(seed, kind, words, () => checkCommand(disk, kind, words));
    }
  });
}

async function each<T>(make: (kind: Kind) => Promise<T>): Promise<readonly (readonly [Kind, T])[]> {
  const made: (readonly [Kind, T])[] = [];
  for (const kind of KINDS) made.push([kind, await make(kind)]);
  return made;
}

async function inDirectory(work: () => Promise<void>): Promise<void> {
  directory = mkdtempSync(join(tmpdir(), 'tsdrbdmeta-damage-'));
  try {
    await work();
  } finally {
    rmSync(directory, { recursive: true });
  }
}
