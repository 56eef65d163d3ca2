/**
 * Numbers of the kernel's FUSE protocol, version 7.31, which Linux has since 5.4. Source: the kernel's user-space header
 * <linux/fuse.h> (BSD-2-Clause there), fuse(4). All integers have the machine's byte order; Node's machines are little-endian.
 */
export const FUSE_MAJOR = 7;
export const FUSE_MINOR = 31;

export const OPCODE = {
  lookup: 1,
  forget: 2,
  getattr: 3,
  setattr: 4,
  open: 14,
  read: 15,
  write: 16,
  statfs: 17,
  release: 18,
  fsync: 20,
  flush: 25,
  init: 26,
  opendir: 27,
  readdir: 28,
  releasedir: 29,
  fsyncdir: 30,
  interrupt: 36,
  destroy: 38,
  batchForget: 42,
  fallocate: 43,
} as const;

export const IN_HEADER_BYTES = 40;
export const WRITE_HEADER_BYTES = 40;
export const OUT_HEADER_BYTES = 16;
export const ATTRIBUTES_BYTES = 88;
export const ROOT_NODE = 1;
/** The directory of block devices. */
export const DEVICES_NODE = 2;

/** Features asked for at INIT; the kernel's offer is masked with it. */
export const INIT_FLAGS =
  (1 << 0) | // FUSE_ASYNC_READ
  (1 << 5) | // FUSE_BIG_WRITES
  (1 << 15) | // FUSE_ASYNC_DIO
  (1 << 18) | // FUSE_PARALLEL_DIROPS
  (1 << 22); // FUSE_MAX_PAGES

/** The kernel keeps nothing in its page cache of a file opened so, and lets writes to it overlap (from 6.6 on). */
export const OPEN_FLAGS = (1 << 0) | (1 << 6); // FOPEN_DIRECT_IO, FOPEN_PARALLEL_DIRECT_WRITES

/** errno, negated as replies carry it. errno(3), x86 and Arm alike. */
export const MINUS = {
  EPERM: -1,
  ENOENT: -2,
  EINTR: -4,
  EIO: -5,
  ENXIO: -6,
  EAGAIN: -11,
  ENOMEM: -12,
  EACCES: -13,
  ENODEV: -19,
  EINVAL: -22,
  ENOSPC: -28,
  EROFS: -30,
  ENOSYS: -38,
  EOVERFLOW: -75,
  ENOTSUP: -95,
  ESHUTDOWN: -108,
  EMEDIUMTYPE: -124,
} as const;

export const FALLOC_FL_KEEP_SIZE = 0x1;
export const FALLOC_FL_PUNCH_HOLE = 0x2;
export const FALLOC_FL_ZERO_RANGE = 0x10;
