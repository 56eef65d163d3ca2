import { hold, holdPiece, letGo } from '../../payload';
import { HEADER_BYTES_MAX, MAGIC_100, MAGIC_80, MAGIC_95 } from '../header/header';
import { decodePacket, decodePayloadHead, isProtocolError } from '../packets/decode';
import type { Agreement, Body } from '../packets/decode';
import type { Packet, SocketKind } from '../packets/packet';
import { BITMAP_PACKET_BYTES_MAX, DIGEST_BYTES_MAX, packetRowById } from '../packets/packet-table';
import type { PacketRow } from '../packets/packet-table';
import { PROTOCOL_MAX, featureName } from '../codes/flags';
import { protocolError } from '../protocol-error';
import type { ProtocolError } from '../protocol-error';

/** Takes the packets of one socket, in order. */
export interface PacketSink {
  packet(packet: Packet): void;
}

/** The largest body that is gathered in one place; payloads never are. */
const GATHERED_BYTES_MAX = HEADER_BYTES_MAX + BITMAP_PACKET_BYTES_MAX + DIGEST_BYTES_MAX;
const HEADER_HALF_BYTES = 8;

const EMPTY = new Uint8Array(0);
const EMPTY_VIEW = new DataView(EMPTY.buffer);

const enum Stage {
  /** The first 8 bytes: a whole header80 or header95, or the first half of a header100. */
  Header,
  HeaderRest,
  Body,
  Payload,
  /** After the peer's features: how to read on is known once both agreed. */
  Held,
  Stopped,
}

/**
 * Finds where packets end in the byte stream of one socket, whatever the cuts of its chunks.
 *
 * Invariants:
 * - Memory is bounded: headers and small bodies are gathered in one fixed scratch buffer, and only when a chunk's
 *   end cuts them; a payload is handed over as subarrays of the chunks it came in, never copied or joined, and held until
 *   the sink has returned.
 * - A length is checked against the packet table before anything of the packet is taken.
 * - After the first error nothing more is read.
 * - After P_CONNECTION_FEATURES nothing more of the data socket is read until `agree` was called, since the next
 *   packet's header format depends on it; `held` then says that the socket should be paused.
 */
export class Framer {
  private stage = Stage.Header;
  private agreement: Agreement = { version: 0, featureFlags: 0 };
  private digestBytes = 0;

  private chunk: Uint8Array = EMPTY;
  private chunkView: DataView = EMPTY_VIEW;
  private position = 0;
  private heldChunks: Uint8Array[] = [];
  private pushing = false;

  private readonly scratch = new Uint8Array(GATHERED_BYTES_MAX);
  private readonly scratchView = new DataView(this.scratch.buffer);
  private gatheredBytes = 0;

  /** Where `take` left what it was asked for. */
  private taken: { bytes: Uint8Array; view: DataView; at: number; lengthBytes: number } = {
    bytes: EMPTY,
    view: EMPTY_VIEW,
    at: 0,
    lengthBytes: 0,
  };

  private row: PacketRow | undefined;
  private volume = 0;
  private command = 0;
  private lengthBytes = 0;
  private payloadPacket: Packet | undefined;
  private payloadPieces: Uint8Array[] = [];
  private payloadBytesLeft = 0;

  constructor(private readonly socket: SocketKind) {}

  get held(): boolean {
    return this.stage === Stage.Held;
  }

  /** Bytes of the stream that are kept between two calls of `push`. */
  get keptBytes(): number {
    const bytesOf = (pieces: readonly Uint8Array[]): number => pieces.reduce((sum, { length }) => sum + length, 0);
    const payloadBytes = this.stage === Stage.Payload ? bytesOf(this.payloadPieces) : 0;
    return this.gatheredBytes + payloadBytes + bytesOf(this.heldChunks);
  }

  /** From the next packet on. Call `resume` when `held` was true before. */
  agree(version: number, featureFlags: number): void {
    this.agreement = { version, featureFlags };
  }

  /** Length of the digest in front of payloads (data-integrity-alg), from the next packet on. */
  setDigestBytes(digestBytes: number): void {
    if (digestBytes > DIGEST_BYTES_MAX) throw new Error(`a digest of ${digestBytes} bytes`);
    this.digestBytes = digestBytes;
  }

  /** Reads on in what came behind the peer's features. Within a `push` it does nothing: the push goes on. */
  resume(sink: PacketSink): ProtocolError | null {
    if (this.pushing || this.stage !== Stage.Held || this.agreement.version === 0) return null;
    this.stage = Stage.Header;
    const chunks = this.heldChunks;
    this.heldChunks = [];
    for (const chunk of chunks) {
      const error = this.push(chunk, sink);
      letGo([chunk]);
      if (error !== null) return error;
    }
    return null;
  }

  /** No packet is handed over from now on, not even of the chunk in hand. */
  stop(): void {
    this.stage = Stage.Stopped;
    letGo(this.heldChunks);
    this.heldChunks = [];
  }

  /** Hands every packet that is complete to `sink`. What is kept of `chunk` beyond the call is held. */
  push(chunk: Uint8Array, sink: PacketSink): ProtocolError | null {
    if (this.stage === Stage.Held) {
      hold([chunk]);
      this.heldChunks.push(chunk);
      return null;
    }
    this.chunk = chunk;
    this.chunkView = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    this.position = 0;
    this.pushing = true;
    const error = this.run(sink);
    this.pushing = false;
    this.chunk = EMPTY;
    this.chunkView = EMPTY_VIEW;
    if (error !== null) this.stop();
    return error;
  }

  private run(sink: PacketSink): ProtocolError | null {
    for (;;) {
      let error: ProtocolError | null = null;
      switch (this.stage) {
        case Stage.Header:
          if (!this.take(HEADER_HALF_BYTES)) return null;
          error = this.header();
          break;
        case Stage.HeaderRest:
          if (!this.take(HEADER_HALF_BYTES)) return null;
          error = this.headerRest();
          break;
        case Stage.Body:
          if (!this.take(this.bodyBytes())) return null;
          error = this.body(sink);
          break;
        case Stage.Payload:
          if (!this.payload(sink)) return null;
          break;
        case Stage.Held:
          if (this.agreement.version !== 0) {
            this.stage = Stage.Header;
            break;
          }
          if (this.position < this.chunk.length) {
            const rest = this.chunk.subarray(this.position);
            holdPiece(rest);
            this.heldChunks.push(rest);
          }
          return null;
        case Stage.Stopped:
          return null;
      }
      if (error !== null) return error;
    }
  }

  /** Gets `need` bytes in a row: in the chunk where possible, gathered in the scratch buffer at its end. */
  private take(need: number): boolean {
    const taken = this.taken;
    const available = this.chunk.length - this.position;
    if (this.gatheredBytes === 0 && available >= need) {
      taken.bytes = this.chunk;
      taken.view = this.chunkView;
      taken.at = this.position;
      taken.lengthBytes = need;
      this.position += need;
      return true;
    }
    const count = Math.min(need - this.gatheredBytes, available);
    for (let i = 0; i < count; i++) this.scratch[this.gatheredBytes + i] = this.chunk[this.position + i] ?? 0;
    this.gatheredBytes += count;
    this.position += count;
    if (this.gatheredBytes < need) return false;
    this.gatheredBytes = 0;
    taken.bytes = this.scratch;
    taken.view = this.scratchView;
    taken.at = 0;
    taken.lengthBytes = need;
    return true;
  }

  private header(): ProtocolError | null {
    const { view, at } = this.taken;
    const magic = view.getUint32(at);
    const version = this.agreement.version;
    // A ping on the meta socket may overtake the features on the data socket, so there any format goes (wire.md 2).
    const anyFormat = this.socket === 'meta';
    if (magic === MAGIC_100 && (version >= 100 || anyFormat)) {
      this.volume = view.getUint16(at + 4);
      this.command = view.getUint16(at + 6);
      this.stage = Stage.HeaderRest;
      return null;
    }
    this.volume = 0;
    if (magic === MAGIC_80 && (version < 100 || anyFormat)) {
      this.command = view.getUint16(at + 4);
      this.lengthBytes = view.getUint16(at + 6);
      return this.startBody();
    }
    if (magic >>> 16 === MAGIC_95 && ((version >= 95 && version < 100) || anyFormat)) {
      this.command = view.getUint16(at + 2);
      this.lengthBytes = view.getUint32(at + 4);
      return this.startBody();
    }
    return protocolError('bad-magic', `magic 0x${magic.toString(16)} at protocol ${version}`);
  }

  private headerRest(): ProtocolError | null {
    const { view, at } = this.taken;
    this.lengthBytes = view.getUint32(at);
    const pad = view.getUint32(at + 4);
    if (pad !== 0) return protocolError('bad-header', `pad 0x${pad.toString(16)} in the header of ${this.command}`);
    return this.startBody();
  }

  private startBody(): ProtocolError | null {
    const row = packetRowById(this.command);
    if (this.socket === 'data' && this.agreement.version === 0 && this.isNoOffer(row)) {
      const found = `${row?.name ?? `command 0x${this.command.toString(16)}`} of ${this.lengthBytes} bytes`;
      return protocolError('no-features', `expected P_CONNECTION_FEATURES of 72 bytes, received ${found}`);
    }
    if (row === undefined) return protocolError('unknown-command', `command 0x${this.command.toString(16)}`);
    if (row.socket !== this.socket && row.socket !== 'both') {
      return protocolError('unexpected-packet', `${row.name} on the ${this.socket} socket`);
    }
    const version = this.agreement.version === 0 && this.socket === 'meta' ? PROTOCOL_MAX : this.agreement.version;
    if (version < row.versionMin || version > row.versionMax) {
      return protocolError('unexpected-packet', `${row.name} at protocol ${version}`);
    }
    if (row.feature !== 0 && (this.agreement.featureFlags & row.feature) === 0) {
      return protocolError('unexpected-packet', `${row.name} without the feature ${featureName(row.feature)}`);
    }
    const leastBytes = row.payload ? row.fixedBytes + this.digestBytes : row.fixedBytes;
    const mostBytes = row.payload
      ? leastBytes + row.variableBytesMax - DIGEST_BYTES_MAX
      : row.fixedBytes + row.variableBytesMax;
    if (this.lengthBytes < leastBytes || this.lengthBytes > mostBytes) {
      return protocolError('wrong-length', `${row.name}: length ${this.lengthBytes}`);
    }
    this.row = row;
    this.stage = Stage.Body;
    return null;
  }

  /** What comes first on the data socket is the peer's offer: 72 bytes. Source: wire.md 3. */
  private isNoOffer(row: PacketRow | undefined): boolean {
    return row?.kind !== 'ConnectionFeatures' || this.lengthBytes !== row.fixedBytes;
  }

  private bodyBytes(): number {
    const row = this.row;
    return row !== undefined && row.payload ? row.fixedBytes + this.digestBytes : this.lengthBytes;
  }

  private body(sink: PacketSink): ProtocolError | null {
    const row = this.row;
    if (row === undefined) throw new Error('a body without a header');
    const body: Body = this.taken;
    if (row.payload) {
      this.payloadBytesLeft = this.lengthBytes - body.lengthBytes;
      this.payloadPieces = [];
      const frame = { digestBytes: this.digestBytes, sizeBytes: this.payloadBytesLeft, pieces: this.payloadPieces };
      const head = decodePayloadHead(row, this.volume, body, frame);
      if (isProtocolError(head)) return head;
      this.payloadPacket = head;
      this.stage = Stage.Payload;
      return null;
    }
    const packet = decodePacket(row, this.volume, body, this.agreement);
    if (isProtocolError(packet)) return packet;
    this.stage = packet.kind === 'ConnectionFeatures' ? Stage.Held : Stage.Header;
    sink.packet(packet);
    return null;
  }

  /** Returns whether the payload is complete. */
  private payload(sink: PacketSink): boolean {
    const count = Math.min(this.payloadBytesLeft, this.chunk.length - this.position);
    if (count > 0) {
      const piece = this.chunk.subarray(this.position, this.position + count);
      holdPiece(piece);
      this.payloadPieces.push(piece);
      this.position += count;
      this.payloadBytesLeft -= count;
    }
    if (this.payloadBytesLeft > 0) return false;
    const packet = this.payloadPacket;
    this.payloadPacket = undefined;
    this.stage = Stage.Header;
    const pieces = this.payloadPieces;
    if (packet !== undefined) sink.packet(packet);
    letGo(pieces);
    return true;
  }
}
