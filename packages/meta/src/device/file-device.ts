/** Block devices and regular files through node:fs. */
import { closeSync, constants, fstatSync, fsyncSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { getSystemErrorMap } from 'node:util';
import { OpenError, type MetaDevice } from './meta-device';

const SECTOR_BYTES = 512;
const CHUNK_BYTES = 4 * 1024 * 1024;

/**
 * `exclusive`: fails with EBUSY when a block device is mounted or otherwise in use.
 * Errors: OpenError.
 */
export function openFileDevice(path: string, access: 'exclusive' | 'shared'): MetaDevice {
  let fd: number;
  try {
    // O_EXCL without O_CREAT means something for block devices alone.
    fd = openSync(path, constants.O_RDWR | (access === 'exclusive' ? constants.O_EXCL : 0));
  } catch (error) {
    const { code, errno } = error as NodeJS.ErrnoException;
    throw new OpenError(code ?? 'EIO', reasonText(errno));
  }
  const status = fstatSync(fd);
  const kind = status.isBlockDevice() ? 'block' : 'file';
  if (!status.isBlockDevice() && !status.isFile()) {
    closeSync(fd);
    throw new OpenError('ENOTBLK', 'Neither a block device nor a regular file');
  }
  const sizeBytes = kind === 'block' ? blockDeviceSizeBytes(status.rdev) : status.size;
  return new FileDevice(path, kind, sizeBytes, fd);
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
