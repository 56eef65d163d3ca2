import { holderCount, holdPiece, letGoPiece, shareMemory, takeMemory } from '../../payload';
import { headerBytes, headerFormat, writeHeader } from '../header/header';
import type { Agreement } from './decode';
import * as layouts from './layouts';
import type {
  BlockAck,
  BlockRequest,
  DataPacket,
  DigestRequest,
  Packet,
  Payload,
  ProtocolPacket,
  SizesPacket,
  SocketKind,
  SyncParamPacket,
  WriteSamePacket,
} from './packet';
import { DIGEST_BYTES_MAX, packetRow } from './packet-table';
import type { Layout } from '../../codec';
import { encodeText } from './text-field';

/** Some 60 P_DATA of 4 KiB, or 6,000 acks. */
const SLAB_BYTES = 256 * 1024;
const UNUSED_SLABS_MAX = 4;
/** Largest head, a bitmap packet with its header; what does not fit into the rest of a slab begins a new one. */
const HEAD_BYTES_MAX = 4096 + 16 + 64 + DIGEST_BYTES_MAX;
/** A short payload is copied behind its head: a buffer of its own in the vectored write costs more than the copy. */
const COPIED_BYTES_MAX = 4096;

/**
 * Encodes packets of one socket into a list of buffers for one vectored write.
 *
 * Heads and short payloads that follow each other share one buffer; longer payloads are passed on by reference. All buffers
 * are held: who took them lets go of them when they are sent, and the memory of heads is used again after that. Every
 * byte of a head is written, so that nothing of what was there before gets out.
 */
export class PacketWriter {
  private agreement: Agreement = { version: 0, featureFlags: 0 };
  private format = headerFormat(0, 'data');
  private unusedSlabs: Uint8Array[] = [];
  private slab = this.anySlab();
  private view = new DataView(this.slab.buffer);
  private at = 0;
  /** Start of the bytes in the slab that are not in `buffers` yet. */
  private from = 0;
  private buffers: Uint8Array[] = [];
  private totalBytes = 0;

  constructor(private readonly socket: SocketKind) {}

  /** From the next packet on. */
  agree(version: number, featureFlags: number): void {
    this.agreement = { version, featureFlags };
    this.format = headerFormat(version, this.socket);
  }

  /** Bytes written since the last `take`. */
  get pendingBytes(): number {
    return this.totalBytes;
  }

  /** What was written since the last call, in order. */
  take(): Uint8Array[] {
    this.cut();
    const buffers = this.buffers;
    this.buffers = [];
    this.totalBytes = 0;
    return buffers;
  }

  write(packet: Packet): void {
    if (SLAB_BYTES - this.at < HEAD_BYTES_MAX) this.newSlab();
    switch (packet.kind) {
      case 'Data':
      case 'DataReply':
      case 'RsDataReply':
        return this.data(packet);
      case 'RecvAck':
      case 'WriteAck':
      case 'RsWriteAck':
      case 'Superseded':
      case 'NegAck':
      case 'NegDReply':
      case 'NegRsDReply':
      case 'OvResult':
      case 'RsIsInSync':
      case 'RsCancel':
      case 'RetryWrite':
        return this.blockAck(packet);
      case 'Barrier':
        return this.barrier(packet, packet.barrier, 0);
      case 'BarrierAck':
        return this.barrier(packet, packet.barrier, packet.setSize);
      case 'DataRequest':
      case 'RsDataRequest':
      case 'OvRequest':
      case 'RsThinReq':
        return this.blockRequest(packet);
      case 'OvReply':
      case 'CsumRsRequest':
        return this.digestRequest(packet);
      case 'Trim':
      case 'Zeroes':
        return this.table(packet, layouts.trimLayout, packet);
      case 'WriteSame':
        return this.writeSame(packet);
      case 'ConnectionFeatures':
        return this.table(packet, layouts.featuresLayout, packet);
      case 'Protocol':
      case 'ProtocolUpdate':
        return this.protocol(packet);
      case 'SyncParam':
        return this.syncParam(packet);
      case 'SyncParam89':
        return this.syncParam89(packet);
      case 'Sizes':
        return this.sizes(packet);
      case 'Uuids':
        return this.table(packet, layouts.uuidsLayout, packet);
      case 'State':
        return this.table(packet, layouts.stateLayout, { state: packet.state >>> 0 });
      case 'SyncUuid':
        return this.table(packet, layouts.syncUuidLayout, packet);
      case 'StateChgReq':
      case 'ConnStChgReq':
        return this.table(packet, layouts.stateChangeRequestLayout, packet);
      case 'StateChgReply':
      case 'ConnStChgReply':
        return this.table(packet, layouts.stateChangeReplyLayout, packet);
      case 'OutOfSync':
      case 'RsDeallocated':
        return this.table(packet, layouts.blockDescLayout, packet);
      case 'DelayProbe':
        return this.table(packet, layouts.delayProbeLayout, packet);
      case 'AuthChallenge':
      case 'AuthResponse':
      case 'Bitmap':
      case 'CompressedBitmap':
        this.head(packet, packet.bytes.length);
        return this.small(packet.bytes);
      case 'InitialMeta':
      case 'InitialData':
      case 'Ping':
      case 'PingAck':
      case 'UnplugRemote':
        return this.head(packet, 0);
      default:
        return assertNever(packet);
    }
  }

  private data(packet: DataPacket): void {
    const digestBytes = packet.digest === undefined ? 0 : packet.digest.length;
    this.head(packet, 24 + digestBytes + packet.sizeBytes);
    this.dataFields(packet);
    if (packet.digest !== undefined) this.small(packet.digest);
    this.payload(packet.payload, packet.sizeBytes);
  }

  private dataFields(packet: DataPacket | WriteSamePacket): void {
    const { view, at } = this;
    this.sector(at, packet.sector);
    view.setBigUint64(at + 8, packet.blockId);
    view.setUint32(at + 16, packet.seq);
    view.setUint32(at + 20, packet.flags);
    this.at = at + 24;
  }

  private writeSame(packet: WriteSamePacket): void {
    const digest = packet.digest ?? NO_BYTES;
    const blockBytes = packet.payload.reduce((sum, piece) => sum + piece.length, 0);
    this.head(packet, 28 + digest.length + blockBytes);
    this.dataFields(packet);
    this.view.setUint32(this.at, packet.sizeBytes);
    this.at += 4;
    this.small(digest);
    this.payload(packet.payload, blockBytes);
  }

  private blockAck(packet: BlockAck): void {
    this.head(packet, 24);
    const { view, at } = this;
    this.sector(at, packet.sector);
    view.setBigUint64(at + 8, packet.blockId);
    view.setUint32(at + 16, packet.sizeBytes);
    view.setUint32(at + 20, packet.seq);
    this.at = at + 24;
  }

  private blockRequest(packet: BlockRequest | DigestRequest, extraBytes = 0): void {
    this.head(packet, 24 + extraBytes);
    const { view, at } = this;
    this.sector(at, packet.sector);
    view.setBigUint64(at + 8, packet.blockId);
    view.setUint32(at + 16, packet.sizeBytes);
    view.setUint32(at + 20, packet.pad ?? 0);
    this.at = at + 24;
  }

  private digestRequest(packet: DigestRequest): void {
    this.blockRequest(packet, packet.digest.length);
    this.small(packet.digest);
  }

  private barrier(packet: Packet, number: number, second: number): void {
    this.head(packet, 8);
    this.view.setUint32(this.at, number);
    this.view.setUint32(this.at + 4, second);
    this.at += 8;
  }

  private protocol(packet: ProtocolPacket): void {
    const algBytes = this.agreement.version < 87 ? 0 : packet.integrityAlg.length + 1;
    this.head(packet, layouts.protocolLayout.sizeBytes + algBytes);
    this.fields(layouts.protocolLayout, packet);
    if (algBytes > 0) this.small(encodeText(packet.integrityAlg, algBytes));
  }

  private syncParam(packet: SyncParamPacket): void {
    const algBytes = this.agreement.version < 88 ? 0 : packet.verifyAlg.length + 1;
    this.head(packet, 4 + algBytes);
    this.view.setUint32(this.at, packet.resyncRateKiBs);
    this.at += 4;
    if (algBytes > 0) this.small(encodeText(packet.verifyAlg, algBytes));
  }

  private syncParam89(packet: SyncParamPacket): void {
    const withController = this.agreement.version >= 95;
    const controllerBytes = withController ? layouts.syncParamControllerLayout.sizeBytes : 0;
    this.head(packet, layouts.syncParam89Layout.sizeBytes + controllerBytes);
    this.fields(layouts.syncParam89Layout, {
      resyncRateKiBs: packet.resyncRateKiBs,
      verifyAlg: encodeText(packet.verifyAlg, 64),
      csumsAlg: encodeText(packet.csumsAlg, 64),
    });
    if (withController) this.fields(layouts.syncParamControllerLayout, packet);
  }

  private sizes(packet: SizesPacket): void {
    const limitBytes = packet.queueLimits === undefined ? 0 : layouts.queueLimitsLayout.sizeBytes;
    this.head(packet, layouts.sizesLayout.sizeBytes + limitBytes);
    this.fields(layouts.sizesLayout, packet);
    if (packet.queueLimits !== undefined) this.fields(layouts.queueLimitsLayout, packet.queueLimits);
  }

  private table<T>(packet: Packet, table: Layout<T>, fields: T): void {
    this.head(packet, table.sizeBytes);
    this.fields(table, fields);
  }

  private head(packet: Packet, lengthBytes: number): void {
    const row = packetRow(packet.kind);
    const format = row.versionMax === 0 ? 80 : this.format;
    this.at = writeHeader(this.view, this.at, format, { volume: packet.volume, command: row.id, lengthBytes });
    this.totalBytes += headerBytes(format) + lengthBytes;
  }

  private fields<T>(table: Layout<T>, fields: T): void {
    table.encodeInto(fields, this.slab.subarray(this.at, this.at + table.sizeBytes));
    this.at += table.sizeBytes;
  }

  private sector(at: number, sector: number): void {
    this.view.setUint32(at, Math.floor(sector / 0x1_0000_0000));
    this.view.setUint32(at + 4, sector >>> 0);
  }

  private small(bytes: Uint8Array): void {
    this.slab.set(bytes, this.at);
    this.at += bytes.length;
  }

  private payload(pieces: Payload, sizeBytes: number): void {
    if (sizeBytes <= COPIED_BYTES_MAX) return this.copied(pieces, sizeBytes);
    this.cut();
    let sum = 0;
    for (const piece of pieces) {
      sum += piece.length;
      if (piece.length === 0) continue;
      holdPiece(piece);
      this.buffers.push(piece);
    }
    if (sum !== sizeBytes) throw new Error(`payload of ${sum} bytes where ${sizeBytes} are announced`);
  }

  private copied(pieces: Payload, sizeBytes: number): void {
    let end = this.at;
    for (const piece of pieces) {
      this.slab.set(piece, end);
      end += piece.length;
    }
    if (end - this.at !== sizeBytes)
      throw new Error(`payload of ${end - this.at} bytes where ${sizeBytes} are announced`);
    this.at = end;
  }

  /** Moves the heads written so far to the list. */
  private cut(): void {
    if (this.at === this.from) return;
    const piece = this.slab.subarray(this.from, this.at);
    holdPiece(piece);
    this.buffers.push(piece);
    this.from = this.at;
  }

  private newSlab(): void {
    this.cut();
    if (holderCount(this.slab.buffer) > 1) {
      letGoPiece(this.slab);
      this.slab = this.anySlab();
      this.view = new DataView(this.slab.buffer);
    }
    this.at = 0;
    this.from = 0;
  }

  private anySlab(): Uint8Array {
    const unused = this.unusedSlabs.pop();
    if (unused !== undefined) {
      takeMemory(unused.buffer);
      return unused;
    }
    const slab = new Uint8Array(SLAB_BYTES);
    shareMemory(slab.buffer, () => {
      if (this.unusedSlabs.length < UNUSED_SLABS_MAX) this.unusedSlabs.push(slab);
    });
    return slab;
  }
}

const NO_BYTES = new Uint8Array(0);

function assertNever(packet: never): never {
  throw new Error(`no encoder for ${JSON.stringify(packet)}`);
}
