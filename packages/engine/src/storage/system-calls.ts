/**
 * The system calls that Node lacks or makes dear, through koffi. Loaded on first use only: programs that touch no
 * disk do not pay for it. All calls here are synchronous; whoever calls one that may sleep does it on a disk thread.
 */
import { getSystemErrorName } from 'node:util';
import { loadKoffi } from '../native';

export interface SystemCalls {
  /** Where the view's bytes live. Valid as long as somebody holds the view: array buffers do not move. */
  address(view: Uint8Array): bigint;
  /** All of these give the result, or minus errno. `vectors` holds `count` struct iovec. */
  preadv2(fd: number, vectors: Uint8Array, count: number, offsetBytes: number, flags: number): number;
  pwritev2(fd: number, vectors: Uint8Array, count: number, offsetBytes: number, flags: number): number;
  fdatasync(fd: number): number;
  fallocate(fd: number, mode: number, offsetBytes: number, lengthBytes: number): number;
  lseek(fd: number, offsetBytes: number, whence: number): number;
  flock(fd: number, operation: number): number;
  ioctl(fd: number, request: number, argument: Uint8Array): number;
}

/** Linux numbers, from the man pages preadv2(2), fallocate(2), lseek(2), flock(2) and <linux/fs.h>. */
export const RWF_NOWAIT = 0x8;
export const FALLOC_FL_KEEP_SIZE = 0x1;
export const FALLOC_FL_PUNCH_HOLE = 0x2;
export const FALLOC_FL_ZERO_RANGE = 0x10;
export const SEEK_DATA = 3;
export const SEEK_HOLE = 4;
export const LOCK_SH = 1;
export const LOCK_EX = 2;
export const LOCK_NB = 4;
export const LOCK_UN = 8;
export const BLKROGET = 0x125e;
export const BLKSSZGET = 0x1268;
export const BLKGETSIZE64 = 0x80081272;
export const BLKPBSZGET = 0x127b;
export const IOVEC_BYTES = 16;

let loaded: SystemCalls | undefined;

export function systemCalls(): SystemCalls {
  loaded ??= bind(loadKoffi());
  return loaded;
}

function bind(koffi: typeof import('koffi')): SystemCalls {
  const libc = koffi.load('libc.so.6');
  const preadv2 = libc.func('long preadv2(int fd, void *iov, int count, int64_t offset, int flags)');
  const pwritev2 = libc.func('long pwritev2(int fd, void *iov, int count, int64_t offset, int flags)');
  const fdatasync = libc.func('int fdatasync(int fd)');
  const fallocate = libc.func('int fallocate64(int fd, int mode, int64_t offset, int64_t length)');
  const lseek = libc.func('int64_t lseek64(int fd, int64_t offset, int whence)');
  const flock = libc.func('int flock(int fd, int operation)');
  const ioctl = libc.func('int ioctl(int fd, unsigned long request, void *argument)');
  const orErrno = (result: number): number => (result === -1 ? -koffi.errno() : result);
  return {
    address: (view) => koffi.address(view),
    preadv2: (...args) => orErrno(preadv2(...args) as number),
    pwritev2: (...args) => orErrno(pwritev2(...args) as number),
    fdatasync: (fd) => orErrno(fdatasync(fd) as number),
    fallocate: (...args) => orErrno(fallocate(...args) as number),
    lseek: (...args) => orErrno(lseek(...args) as number),
    flock: (...args) => orErrno(flock(...args) as number),
    ioctl: (...args) => orErrno(ioctl(...args) as number),
  };
}

/** `-28` -> `ENOSPC`. */
export const errnoName = (minusErrno: number): string => getSystemErrorName(minusErrno);

const EOPNOTSUPP = 95;
/** The file system or driver does not know the flag or mode; by number, since names for 95 differ. */
export const isUnsupported = (result: number): boolean => result === -EOPNOTSUPP;
