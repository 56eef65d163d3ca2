/** Block devices and regular files through node:fs. */
import { closeSync, constants, fstatSync, fsyncSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { getSystemErrorMap } from 'node:util';
import {
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  LOCK_NB,
  LOCK_SH,
  lockExclusively,
  StorageFailure,
  systemCalls,
} from '@tsdrbd/engine/storage';
import { OpenError, type DeviceAccess, type MetaDevice } from './meta-device';

const SECTOR_BYTES = 512;
const CHUNK_BYTES = 4 * 1024 * 1024;

/** Up to this size zeroes are compared and written; beyond it the file system is asked for a hole. */
const HOLE_BYTES_MIN = 1024 * 1024;

/** Errors: OpenError. */
export function openFileDevice(path: string, access: DeviceAccess): MetaDevice {
  const fd = openFile(path, access);
  try {
    const status = fstatSync(fd);
    if (!status.isBlockDevice() && !status.isFile()) {
      throw new OpenError('ENOTBLK', 'Neither a block device nor a regular file');
    }
    if (access === 'slot') lockSlot(fd);
    else if (access !== 'shared') lock(fd, path);
    const kind = status.isBlockDevice() ? 'block' : 'file';
    return new FileDevice(path, kind, kind === 'block' ? blockDeviceSizeBytes(status.rdev) : status.size, fd);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function openFile(path: string, access: DeviceAccess): number {
  // O_EXCL without O_CREAT means something for block devices alone. O_NONBLOCK: a FIFO given by mistake must not wait.
  const flags = constants.O_RDWR | constants.O_NONBLOCK | (access === 'exclusive' ? constants.O_EXCL : 0);
  try {
    return openSync(path, flags);
  } catch (error) {
    const { code, errno } = error as NodeJS.ErrnoException;
    throw new OpenError(code ?? 'EIO', reasonText(errno));
  }
}

/** The lock that an engine holds on every device it has attached. */
function lock(fd: number, path: string): void {
  try {
    lockExclusively(fd, path);
  } catch (error) {
    if (error instanceof StorageFailure && error.code === 'EBUSY') {
      throw new OpenError('ELOCKED', 'Device or resource busy');
    }
    throw error;
  }
}

/** Shared: whoever has all of the device holds the exclusive lock. */
function lockSlot(fd: number): void {
  if (systemCalls().flock(fd, LOCK_SH | LOCK_NB) !== 0) throw new OpenError('ELOCKED', 'Device or resource busy');
}

class FileDevice implements MetaDevice {
  constructor(
    readonly path: string,
    readonly kind: 'block' | 'file',
    readonly sizeBytes: number,
    private readonly fd: number,
  ) {}

  read(offsetBytes: number, lengthBytes: number): Uint8Array {
    const bytes = Buffer.alloc(lengthBytes);
    this.readInto(offsetBytes, bytes);
    return bytes;
  }

  write(offsetBytes: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      done += writeSync(this.fd, bytes, done, bytes.length - done, offsetBytes + done);
    }
  }

  /** What is a hole, or zero already, stays as it is: sparse devices stay sparse. */
  writeZeroes(offsetBytes: number, lengthBytes: number): void {
    if (lengthBytes >= HOLE_BYTES_MIN && this.punchHole(offsetBytes, lengthBytes)) return;
    const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, lengthBytes));
    const zeroes = Buffer.alloc(chunk.length);
    for (let done = 0; done < lengthBytes;) {
      const part = chunk.subarray(0, Math.min(chunk.length, lengthBytes - done));
      const zeroPart = zeroes.subarray(0, part.length);
      this.readInto(offsetBytes + done, part);
      if (!part.equals(zeroPart)) this.write(offsetBytes + done, zeroPart);
      done += part.length;
    }
  }

  flush(): void {
    fsyncSync(this.fd);
  }

  close(): void {
    closeSync(this.fd);
  }

  /** Not every file system and device can: returns whether it did. */
  private punchHole(offsetBytes: number, lengthBytes: number): boolean {
    const mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    return systemCalls().fallocate(this.fd, mode, offsetBytes, lengthBytes) === 0;
  }

  private readInto(offsetBytes: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      const count = readSync(this.fd, bytes, done, bytes.length - done, offsetBytes + done);
      if (count === 0) {
        const error: NodeJS.ErrnoException = new Error(`${this.path} ends at byte ${offsetBytes + done}`);
        error.code = 'EIO';
        throw error;
      }
      done += count;
    }
  }
}

/** From the kernel's device number; the file counts sectors of 512 bytes whatever the device's own. */
function blockDeviceSizeBytes(rdev: number): number {
  const major = Math.floor(rdev / 256) & 0xfff;
  const minor = (rdev & 0xff) | ((Math.floor(rdev / 2 ** 12) >>> 0) & 0xfff00);
  return Number(readFileSync(`/sys/dev/block/${major}:${minor}/size`, 'utf8')) * SECTOR_BYTES;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'No such file or directory',
  EACCES: 'Permission denied',
  EPERM: 'Operation not permitted',
  EBUSY: 'Device or resource busy',
  EROFS: 'Read-only file system',
  ENXIO: 'No such device or address',
  ENODEV: 'No such device',
  EISDIR: 'Is a directory',
  ENOTDIR: 'Not a directory',
  ETXTBSY: 'Text file busy',
};

/** The wording of the C library. */
function reasonText(errno: number | undefined): string {
  const [code, text] = (errno === undefined ? undefined : getSystemErrorMap().get(errno)) ?? ['EIO', 'I/O error'];
  return REASONS[code] ?? text;
}
