/**
 * Fixed newstyle negotiation: greeting, client flags, then options until the client enters transmission or leaves.
 * A malformed message ends the connection or gets an error reply, as the protocol document says for each.
 */
import type { ExportClient, ExportedVolume, OpenHandle, OpenMode, OpenResult } from '../exported-volume';
import type { Incoming } from './incoming';
import {
  BASE_ALLOCATION,
  EXPORT_NAME_ZEROES_BYTES,
  HANDSHAKE_FLAG,
  INFO,
  NBD_MAGIC,
  OPTION,
  OPTION_HEADER_BYTES,
  OPTION_MAGIC,
  OPTION_REPLY,
  OPTION_REPLY_MAGIC,
  type OptionReplyName,
  STRING_MAX_BYTES,
} from './numbers';
import type { Outgoing } from './outgoing';
import { PAYLOAD_MAX_BYTES, PREFERRED_BLOCK_BYTES, transmissionFlags } from './transmission-flags';

/** What may be opened through one listener. */
export interface NbdExports {
  /** The empty name asks for the default export. */
  find(name: string): ExportedVolume | undefined;
  list(): readonly ExportedVolume[];
}

/** How a negotiation ends. */
export type HandshakeOutcome =
  | {
      readonly kind: 'transmission';
      readonly volume: ExportedVolume;
      readonly handle: OpenHandle;
      readonly mode: OpenMode;
      readonly replies: 'simple' | 'structured';
      readonly allocationSelected: boolean;
    }
  /** The client said goodbye; replies still have to leave. */
  | { readonly kind: 'ended' }
  | { readonly kind: 'broken'; readonly reason: string };

export interface HandshakeOptions {
  readonly exports: NbdExports;
  readonly mode: OpenMode;
  readonly client: ExportClient;
}

export interface HandshakeDependencies {
  readonly incoming: Incoming;
  readonly outgoing: Outgoing;
  /** Once. May be called from within `advance`. */
  readonly finish: (outcome: HandshakeOutcome) => void;
}

export interface Handshake {
  /** Consumes what has arrived, as far as it is complete. */
  advance(): void;
  /** The connection is gone: an open that is under way is undone when it succeeds. */
  abandon(): void;
}

/** No option we know is longer; a longer one is skipped and refused, one beyond the second bound ends the talk. */
const OPTION_DATA_MAX_BYTES = 64 * 1024;
const OPTION_SKIP_MAX_BYTES = 32 * 1024 * 1024;
const OPTION_REPLY_HEADER_BYTES = 20;

type Step =
  | { readonly kind: 'client-flags' }
  | { readonly kind: 'option' }
  | { readonly kind: 'option-data'; readonly option: number; readonly lengthBytes: number }
  | { kind: 'skip'; readonly option: number; leftBytes: number }
  | { readonly kind: 'opening' }
  | { readonly kind: 'finished' };

export function startHandshake(options: HandshakeOptions, dependencies: HandshakeDependencies): Handshake {
  const { exports, mode, client } = options;
  const { incoming, outgoing } = dependencies;
  let step: Step = { kind: 'client-flags' };
  let zeroesWanted = true;
  let replies: 'simple' | 'structured' = 'simple';
  /** For which export name base:allocation was selected, last SET_META_CONTEXT. */
  let allocationSelectedFor: string | null = null;
  let abandoned = false;

  const greeting = outgoing.reserve(18);
  greeting.writeBigUInt64BE(NBD_MAGIC, 0);
  greeting.writeBigUInt64BE(OPTION_MAGIC, 8);
  greeting.writeUInt16BE(HANDSHAKE_FLAG.fixedNewstyle | HANDSHAKE_FLAG.noZeroes, 16);

  const finish = (outcome: HandshakeOutcome): void => {
    step = { kind: 'finished' };
    dependencies.finish(outcome);
  };
  const broken = (reason: string): void => finish({ kind: 'broken', reason });

  const reply = (option: number, name: OptionReplyName, data: Uint8Array = new Uint8Array()): void => {
    const header = Buffer.alloc(OPTION_REPLY_HEADER_BYTES);
    header.writeBigUInt64BE(OPTION_REPLY_MAGIC, 0);
    header.writeUInt32BE(option, 8);
    header.writeUInt32BE(OPTION_REPLY[name], 12);
    header.writeUInt32BE(data.length, 16);
    outgoing.send(header);
    if (data.length > 0) outgoing.send(data);
  };
  const refuse = (option: number, name: OptionReplyName, message: string): void =>
    reply(option, name, Buffer.from(message, 'utf8').subarray(0, STRING_MAX_BYTES));

  const find = (name: string): ExportedVolume | undefined => exports.find(name);

  const open = (volume: ExportedVolume, answer: (result: OpenResult) => void): void => {
    step = { kind: 'opening' };
    volume.open(mode, client, (result) => {
      if (abandoned) {
        if (result.kind === 'opened') volume.close(result.handle);
        return;
      }
      answer(result);
      if (step.kind === 'opening') {
        step = { kind: 'option' };
        advance();
      }
    });
  };

  const enter = (volume: ExportedVolume, name: string, handle: OpenHandle): void =>
    finish({
      kind: 'transmission',
      volume,
      handle,
      mode,
      replies,
      allocationSelected: replies === 'structured' && allocationSelectedFor === name,
    });

  const exportInfo = (volume: ExportedVolume): Buffer => {
    const info = Buffer.alloc(12);
    info.writeUInt16BE(INFO.export, 0);
    info.writeBigUInt64BE(BigInt(volume.sizeBytes()), 2);
    info.writeUInt16BE(transmissionFlags(volume, mode, replies), 10);
    return info;
  };
  const blockSizeInfo = (volume: ExportedVolume): Buffer => {
    const info = Buffer.alloc(14);
    info.writeUInt16BE(INFO.blockSize, 0);
    info.writeUInt32BE(volume.minimumBlockSizeBytes, 2);
    info.writeUInt32BE(Math.max(PREFERRED_BLOCK_BYTES, volume.minimumBlockSizeBytes), 6);
    info.writeUInt32BE(PAYLOAD_MAX_BYTES, 10);
    return info;
  };
  const nameInfo = (volume: ExportedVolume): Buffer => {
    const kind = Buffer.alloc(2);
    kind.writeUInt16BE(INFO.name);
    return Buffer.concat([kind, Buffer.from(volume.name)]);
  };

  const unknownExport = (option: number, name: string): void =>
    refuse(option, 'unknownExport', name === '' ? 'there is no default export here' : `no export is called ${name}`);

  /** NBD_OPT_EXPORT_NAME: data is the name; there is no error reply, so a refusal ends the connection. */
  const handleExportName = (data: Buffer): void => {
    const name = data.toString('utf8');
    const volume = find(name);
    if (volume === undefined) return broken(`asked for an export that does not exist: ${JSON.stringify(name)}`);
    open(volume, (result) => {
      if (result.kind === 'refused') return broken(`open of ${volume.name} refused: ${result.message}`);
      const answer = Buffer.alloc(10 + (zeroesWanted ? EXPORT_NAME_ZEROES_BYTES : 0));
      answer.writeBigUInt64BE(BigInt(volume.sizeBytes()), 0);
      answer.writeUInt16BE(transmissionFlags(volume, mode, replies), 8);
      outgoing.send(answer);
      enter(volume, name, result.handle);
    });
  };

  /** NBD_OPT_INFO and NBD_OPT_GO: u32 name length, name, u16 count, count times u16 information request. */
  const handleInfoOrGo = (option: number, data: Buffer): void => {
    const nameEnd = data.length >= 4 ? 4 + data.readUInt32BE(0) : Infinity;
    if (nameEnd + 2 > data.length) return refuse(option, 'invalid', 'the export name is longer than the option');
    const count = data.readUInt16BE(nameEnd);
    if (nameEnd + 2 + 2 * count !== data.length) return refuse(option, 'invalid', 'information requests: wrong length');
    const wanted = new Set<number>();
    for (let i = 0; i < count; i++) wanted.add(data.readUInt16BE(nameEnd + 2 + 2 * i));
    const name = data.toString('utf8', 4, nameEnd);
    const volume = find(name);
    if (volume === undefined) return unknownExport(option, name);

    const describe = (): void => {
      reply(option, 'info', exportInfo(volume));
      if (wanted.has(INFO.name)) reply(option, 'info', nameInfo(volume));
      // Sent unasked too: a client that is not told would send unaligned requests and see them fail.
      reply(option, 'info', blockSizeInfo(volume));
      reply(option, 'ack');
    };
    if (option === OPTION.info) return describe();
    open(volume, (result) => {
      if (result.kind === 'refused') {
        return refuse(option, result.errno === 'ESHUTDOWN' ? 'shutdown' : 'policy', result.message);
      }
      describe();
      enter(volume, name, result.handle);
    });
  };

  const handleList = (option: number, data: Buffer): void => {
    if (data.length > 0) return refuse(option, 'invalid', 'LIST takes no data');
    for (const volume of exports.list()) {
      const name = Buffer.from(volume.name, 'utf8');
      const entry = Buffer.alloc(4 + name.length);
      entry.writeUInt32BE(name.length, 0);
      name.copy(entry, 4);
      reply(option, 'server', entry);
    }
    reply(option, 'ack');
  };

  const handleStructuredReply = (option: number, data: Buffer): void => {
    if (data.length > 0) return refuse(option, 'invalid', 'STRUCTURED_REPLY takes no data');
    replies = 'structured';
    reply(option, 'ack');
  };

  /** LIST and SET_META_CONTEXT: u32 name length, name, u32 count, count times (u32 length, query). */
  const handleMetaContext = (option: number, data: Buffer): void => {
    const setting = option === OPTION.setMetaContext;
    if (setting) allocationSelectedFor = null;
    if (setting && replies !== 'structured') return refuse(option, 'invalid', 'negotiate structured replies first');
    const parsed = parseMetaContextQueries(data);
    if (parsed === null) return refuse(option, 'invalid', 'the strings do not add up to the length of the option');
    const volume = find(parsed.name);
    if (volume === undefined) return unknownExport(option, parsed.name);
    const matches = (query: string): boolean => query === BASE_ALLOCATION || (!setting && query === 'base:');
    const asksForIt = parsed.queries.some(matches) || (!setting && parsed.queries.length === 0);
    if (asksForIt && volume.allocation !== undefined) {
      const context = Buffer.alloc(4 + BASE_ALLOCATION.length);
      // A context id means nothing in a listing.
      context.writeUInt32BE(setting ? ALLOCATION_CONTEXT_ID : 0, 0);
      context.write(BASE_ALLOCATION, 4, 'latin1');
      reply(option, 'metaContext', context);
      if (setting) allocationSelectedFor = parsed.name;
    }
    reply(option, 'ack');
  };

  const handleOption = (option: number, data: Buffer): void => {
    step = { kind: 'option' };
    switch (option) {
      case OPTION.exportName:
        return handleExportName(data);
      case OPTION.abort:
        reply(option, 'ack');
        return finish({ kind: 'ended' });
      case OPTION.list:
        return handleList(option, data);
      case OPTION.info:
      case OPTION.go:
        return handleInfoOrGo(option, data);
      case OPTION.structuredReply:
        return handleStructuredReply(option, data);
      case OPTION.listMetaContext:
      case OPTION.setMetaContext:
        return handleMetaContext(option, data);
      default:
        return refuse(option, 'unsupported', `option ${option} is not supported`);
    }
  };

  const handleClientFlags = (flags: number): void => {
    const known = HANDSHAKE_FLAG.fixedNewstyle | HANDSHAKE_FLAG.noZeroes;
    if ((flags & ~known) !== 0) return broken(`unknown client flags 0x${flags.toString(16)}`);
    if ((flags & HANDSHAKE_FLAG.fixedNewstyle) === 0) return broken('the client does not speak fixed newstyle');
    zeroesWanted = (flags & HANDSHAKE_FLAG.noZeroes) === 0;
    step = { kind: 'option' };
  };

  const handleOptionHeader = (header: Buffer): void => {
    if (header.readBigUInt64BE(0) !== OPTION_MAGIC) return broken('an option without IHAVEOPT in front');
    const option = header.readUInt32BE(8);
    const lengthBytes = header.readUInt32BE(12);
    if (lengthBytes > OPTION_SKIP_MAX_BYTES) return broken(`option ${option} of ${lengthBytes} bytes`);
    step =
      lengthBytes > OPTION_DATA_MAX_BYTES
        ? { kind: 'skip', option, leftBytes: lengthBytes }
        : { kind: 'option-data', option, lengthBytes };
  };

  /** One message at most; false when it is not complete or nothing is to be read now. */
  const advanceOnce = (): boolean => {
    switch (step.kind) {
      case 'client-flags': {
        const flags = incoming.take(4);
        if (flags === null) return false;
        handleClientFlags(flags.readUInt32BE(0));
        return true;
      }
      case 'option': {
        const header = incoming.take(OPTION_HEADER_BYTES);
        if (header === null) return false;
        handleOptionHeader(header);
        return true;
      }
      case 'option-data': {
        const data = incoming.take(step.lengthBytes);
        if (data === null) return false;
        handleOption(step.option, data);
        return true;
      }
      case 'skip': {
        step.leftBytes -= incoming.skip(step.leftBytes);
        if (step.leftBytes > 0) return false;
        const { option } = step;
        if (option === OPTION.exportName) {
          broken('an export name longer than allowed');
          return true;
        }
        refuse(option, 'tooBig', `options may have ${OPTION_DATA_MAX_BYTES} bytes here`);
        step = { kind: 'option' };
        return true;
      }
      case 'opening':
      case 'finished':
        return false;
    }
  };
  const advance = (): void => {
    while (advanceOnce());
  };
  return {
    advance,
    abandon() {
      abandoned = true;
      step = { kind: 'finished' };
    },
  };
}

export const ALLOCATION_CONTEXT_ID = 1;

function parseMetaContextQueries(data: Buffer): { name: string; queries: string[] } | null {
  let at = 0;
  const number = (): number | null => {
    if (at + 4 > data.length) return null;
    at += 4;
    return data.readUInt32BE(at - 4);
  };
  const text = (): string | null => {
    const length = number();
    if (length === null || length > STRING_MAX_BYTES || at + length > data.length) return null;
    at += length;
    return data.toString('utf8', at - length, at);
  };
  const name = text();
  const count = number();
  if (name === null || count === null) return null;
  const queries: string[] = [];
  for (let i = 0; i < count; i++) {
    const query = text();
    if (query === null) return null;
    queries.push(query);
  }
  return at === data.length ? { name, queries } : null;
}
