/**
 * Every number of the NBD protocol that we use, with its name.
 * Source: the NBD protocol document (https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md). All
 * integers are big-endian.
 */
export const NBD_MAGIC = 0x4e42444d41474943n; // "NBDMAGIC"
export const OPTION_MAGIC = 0x49484156454f5054n; // "IHAVEOPT"
export const OPTION_REPLY_MAGIC = 0x3e889045565a9n;
export const REQUEST_MAGIC = 0x25609513;
export const SIMPLE_REPLY_MAGIC = 0x67446698;
export const STRUCTURED_REPLY_MAGIC = 0x668e33ef;

export const HANDSHAKE_FLAG = { fixedNewstyle: 1, noZeroes: 2 } as const;

export const OPTION = {
  exportName: 1,
  abort: 2,
  list: 3,
  info: 6,
  go: 7,
  structuredReply: 8,
  listMetaContext: 9,
  setMetaContext: 10,
} as const;

const ERROR_BIT = 2 ** 31;
export const OPTION_REPLY = {
  ack: 1,
  server: 2,
  info: 3,
  metaContext: 4,
  unsupported: ERROR_BIT + 1,
  policy: ERROR_BIT + 2,
  invalid: ERROR_BIT + 3,
  unknownExport: ERROR_BIT + 6,
  shutdown: ERROR_BIT + 7,
  tooBig: ERROR_BIT + 9,
} as const;
export type OptionReplyName = keyof typeof OPTION_REPLY;

export const INFO = { export: 0, name: 1, description: 2, blockSize: 3 } as const;

export const TRANSMISSION_FLAG = {
  hasFlags: 1 << 0,
  readOnly: 1 << 1,
  sendFlush: 1 << 2,
  sendFua: 1 << 3,
  sendTrim: 1 << 5,
  sendWriteZeroes: 1 << 6,
  sendDf: 1 << 7,
  canMultiConn: 1 << 8,
} as const;

export const COMMAND = { read: 0, write: 1, disconnect: 2, flush: 3, trim: 4, writeZeroes: 6, blockStatus: 7 } as const;

export const COMMAND_FLAG = { fua: 1 << 0, noHole: 1 << 1, df: 1 << 2, reqOne: 1 << 3 } as const;

/** Flags that each command understands; others, fast-zero among them (never offered), are EINVAL. */
export const COMMAND_FLAGS_ALLOWED: { readonly [command: number]: number } = {
  [COMMAND.read]: COMMAND_FLAG.fua | COMMAND_FLAG.df,
  [COMMAND.write]: COMMAND_FLAG.fua,
  [COMMAND.flush]: COMMAND_FLAG.fua,
  [COMMAND.trim]: COMMAND_FLAG.fua,
  [COMMAND.writeZeroes]: COMMAND_FLAG.fua | COMMAND_FLAG.noHole,
  [COMMAND.blockStatus]: COMMAND_FLAG.fua | COMMAND_FLAG.reqOne,
};

export const CHUNK = { none: 0, offsetData: 1, blockStatus: 5, error: 32769 } as const;
export const CHUNK_FLAG_DONE = 1;

export const BASE_ALLOCATION = 'base:allocation';
export const ALLOCATION_FLAG = { data: 0, hole: 1 | 2, zero: 2 } as const;

/** NBD's errno numbers; EROFS has none of its own. */
export const ERROR_NUMBER = {
  EPERM: 1,
  EIO: 5,
  ENOMEM: 12,
  EINVAL: 22,
  ENOSPC: 28,
  EOVERFLOW: 75,
  ENOTSUP: 95,
  ESHUTDOWN: 108,
  EROFS: 1,
} as const;

export const REQUEST_BYTES = 28;
export const OPTION_HEADER_BYTES = 16;
export const SIMPLE_REPLY_BYTES = 16;
export const CHUNK_HEADER_BYTES = 20;
export const OFFSET_FIELD_BYTES = 8;
export const EXPORT_NAME_ZEROES_BYTES = 124;
/** Strings longer than this are not allowed in the protocol. */
export const STRING_MAX_BYTES = 4096;
