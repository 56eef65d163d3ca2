import { holdPiece } from '../../payload';
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

/** Heads of some 1,600 P_DATA, or as many acks. A slab is never written again once it was handed out. */
const SLAB_BYTES = 64 * 1024;
/** Largest head, a bitmap packet with its header; what does not fit into the rest of a slab begins a new one. */
const HEAD_BYTES_MAX = 4096 + 16 + DIGEST_BYTES_MAX;

/**
 * Encodes packets of one socket into a list of buffers for one vectored write.
 *
 * Heads that follow each other share one buffer; payload pieces are passed on by reference, never copied, and held: who
 * took the buffers lets go of them. Memory
 * for heads is zeroed when it is allocated, and every byte of a head is written.
 */
export class PacketWriter {
  private agreement: Agreement = { version: 0, featureFlags: 0 };
  private format = headerFormat(0, 'data');
  private slab = new Uint8Array(SLAB_BYTES);
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

  /** Moves the heads written so far to the list. */
  private cut(): void {
    if (this.at === this.from) return;
    this.buffers.push(this.slab.subarray(this.from, this.at));
    this.from = this.at;
  }

  private newSlab(): void {
    this.cut();
    this.slab = new Uint8Array(SLAB_BYTES);
    this.view = new DataView(this.slab.buffer);
    this.at = 0;
    this.from = 0;
  }
}

const NO_BYTES = new Uint8Array(0);

function assertNever(packet: never): never {
  throw new Error(`no encoder for ${JSON.stringify(packet)}`);
}
