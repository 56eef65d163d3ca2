import { isCodecError } from '../../codec';
import type { Layout } from '../../codec';
import { Feature } from '../codes/flags';
import { protocolError } from '../protocol-error';
import type { ProtocolError } from '../protocol-error';
import * as layouts from './layouts';
import type { BlockAck, BlockRequest, DataPacket, Packet, PacketKind } from './packet';
import type { PacketRow } from './packet-table';
import { decodeText } from './text-field';

/** What both sides agreed on; decides layouts. Version 0: nothing agreed yet. */
export interface Agreement {
  readonly version: number;
  readonly featureFlags: number;
}

/** The body of one packet in memory: `lengthBytes` bytes from `at` on, in front of the payload if there is one. */
export interface Body {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly at: number;
  readonly lengthBytes: number;
}

/** What a payload packet's body does not say: how long its digest is, and how many bytes come behind it. */
export interface PayloadFrame {
  readonly digestBytes: number;
  readonly sizeBytes: number;
  readonly pieces: Uint8Array[];
}

type Result = Packet | ProtocolError;
type Decoder = (kind: PacketKind, volume: number, body: Body, agreement: Agreement) => Result;

const SECTOR_HIGH_MAX = 0x1f_ffff; // above, a double does not hold the sector exactly
const SECTOR_BYTES_MASK = 511;

export const isProtocolError = (value: Packet | ProtocolError): value is ProtocolError =>
  value.kind === 'ProtocolError';

const part = (body: Body, from: number, length: number): Uint8Array =>
  body.bytes.subarray(body.at + from, body.at + from + length);
/** A copy, for what outlives the chunk it came in: a digest should not keep 64 KiB alive. */
const copyOf = (body: Body, from: number, length: number): Uint8Array => new Uint8Array(part(body, from, length));
const sectorOf = (view: DataView, at: number): number => view.getUint32(at) * 0x1_0000_0000 + view.getUint32(at + 4);
const badSector = (kind: PacketKind): ProtocolError => protocolError('bad-value', `${kind}: sector beyond 2^53`);
const badLength = (kind: PacketKind, lengthBytes: number): ProtocolError =>
  protocolError('wrong-length', `${kind}: length ${lengthBytes}`);

/** Decodes a packet without payload pieces. The framer has checked `lengthBytes` against the packet table. */
export function decodePacket(row: PacketRow, volume: number, body: Body, agreement: Agreement): Result {
  return decoders[row.kind](row.kind, volume, body, agreement);
}

/** Decodes the head of a packet whose payload follows in pieces; `frame.pieces` becomes its payload. */
export function decodePayloadHead(row: PacketRow, volume: number, body: Body, frame: PayloadFrame): Result {
  const { view, at } = body;
  const { digestBytes, sizeBytes, pieces } = frame;
  if (view.getUint32(at) > SECTOR_HIGH_MAX) return badSector(row.kind);
  if (row.kind === 'WriteSame') return decodeWriteSame(volume, body, frame);
  if ((sizeBytes & SECTOR_BYTES_MASK) !== 0 || (sizeBytes === 0 && row.kind !== 'Data')) {
    return protocolError('bad-value', `${row.name}: ${sizeBytes} bytes of data`);
  }
  const kind = row.kind as DataPacket['kind'];
  const sector = sectorOf(view, at);
  const blockId = view.getBigUint64(at + 8);
  const seq = view.getUint32(at + 16);
  const flags = view.getUint32(at + 20);
  return digestBytes === 0
    ? { kind, volume, sector, blockId, seq, flags, sizeBytes, payload: pieces }
    : { kind, volume, sector, blockId, seq, flags, sizeBytes, payload: pieces, digest: copyOf(body, 24, digestBytes) };
}

function decodeWriteSame(volume: number, body: Body, { digestBytes, pieces }: PayloadFrame): Result {
  const fields = layouts.trimLayout.decode(part(body, 0, body.lengthBytes));
  if (isCodecError(fields)) return protocolError('bad-value', fields.message);
  const packet = { kind: 'WriteSame', volume, ...fields, payload: pieces } as const;
  return digestBytes === 0 ? packet : { ...packet, digest: copyOf(body, 28, digestBytes) };
}

const blockAck: Decoder = (kind, volume, { view, at }) =>
  view.getUint32(at) > SECTOR_HIGH_MAX
    ? badSector(kind)
    : {
        kind: kind as BlockAck['kind'],
        volume,
        sector: sectorOf(view, at),
        blockId: view.getBigUint64(at + 8),
        sizeBytes: view.getUint32(at + 16),
        seq: view.getUint32(at + 20),
      };

const blockRequest: Decoder = (kind, volume, { view, at }) =>
  view.getUint32(at) > SECTOR_HIGH_MAX
    ? badSector(kind)
    : {
        kind: kind as BlockRequest['kind'],
        volume,
        sector: sectorOf(view, at),
        blockId: view.getBigUint64(at + 8),
        sizeBytes: view.getUint32(at + 16),
        pad: view.getUint32(at + 20),
      };

const barrier: Decoder = (_, volume, { view, at }) => ({ kind: 'Barrier', volume, barrier: view.getUint32(at) });
const barrierAck: Decoder = (_, volume, { view, at }) => ({
  kind: 'BarrierAck',
  volume,
  barrier: view.getUint32(at),
  setSize: view.getUint32(at + 4),
});

/** A packet that is nothing but its kind, volume and the fields of a layout. */
const plain =
  <T extends object>(table: Layout<T>): Decoder =>
  (kind, volume, body) => {
    const fields = table.decode(part(body, 0, body.lengthBytes));
    return isCodecError(fields) ? protocolError('bad-value', fields.message) : ({ kind, volume, ...fields } as Packet);
  };

const empty: Decoder = (kind, volume) => ({ kind, volume }) as Packet;
const rawBody: Decoder = (kind, volume, body) => ({ kind, volume, bytes: copyOf(body, 0, body.lengthBytes) }) as Packet;

const digestRequest: Decoder = (kind, volume, body) => {
  const fields = layouts.blockRequestLayout.decode(part(body, 0, body.lengthBytes));
  if (isCodecError(fields)) return protocolError('bad-value', fields.message);
  return { kind, volume, ...fields, digest: copyOf(body, 24, body.lengthBytes - 24) } as Packet;
};

const protocol: Decoder = (kind, volume, body, { version }) => {
  const fields = layouts.protocolLayout.decode(part(body, 0, body.lengthBytes));
  if (isCodecError(fields)) return protocolError('bad-value', fields.message);
  const algBytes = body.lengthBytes - layouts.protocolLayout.sizeBytes;
  if (version < 87) {
    return algBytes === 0
      ? ({ kind, volume, ...fields, integrityAlg: '' } as Packet)
      : badLength(kind, body.lengthBytes);
  }
  const integrityAlg = decodeText(part(body, layouts.protocolLayout.sizeBytes, algBytes));
  if (integrityAlg === null) return protocolError('bad-value', `${kind}: data-integrity-alg without terminator`);
  return { kind, volume, ...fields, integrityAlg } as Packet;
};

const noController = { cPlanAheadTenths: 0, cDelayTargetTenths: 0, cFillTargetSectors: 0, cMaxRateKiBs: 0 };

const syncParam: Decoder = (_, volume, body, { version }) => {
  const verifyAlg = version < 88 ? '' : decodeText(part(body, 4, body.lengthBytes - 4));
  if (version < 88 && body.lengthBytes !== 4) return badLength('SyncParam', body.lengthBytes);
  if (verifyAlg === null) return protocolError('bad-value', 'SyncParam: verify-alg without terminator');
  const resyncRateKiBs = body.view.getUint32(body.at);
  return { kind: 'SyncParam', volume, resyncRateKiBs, verifyAlg, csumsAlg: '', ...noController };
};

const syncParam89: Decoder = (_, volume, body, { version }) => {
  const controllerAt = layouts.syncParam89Layout.sizeBytes;
  const expected = version < 95 ? controllerAt : controllerAt + layouts.syncParamControllerLayout.sizeBytes;
  if (body.lengthBytes !== expected) return badLength('SyncParam89', body.lengthBytes);
  const fields = layouts.syncParam89Layout.decode(part(body, 0, controllerAt));
  if (isCodecError(fields)) return protocolError('bad-value', fields.message);
  const controller =
    version < 95
      ? noController
      : layouts.syncParamControllerLayout.decode(part(body, controllerAt, expected - controllerAt));
  if (isCodecError(controller)) return protocolError('bad-value', controller.message);
  const verifyAlg = decodeText(fields.verifyAlg);
  const csumsAlg = decodeText(fields.csumsAlg);
  if (verifyAlg === null || csumsAlg === null) {
    return protocolError('bad-value', 'SyncParam89: algorithm name without terminator');
  }
  return { kind: 'SyncParam89', volume, resyncRateKiBs: fields.resyncRateKiBs, verifyAlg, csumsAlg, ...controller };
};

const sizes: Decoder = (_, volume, body, { featureFlags }) => {
  const withLimits = (featureFlags & Feature.WSAME) !== 0;
  const limitsAt = layouts.sizesLayout.sizeBytes;
  const expected = withLimits ? limitsAt + layouts.queueLimitsLayout.sizeBytes : limitsAt;
  if (body.lengthBytes !== expected) return badLength('Sizes', body.lengthBytes);
  const fields = layouts.sizesLayout.decode(part(body, 0, limitsAt));
  if (isCodecError(fields)) return protocolError('bad-value', fields.message);
  if (!withLimits) return { kind: 'Sizes', volume, ...fields };
  const queueLimits = layouts.queueLimitsLayout.decode(part(body, limitsAt, expected - limitsAt));
  if (isCodecError(queueLimits)) return protocolError('bad-value', queueLimits.message);
  return { kind: 'Sizes', volume, ...fields, queueLimits };
};

const payloadElsewhere: Decoder = (kind) => {
  throw new Error(`${kind} carries a payload and is decoded by decodePayloadHead`);
};

const decoders: Readonly<Record<PacketKind, Decoder>> = {
  Data: payloadElsewhere,
  DataReply: payloadElsewhere,
  RsDataReply: payloadElsewhere,
  WriteSame: payloadElsewhere,
  Barrier: barrier,
  BarrierAck: barrierAck,
  Bitmap: rawBody,
  CompressedBitmap: rawBody,
  UnplugRemote: empty,
  Ping: empty,
  PingAck: empty,
  InitialMeta: empty,
  InitialData: empty,
  DataRequest: blockRequest,
  RsDataRequest: blockRequest,
  OvRequest: blockRequest,
  RsThinReq: blockRequest,
  OvReply: digestRequest,
  CsumRsRequest: digestRequest,
  SyncParam: syncParam,
  SyncParam89: syncParam89,
  Protocol: protocol,
  ProtocolUpdate: protocol,
  Uuids: plain(layouts.uuidsLayout),
  Sizes: sizes,
  State: plain(layouts.stateLayout),
  SyncUuid: plain(layouts.syncUuidLayout),
  AuthChallenge: rawBody,
  AuthResponse: rawBody,
  StateChgReq: plain(layouts.stateChangeRequestLayout),
  ConnStChgReq: plain(layouts.stateChangeRequestLayout),
  StateChgReply: plain(layouts.stateChangeReplyLayout),
  ConnStChgReply: plain(layouts.stateChangeReplyLayout),
  RecvAck: blockAck,
  WriteAck: blockAck,
  RsWriteAck: blockAck,
  Superseded: blockAck,
  NegAck: blockAck,
  NegDReply: blockAck,
  NegRsDReply: blockAck,
  OvResult: blockAck,
  RsIsInSync: blockAck,
  RsCancel: blockAck,
  RetryWrite: blockAck,
  DelayProbe: plain(layouts.delayProbeLayout),
  OutOfSync: plain(layouts.blockDescLayout),
  RsDeallocated: plain(layouts.blockDescLayout),
  Trim: plain(layouts.trimLayout),
  Zeroes: plain(layouts.trimLayout),
  ConnectionFeatures: plain(layouts.featuresLayout),
};
