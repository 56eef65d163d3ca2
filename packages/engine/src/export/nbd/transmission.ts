/**
 * The transmission phase of one client: requests in, replies out, many under way at once.
 *
 * Invariants:
 * - A request counts in `requestCount` and `requestBytes` from its header until its reply is queued. At the bounds
 *   nothing more is parsed, and the socket is paused by whoever feeds us.
 * - Each request gets exactly one reply (or one run of chunks that ends with DONE); DISC gets none.
 * - After `stop` or DISC no request is accepted; those under way are finished.
 */
import type { Errno, ExportedVolume, OpenMode, RequestDone } from '../exported-volume';
import { letGo } from '../../payload';
import { VOLUME_TRANSFER_MAX_BYTES } from '../exported-volume';
import { ALLOCATION_CONTEXT_ID } from './handshake';
import type { Incoming } from './incoming';
import {
  ALLOCATION_FLAG,
  CHUNK,
  CHUNK_FLAG_DONE,
  CHUNK_HEADER_BYTES,
  COMMAND,
  COMMAND_FLAG,
  COMMAND_FLAGS_ALLOWED,
  ERROR_NUMBER,
  OFFSET_FIELD_BYTES,
  REQUEST_BYTES,
  REQUEST_MAGIC,
  SIMPLE_REPLY_BYTES,
  SIMPLE_REPLY_MAGIC,
  STRUCTURED_REPLY_MAGIC,
} from './numbers';
import type { Outgoing } from './outgoing';
import { PAYLOAD_MAX_BYTES } from './transmission-flags';

export interface TransmissionOptions {
  readonly volume: ExportedVolume;
  readonly mode: OpenMode;
  readonly replies: 'simple' | 'structured';
  readonly allocationSelected: boolean;
}

export interface TransmissionDependencies {
  readonly incoming: Incoming;
  readonly outgoing: Outgoing;
  /** The client sent what no client may send; its connection ends, other clients do not notice. */
  readonly broken: (reason: string) => void;
  /** DISC or `stop`, and the last request is done. Once. */
  readonly idle: () => void;
  /** There is room for requests again. */
  readonly roomAgain: () => void;
}

export interface Transmission {
  /** Consumes requests as far as they are complete and there is room for them. */
  advance(): void;
  /** No room: feed no more until `roomAgain`. */
  readonly full: boolean;
  /** Takes no more requests; `idle` follows when those under way are done. */
  stop(): void;
}

/** More than any client sends (the kernel's stop at 128), less than would hurt. */
export const REQUEST_COUNT_MAX = 1024;
/** Payload of requests under way, of one client: two of the largest. */
export const REQUEST_BYTES_MAX = 2 * PAYLOAD_MAX_BYTES;
/** A client that does not read its replies gets no further requests served. */
export const UNSENT_BYTES_MAX = 4 * 1024 * 1024;
/** Parts of one long trim or write-zeroes that the volume has at once. */
const CLEAR_PARTS_AT_ONCE = 8;
/** Reads up to here share a slab. */
const SHARED_READ_MAX_BYTES = 32 * 1024;
const READ_SLAB_BYTES = 256 * 1024;

/** A write whose payload is on its way, or a payload that is dropped because its request is refused. */
interface Payload {
  readonly request: Request;
  leftBytes: number;
  /** Where the next part goes; parts are handed over as they are complete. */
  offsetBytes: number;
  partLeftBytes: number;
  pieces: Uint8Array[];
  readonly refusal: Errno | null;
}

class Request {
  flags = 0;
  /** The cookie as two halves: it only travels back. */
  cookieHigh = 0;
  cookieLow = 0;
  offsetBytes = 0;
  lengthBytes = 0;
  /** Parts that the volume has, plus one as long as more are to come. */
  partsLeft = 0;
  error: Errno | null = null;
  /** Of a write: its payload, held until the last part is done. */
  readonly held: Uint8Array[] = [];
  /** Of a read: header and data in one. */
  reply: Buffer | null = null;
  /** One closure per pooled request, not per use. */
  readonly partDone: RequestDone;

  constructor(whole: (request: Request) => void) {
    this.partDone = (error) => {
      if (error !== null) this.error ??= error;
      this.partsLeft -= 1;
      if (this.partsLeft === 0) whole(this);
    };
  }
}

export function startTransmission(options: TransmissionOptions, dependencies: TransmissionDependencies): Transmission {
  const { volume, mode, replies, allocationSelected } = options;
  const { incoming, outgoing, broken, idle, roomAgain } = dependencies;
  const readHeaderBytes = replies === 'simple' ? SIMPLE_REPLY_BYTES : CHUNK_HEADER_BYTES + OFFSET_FIELD_BYTES;
  let requestCount = 0;
  let requestBytes = 0;
  let stopped = false;
  let idleSaid = false;
  let wasFull = false;
  let payload: Payload | null = null;
  let readSlab = Buffer.alloc(0);
  const spare: Request[] = [];

  const isFull = (): boolean =>
    requestCount >= REQUEST_COUNT_MAX || requestBytes >= REQUEST_BYTES_MAX || outgoing.unsentBytes >= UNSENT_BYTES_MAX;

  const begin = (flags: number, header: Buffer, offsetBytes: number, lengthBytes: number): Request => {
    const request = spare.pop() ?? new Request(complete);
    request.flags = flags;
    request.cookieHigh = header.readUInt32BE(8);
    request.cookieLow = header.readUInt32BE(12);
    request.offsetBytes = offsetBytes;
    request.lengthBytes = lengthBytes;
    request.partsLeft = 1;
    request.error = null;
    request.reply = null;
    requestCount += 1;
    return request;
  };

  /** The request's reply is queued. `payloadBytes` is what it counted for in `requestBytes`. */
  const end = (request: Request, payloadBytes: number): void => {
    requestCount -= 1;
    requestBytes -= payloadBytes;
    request.reply = null;
    spare.push(request);
    if (requestCount === 0) sayIdle();
    if (wasFull && !isFull()) {
      wasFull = false;
      roomAgain();
    }
  };
  const sayIdle = (): void => {
    if (!stopped || idleSaid || payload !== null || requestCount > 0) return;
    idleSaid = true;
    idle();
  };

  const putSimpleReply = (into: Buffer, request: Request, errorNumber: number): void => {
    into.writeUInt32BE(SIMPLE_REPLY_MAGIC, 0);
    into.writeUInt32BE(errorNumber, 4);
    into.writeUInt32BE(request.cookieHigh, 8);
    into.writeUInt32BE(request.cookieLow, 12);
  };
  const putChunkHeader = (into: Buffer, request: Request, type: number, lengthBytes: number): void => {
    into.writeUInt32BE(STRUCTURED_REPLY_MAGIC, 0);
    into.writeUInt16BE(CHUNK_FLAG_DONE, 4);
    into.writeUInt16BE(type, 6);
    into.writeUInt32BE(request.cookieHigh, 8);
    into.writeUInt32BE(request.cookieLow, 12);
    into.writeUInt32BE(lengthBytes, 16);
  };
  /** For requests that answer without data; READ and BLOCK_STATUS may not have a simple reply once negotiated. */
  const sendStatus = (request: Request, error: Errno | null, form: 'simple' | 'structured'): void => {
    const errorNumber = error === null ? 0 : ERROR_NUMBER[error];
    if (form === 'simple') {
      putSimpleReply(outgoing.reserve(SIMPLE_REPLY_BYTES), request, errorNumber);
      return;
    }
    // u32 error, u16 length of a message: the errno says it all.
    const chunk = outgoing.reserve(CHUNK_HEADER_BYTES + 6);
    putChunkHeader(chunk, request, CHUNK.error, 6);
    chunk.writeUInt32BE(errorNumber, CHUNK_HEADER_BYTES);
    chunk.writeUInt16BE(0, CHUNK_HEADER_BYTES + 4);
  };

  /** All parts of a request are done. */
  const complete = (request: Request): void => {
    if (request.held.length > 0) {
      letGo(request.held);
      request.held.length = 0;
    }
    const reply = request.reply;
    if (reply === null) {
      sendStatus(request, request.error, 'simple');
      end(request, request.flags === WRITE_MARK ? request.lengthBytes : 0);
      return;
    }
    if (request.error !== null) {
      sendStatus(request, request.error, replies);
    } else {
      if (replies === 'simple') {
        putSimpleReply(reply, request, 0);
      } else {
        putChunkHeader(reply, request, CHUNK.offsetData, OFFSET_FIELD_BYTES + request.lengthBytes);
        reply.writeBigUInt64BE(BigInt(request.offsetBytes), CHUNK_HEADER_BYTES);
      }
      outgoing.send(reply);
    }
    end(request, request.lengthBytes);
  };

  const refuse = (request: Request, error: Errno, form: 'simple' | 'structured'): void => {
    sendStatus(request, error, form);
    end(request, 0);
  };

  /** What speaks against the request's range; lengths are checked by the caller. */
  const rangeRefusal = (offsetBytes: number, lengthBytes: number): Errno | null => {
    const unit = volume.minimumBlockSizeBytes;
    if (offsetBytes % unit !== 0 || lengthBytes % unit !== 0) return 'EINVAL';
    return offsetBytes + lengthBytes > volume.sizeBytes() ? 'EINVAL' : null;
  };
  const changeRefusal = (command: number, offsetBytes: number, lengthBytes: number): Errno | null => {
    if (mode === 'read-only') return 'EPERM';
    // The protocol document: a write beyond the end is ENOSPC; a read or a trim, EINVAL.
    if (command !== COMMAND.trim && offsetBytes + lengthBytes > volume.sizeBytes()) return 'ENOSPC';
    return rangeRefusal(offsetBytes, lengthBytes);
  };

  const readBuffer = (totalBytes: number): Buffer => {
    if (totalBytes > SHARED_READ_MAX_BYTES) return Buffer.allocUnsafeSlow(totalBytes);
    if (readSlab.length < totalBytes) readSlab = Buffer.allocUnsafeSlow(READ_SLAB_BYTES);
    const taken = readSlab.subarray(0, totalBytes);
    readSlab = readSlab.subarray(totalBytes);
    return taken;
  };

  const handleRead = (request: Request): void => {
    const { offsetBytes, lengthBytes } = request;
    if (lengthBytes > PAYLOAD_MAX_BYTES) return refuse(request, 'EOVERFLOW', replies);
    const refusal = rangeRefusal(offsetBytes, lengthBytes);
    if (refusal !== null || lengthBytes === 0) return refuse(request, refusal ?? 'EINVAL', replies);
    const reply = readBuffer(readHeaderBytes + lengthBytes);
    request.reply = reply;
    requestBytes += lengthBytes;
    for (let at = 0; at < lengthBytes; at += VOLUME_TRANSFER_MAX_BYTES) {
      const size = Math.min(VOLUME_TRANSFER_MAX_BYTES, lengthBytes - at);
      const into = reply.subarray(readHeaderBytes + at, readHeaderBytes + at + size);
      request.partsLeft += 1;
      volume.read(offsetBytes + at, into, request.partDone);
    }
    request.partDone(null);
  };

  const handleWrite = (request: Request): void => {
    const { offsetBytes, lengthBytes } = request;
    const refusal =
      lengthBytes > PAYLOAD_MAX_BYTES
        ? 'EOVERFLOW'
        : (request.error ?? changeRefusal(COMMAND.write, offsetBytes, lengthBytes));
    payload = {
      request,
      leftBytes: lengthBytes,
      offsetBytes,
      partLeftBytes: Math.min(VOLUME_TRANSFER_MAX_BYTES, lengthBytes),
      pieces: [],
      refusal,
    };
    if (refusal === null) requestBytes += lengthBytes;
  };

  /** Takes what has come of the payload; true when it is complete. */
  const advancePayload = (current: Payload): boolean => {
    const { request } = current;
    if (current.refusal !== null) {
      current.leftBytes -= incoming.skip(current.leftBytes);
      if (current.leftBytes > 0) return false;
      payload = null;
      refuse(request, current.refusal, 'simple');
      return true;
    }
    const durability = (request.flags & COMMAND_FLAG.fua) !== 0 ? 'stable' : 'volatile';
    while (current.leftBytes > 0) {
      const taken = incoming.takePieces(current.partLeftBytes, current.pieces);
      current.partLeftBytes -= taken;
      current.leftBytes -= taken;
      if (current.partLeftBytes > 0) return false;
      const { pieces, offsetBytes } = current;
      const size = Math.min(VOLUME_TRANSFER_MAX_BYTES, request.offsetBytes + request.lengthBytes - offsetBytes);
      for (const piece of pieces) request.held.push(piece);
      current.pieces = [];
      current.offsetBytes += size;
      current.partLeftBytes = Math.min(VOLUME_TRANSFER_MAX_BYTES, current.leftBytes);
      request.partsLeft += 1;
      volume.write(offsetBytes, pieces, size, durability, request.partDone);
    }
    payload = null;
    request.flags = WRITE_MARK;
    request.partDone(null);
    return true;
  };

  const handleClear = (request: Request, command: number): void => {
    const { lengthBytes, flags } = request;
    const refusal = changeRefusal(command, request.offsetBytes, lengthBytes);
    if (refusal !== null) return refuse(request, refusal, 'simple');
    if (command === COMMAND.trim && !volume.discardSupported) return refuse(request, 'ENOTSUP', 'simple');
    const durability = (flags & COMMAND_FLAG.fua) !== 0 ? 'stable' : 'volatile';
    const space = (flags & COMMAND_FLAG.noHole) !== 0 ? 'allocated' : 'may-become-hole';
    const stepBytes = volume.clearMaxBytes;
    let at = request.offsetBytes;
    const endBytes = at + lengthBytes;
    request.flags = 0;
    const startPart = (): void => {
      const offsetBytes = at;
      const size = Math.min(stepBytes, endBytes - at);
      at += size;
      request.partsLeft += 1;
      if (command === COMMAND.trim) volume.trim(offsetBytes, size, durability, partDone);
      else volume.writeZeroes(offsetBytes, size, space, durability, partDone);
    };
    const partDone: RequestDone = (error) => {
      if (error === null && request.error === null && at < endBytes) startPart();
      request.partDone(error);
    };
    for (let n = 0; n < CLEAR_PARTS_AT_ONCE && at < endBytes; n++) startPart();
    request.partDone(null);
  };

  const handleBlockStatus = (request: Request): void => {
    const { offsetBytes, lengthBytes } = request;
    const one = (request.flags & COMMAND_FLAG.reqOne) !== 0;
    const refusal = rangeRefusal(offsetBytes, lengthBytes);
    if (!allocationSelected || volume.allocation === undefined || refusal !== null || lengthBytes === 0) {
      return refuse(request, refusal ?? 'EINVAL', replies);
    }
    volume.allocation(offsetBytes, lengthBytes, (result) => {
      if (typeof result === 'string') return refuse(request, result, replies);
      const extents = one ? result.slice(0, 1) : result;
      if (extents.length === 0) return refuse(request, 'EIO', replies);
      const lengthOfChunk = 4 + 8 * extents.length;
      const chunk = Buffer.alloc(CHUNK_HEADER_BYTES + lengthOfChunk);
      putChunkHeader(chunk, request, CHUNK.blockStatus, lengthOfChunk);
      let at = chunk.writeUInt32BE(ALLOCATION_CONTEXT_ID, CHUNK_HEADER_BYTES);
      for (const extent of extents) {
        at = chunk.writeUInt32BE(extent.lengthBytes, at);
        at = chunk.writeUInt32BE(ALLOCATION_FLAG[extent.kind], at);
      }
      outgoing.send(chunk);
      end(request, 0);
    });
  };

  /** One request header: u32 magic, u16 flags, u16 command, u64 cookie, u64 offset, u32 length. */
  const handleRequest = (header: Buffer): void => {
    if (header.readUInt32BE(0) !== REQUEST_MAGIC) {
      broken(`a request without the magic number in front: 0x${header.toString('hex', 0, 4)}`);
      stopped = true;
      return;
    }
    const flags = header.readUInt16BE(4);
    const command = header.readUInt16BE(6);
    if (command === COMMAND.disconnect) {
      stopped = true;
      sayIdle();
      return;
    }
    // Beyond 2^53 the sum is inexact and far beyond any device: refused as out of range all the same.
    const offsetBytes = header.readUInt32BE(16) * 2 ** 32 + header.readUInt32BE(20);
    const request = begin(flags, header, offsetBytes, header.readUInt32BE(24));
    const allowed = COMMAND_FLAGS_ALLOWED[command];
    const refusal = allowed === undefined || (flags & ~allowed) !== 0 ? 'EINVAL' : null;
    if (command === COMMAND.write) {
      request.error = refusal;
      return handleWrite(request);
    }
    if (refusal !== null) {
      const form = command === COMMAND.read || command === COMMAND.blockStatus ? replies : 'simple';
      return refuse(request, refusal, form);
    }
    switch (command) {
      case COMMAND.read:
        return handleRead(request);
      case COMMAND.flush:
        request.flags = 0;
        return volume.flush(request.partDone);
      case COMMAND.trim:
      case COMMAND.writeZeroes:
        return handleClear(request, command);
      default:
        return handleBlockStatus(request);
    }
  };

  return {
    advance() {
      wasFull = false;
      while (true) {
        if (payload !== null) {
          if (!advancePayload(payload)) return;
          continue;
        }
        if (stopped) {
          incoming.skip(incoming.byteCount);
          return sayIdle();
        }
        if (isFull()) {
          wasFull = true;
          return;
        }
        const header = incoming.take(REQUEST_BYTES);
        if (header === null) return;
        handleRequest(header);
      }
    },
    get full() {
      return wasFull;
    },
    stop() {
      stopped = true;
      // A payload that is still on its way will not come to its end; parts that the volume has are waited for.
      if (payload !== null) {
        const { request, refusal } = payload;
        payload = null;
        if (refusal !== null) {
          refuse(request, refusal, 'simple');
        } else {
          request.flags = WRITE_MARK;
          request.partDone('ESHUTDOWN');
        }
      }
      sayIdle();
    },
  };
}

/** In `flags` of a request that is under way: its payload counts in `requestBytes`. No client can send it. */
const WRITE_MARK = 0x10000;
