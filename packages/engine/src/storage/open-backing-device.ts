import { constants } from 'node:fs';
import { closeSync, fstatSync, openSync, readFileSync, statfsSync } from 'node:fs';
import type { BackingDevice } from './backing-device';
import { createDiskDevice, type DiskDeviceOptions } from './disk-device';
import { inUse, lockDevice } from './lock';
import { openProbeFile } from './probe-file';
import { storageError } from './storage-error';
import { BLKGETSIZE64, BLKPBSZGET, BLKROGET, BLKSSZGET, errnoName, systemCalls } from './system-calls';

export interface OpenOptions {
  /** Default `read-write`. */
  readonly access?: 'read-only' | 'read-write';
  /** `exclusive` (default): nobody else may hold the device; see lock.ts. */
  readonly sharing?: 'exclusive' | 'shared';
  /** Default `threads`; see DiskDeviceOptions. Memory file systems are always inline. */
  readonly blocking?: 'threads' | 'inline';
  /** Default `at-once-while-healthy`; see write-lease.ts. */
  readonly smallWrites?: 'at-once-while-healthy' | 'on-thread';
}

/** Multiple of a file's length that counts; the tail of an odd-sized file is not used. */
const FILE_SECTOR_BYTES = 512;
const FILE_PHYSICAL_BYTES = 4096;
const TMPFS_MAGIC = 0x01021994;

/** Opens a block device or regular file; rejects with a StorageFailure (ENOENT, EACCES, EROFS, EBUSY, ENOTBLK...). */
export async function openBackingDevice(path: string, options: OpenOptions = {}): Promise<BackingDevice> {
  const wantsProbe =
    (options.blocking ?? 'threads') === 'threads' &&
    (options.access ?? 'read-write') === 'read-write' &&
    (options.smallWrites ?? 'at-once-while-healthy') === 'at-once-while-healthy';
  const found = await openLocked(path, options);
  if (!wantsProbe || found.blocking === 'inline') return createDiskDevice({ ...found, probeFd: -1 });
  return createDiskDevice({ ...found, probeFd: await openProbeFile(path, found.kind) });
}

async function openLocked(path: string, options: OpenOptions): Promise<Omit<DiskDeviceOptions, 'probeFd'>> {
  const access = options.access ?? 'read-write';
  const exclusive = (options.sharing ?? 'exclusive') === 'exclusive';
  const fd = openFile(path, access, exclusive);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() && !stat.isBlockDevice()) {
      throw storageError('ENOTBLK', `cannot use ${path}: neither a block device nor a regular file`);
    }
    if (exclusive) await lockDevice(fd, path);
    if (stat.isBlockDevice()) {
      if (access === 'read-write' && ioctlNumber(fd, path, BLKROGET, 4) !== 0) {
        throw storageError('EROFS', `cannot open ${path} for writing: the block device is read-only`);
      }
      return {
        name: path,
        access,
        kind: 'block',
        fd,
        sizeBytes: ioctlNumber(fd, path, BLKGETSIZE64, 8),
        sizeNow: () => ioctlNumber(fd, path, BLKGETSIZE64, 8),
        logicalBlockSizeBytes: ioctlNumber(fd, path, BLKSSZGET, 4),
        physicalBlockSizeBytes: ioctlNumber(fd, path, BLKPBSZGET, 4),
        discardSupported: blockDeviceDiscards(stat.rdev),
        blocking: options.blocking ?? 'threads',
      };
    }
    return {
      name: path,
      access,
      kind: 'file',
      fd,
      sizeBytes: wholeSectors(stat.size),
      sizeNow: () => wholeSectors(fstatSync(fd).size),
      logicalBlockSizeBytes: FILE_SECTOR_BYTES,
      physicalBlockSizeBytes: FILE_PHYSICAL_BYTES,
      discardSupported: true,
      blocking: statfsSync(path).type === TMPFS_MAGIC ? 'inline' : (options.blocking ?? 'threads'),
    };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

const wholeSectors = (bytes: number): number => bytes - (bytes % FILE_SECTOR_BYTES);

function openFile(path: string, access: 'read-only' | 'read-write', exclusive: boolean): number {
  const mode = access === 'read-only' ? constants.O_RDONLY : constants.O_RDWR;
  try {
    // O_EXCL without O_CREAT claims a block device and means nothing for a regular file (open(2)). O_NONBLOCK keeps
    // the open of a FIFO, given by mistake, from waiting for its other end.
    return openSync(path, mode | constants.O_NONBLOCK | (exclusive ? constants.O_EXCL : 0));
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'EIO';
    if (code === 'EBUSY') throw inUse(path);
    throw storageError(code, `cannot open ${path}${access === 'read-write' ? ' for writing' : ''}`);
  }
}

function ioctlNumber(fd: number, path: string, request: number, widthBytes: 4 | 8): number {
  const answer = Buffer.alloc(8);
  const result = systemCalls().ioctl(fd, request, answer);
  if (result < 0) throw storageError(errnoName(result), `cannot ask ${path} for its size`);
  return widthBytes === 8 ? Number(answer.readBigUInt64LE()) : answer.readUInt32LE();
}

/** sysfs tells for the whole disk; a partition's entry sits one level below it. */
function blockDeviceDiscards(rdev: number): boolean {
  const major = ((rdev >>> 8) & 0xfff) | (Math.floor(rdev / 2 ** 32) & ~0xfff);
  const minor = (rdev & 0xff) | ((rdev >>> 12) & 0xfff00);
  for (const place of ['queue', '../queue']) {
    try {
      const limit = readFileSync(`/sys/dev/block/${major}:${minor}/${place}/discard_max_bytes`, 'utf8');
      return Number(limit) > 0;
    } catch {
      // Not there: a partition, or no sysfs at all.
    }
  }
  return false;
}
