/** FUSE messages: what of a request is needed, and the bodies of replies. Layouts: <linux/fuse.h>, 7.31, little-endian. */
import type { RequestId } from './fuse-channel';
import { ATTRIBUTES_BYTES, IN_HEADER_BYTES } from './numbers';

/** u32 length, u32 opcode, u64 request id, u64 node, u32 uid, u32 gid, u32 pid, u32 padding. */
export interface RequestHeader {
  readonly opcode: number;
  readonly requestId: RequestId;
  readonly node: number;
  /** The thread that asks; 0 when it is in no process namespace that this one sees. */
  readonly pid: number;
}

export function decodeHeader(request: Buffer): RequestHeader {
  return {
    opcode: request.readUInt32LE(4),
    requestId: { low: request.readUInt32LE(8), high: request.readUInt32LE(12) },
    node: readU53(request, 16),
    pid: request.readUInt32LE(32),
  };
}

/** Numbers that we gave out, and offsets: beyond 2^53 they are inexact, and far beyond any of ours. */
const readU53 = (from: Buffer, at: number): number => from.readUInt32LE(at + 4) * 2 ** 32 + from.readUInt32LE(at);

/** A name ends with a zero byte. */
export function decodeName(request: Buffer): string {
  const end = request.indexOf(0, IN_HEADER_BYTES);
  return request.toString('utf8', IN_HEADER_BYTES, end === -1 ? request.length : end);
}

/** READ, WRITE: u64 handle, u64 offset, u32 size, and more. */
export function decodeTransfer(request: Buffer): { handle: number; offsetBytes: number; sizeBytes: number } {
  return {
    handle: readU53(request, IN_HEADER_BYTES),
    offsetBytes: readU53(request, IN_HEADER_BYTES + 8),
    sizeBytes: request.readUInt32LE(IN_HEADER_BYTES + 16),
  };
}

/** FALLOCATE: u64 handle, u64 offset, u64 length, u32 mode, u32 padding. */
export function decodeFallocate(request: Buffer): {
  handle: number;
  offsetBytes: number;
  lengthBytes: number;
  mode: number;
} {
  return {
    handle: readU53(request, IN_HEADER_BYTES),
    offsetBytes: readU53(request, IN_HEADER_BYTES + 8),
    lengthBytes: readU53(request, IN_HEADER_BYTES + 16),
    mode: request.readUInt32LE(IN_HEADER_BYTES + 24),
  };
}

/** RELEASE, FSYNC and others begin with the handle. */
export const decodeHandle = (request: Buffer): number => readU53(request, IN_HEADER_BYTES);

/** OPEN: u32 flags of open(2). */
export const decodeOpenFlags = (request: Buffer): number => request.readUInt32LE(IN_HEADER_BYTES);

/** INIT: u32 major, u32 minor, u32 readahead, u32 flags. */
export function decodeInit(request: Buffer): { major: number; minor: number; readaheadMax: number; flags: number } {
  return {
    major: request.readUInt32LE(IN_HEADER_BYTES),
    minor: request.readUInt32LE(IN_HEADER_BYTES + 4),
    readaheadMax: request.readUInt32LE(IN_HEADER_BYTES + 8),
    flags: request.readUInt32LE(IN_HEADER_BYTES + 12),
  };
}

export interface InitReply {
  readonly major: number;
  readonly minor: number;
  readonly readaheadMax: number;
  readonly flags: number;
  /** Asynchronous requests that the kernel has under way at a time. */
  readonly backgroundCountMax: number;
  readonly writeMaxBytes: number;
  readonly pageCountMax: number;
}

const INIT_REPLY_BYTES = 64;

export function encodeInit(reply: InitReply): Buffer {
  const body = Buffer.alloc(INIT_REPLY_BYTES);
  body.writeUInt32LE(reply.major, 0);
  body.writeUInt32LE(reply.minor, 4);
  body.writeUInt32LE(reply.readaheadMax, 8);
  body.writeUInt32LE(reply.flags, 12);
  body.writeUInt16LE(reply.backgroundCountMax, 16);
  // The count at which the kernel calls the mount congested.
  body.writeUInt16LE(reply.backgroundCountMax, 18);
  body.writeUInt32LE(reply.writeMaxBytes, 20);
  body.writeUInt32LE(1, 24); // time granularity, ns
  body.writeUInt16LE(reply.pageCountMax, 28);
  return body;
}

export interface Attributes {
  readonly node: number;
  /** Type and permissions, as in stat(2). */
  readonly mode: number;
  readonly sizeBytes: number;
  readonly gid: number;
  /** Of a device node, in the kernel's 32-bit form; else 0. */
  readonly deviceNumber: number;
}

function putAttributes(into: Buffer, at: number, attributes: Attributes): void {
  into.writeBigUInt64LE(BigInt(attributes.node), at);
  into.writeBigUInt64LE(BigInt(attributes.sizeBytes), at + 8);
  into.writeBigUInt64LE(BigInt(Math.ceil(attributes.sizeBytes / 512)), at + 16);
  // Times (24 to 59) stay 0.
  into.writeUInt32LE(attributes.mode, at + 60);
  into.writeUInt32LE(1, at + 64); // links
  into.writeUInt32LE(0, at + 68); // uid
  into.writeUInt32LE(attributes.gid, at + 72);
  into.writeUInt32LE(attributes.deviceNumber, at + 76);
  into.writeUInt32LE(4096, at + 80); // preferred block size
}

/** Valid for no time at all: the kernel asks each time, so that sizes and nodes are never stale. */
export function encodeAttributes(attributes: Attributes): Buffer {
  const body = Buffer.alloc(16 + ATTRIBUTES_BYTES);
  putAttributes(body, 16, attributes);
  return body;
}

/** The answer to LOOKUP: u64 node, u64 generation, how long both are valid (never), attributes. */
export function encodeEntry(attributes: Attributes): Buffer {
  const body = Buffer.alloc(40 + ATTRIBUTES_BYTES);
  body.writeBigUInt64LE(BigInt(attributes.node), 0);
  putAttributes(body, 40, attributes);
  return body;
}

/** u64 handle, u32 flags, u32 padding. */
export function encodeOpened(handle: number, flags: number): Buffer {
  const body = Buffer.alloc(16);
  body.writeBigUInt64LE(BigInt(handle), 0);
  body.writeUInt32LE(flags, 8);
  return body;
}

export function encodeWritten(sizeBytes: number): Buffer {
  const body = Buffer.alloc(8);
  body.writeUInt32LE(sizeBytes, 0);
  return body;
}

export interface DirectoryEntry {
  readonly node: number;
  readonly name: string;
  /** S_IFMT's bits of the mode, shifted down by 12. */
  readonly type: number;
}

/** Entries from number `first` on, as many as fit. Each: u64 node, u64 offset of the next, u32 name length, u32 type, name. */
export function encodeDirectory(entries: readonly DirectoryEntry[], first: number, maxBytes: number): Buffer {
  const pieces: Buffer[] = [];
  let total = 0;
  for (const [i, { node, name, type }] of entries.entries()) {
    if (i < first) continue;
    const nameBytes = Buffer.from(name, 'utf8');
    const entry = Buffer.alloc(Math.ceil((24 + nameBytes.length) / 8) * 8);
    if (total + entry.length > maxBytes) break;
    entry.writeBigUInt64LE(BigInt(node), 0);
    entry.writeBigUInt64LE(BigInt(i + 1), 8);
    entry.writeUInt32LE(nameBytes.length, 16);
    entry.writeUInt32LE(type, 20);
    nameBytes.copy(entry, 24);
    pieces.push(entry);
    total += entry.length;
  }
  return Buffer.concat(pieces);
}

/** STATFS: nothing to be had, nothing free; names up to 255 bytes. */
export function encodeStatfs(): Buffer {
  const body = Buffer.alloc(80);
  body.writeUInt32LE(4096, 40);
  body.writeUInt32LE(255, 44);
  body.writeUInt32LE(4096, 48);
  return body;
}
