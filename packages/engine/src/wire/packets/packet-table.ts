import type { PacketKind, SocketKind } from './packet';
import { Feature, PROTOCOL_MAX, PROTOCOL_MIN } from '../codes/flags';

/**
 * The one table of packets up to protocol 101: id, DRBD's name, socket, size rule, versions. Source: wire.md 6.1.
 *
 * `fixedBytes` is the sub-header's size where every version has the same; `variableBytesMax` bounds what may
 * follow it (digest, string, bitmap code, payload). P_SIZES and P_SYNC_PARAM* are decided by version and features
 * in their decoders, within these bounds. `payload` marks what is handed over in pieces and never joined.
 */
export interface PacketRow {
  readonly id: number;
  readonly name: `P_${string}`;
  readonly kind: PacketKind;
  readonly socket: SocketKind | 'both';
  readonly fixedBytes: number;
  readonly variableBytesMax: number;
  readonly payload: boolean;
  readonly versionMin: number;
  readonly versionMax: number;
  /** Feature that has to be agreed before it may be sent; 0 for none. */
  readonly feature: number;
}

/** Longest digest of any hash the kernel offers (sha512). */
export const DIGEST_BYTES_MAX = 64;
/** Most data in one packet. */
export const PAYLOAD_BYTES_MAX = 1024 * 1024;
/** P_WSAME repeats one logical block; no disk has larger ones. */
const LOGICAL_BLOCK_BYTES_MAX = 64 * 1024;
/** Bitmap packets fill a 4 KiB buffer together with their header. Source: wire.md 7.2. */
export const BITMAP_PACKET_BYTES_MAX = 4096;
const ALG_NAME_BYTES_MAX = 64;

/** Version 0 stands for "before the feature handshake". */
const beforeAgreement = { versionMin: 0, versionMax: 0 };

type Sizes = Pick<PacketRow, 'fixedBytes' | 'variableBytesMax' | 'payload'>;
type Limits = Partial<Pick<PacketRow, 'versionMin' | 'versionMax' | 'feature'>>;
const fixed = (fixedBytes: number): Sizes => ({ fixedBytes, variableBytesMax: 0, payload: false });
const upTo = (fixedBytes: number, variableBytesMax: number): Sizes => ({
  fixedBytes,
  variableBytesMax,
  payload: false,
});
const carrying = (fixedBytes: number, payloadBytesMax: number): Sizes => ({
  fixedBytes,
  variableBytesMax: payloadBytesMax + DIGEST_BYTES_MAX,
  payload: true,
});

const row = (
  id: number,
  name: PacketRow['name'],
  kind: PacketKind,
  socket: PacketRow['socket'],
  sizes: Sizes,
  limits: Limits = {},
): PacketRow => ({
  id,
  name,
  kind,
  socket,
  ...sizes,
  versionMin: PROTOCOL_MIN,
  versionMax: PROTOCOL_MAX,
  feature: 0,
  ...limits,
});

export const PACKETS: readonly PacketRow[] = [
  row(0x00, 'P_DATA', 'Data', 'data', carrying(24, PAYLOAD_BYTES_MAX)),
  row(0x01, 'P_DATA_REPLY', 'DataReply', 'data', carrying(24, PAYLOAD_BYTES_MAX)),
  row(0x02, 'P_RS_DATA_REPLY', 'RsDataReply', 'data', carrying(24, PAYLOAD_BYTES_MAX)),
  row(0x03, 'P_BARRIER', 'Barrier', 'data', fixed(8)),
  row(0x04, 'P_BITMAP', 'Bitmap', 'data', upTo(0, BITMAP_PACKET_BYTES_MAX)),
  row(0x07, 'P_UNPLUG_REMOTE', 'UnplugRemote', 'data', fixed(0)),
  row(0x08, 'P_DATA_REQUEST', 'DataRequest', 'data', fixed(24)),
  row(0x09, 'P_RS_DATA_REQUEST', 'RsDataRequest', 'data', fixed(24)),
  row(0x0a, 'P_SYNC_PARAM', 'SyncParam', 'data', upTo(4, ALG_NAME_BYTES_MAX), { versionMax: 88 }),
  row(0x0b, 'P_PROTOCOL', 'Protocol', 'data', upTo(24, ALG_NAME_BYTES_MAX)),
  row(0x0c, 'P_UUIDS', 'Uuids', 'data', fixed(48)),
  row(0x0d, 'P_SIZES', 'Sizes', 'data', upTo(32, 24)),
  row(0x0e, 'P_STATE', 'State', 'data', fixed(4)),
  row(0x0f, 'P_SYNC_UUID', 'SyncUuid', 'data', fixed(8)),
  row(0x10, 'P_AUTH_CHALLENGE', 'AuthChallenge', 'data', upTo(64, 64)),
  row(0x11, 'P_AUTH_RESPONSE', 'AuthResponse', 'data', upTo(0, DIGEST_BYTES_MAX)),
  row(0x12, 'P_STATE_CHG_REQ', 'StateChgReq', 'data', fixed(8)),
  row(0x13, 'P_PING', 'Ping', 'meta', fixed(0)),
  row(0x14, 'P_PING_ACK', 'PingAck', 'meta', fixed(0)),
  row(0x15, 'P_RECV_ACK', 'RecvAck', 'meta', fixed(24)),
  row(0x16, 'P_WRITE_ACK', 'WriteAck', 'meta', fixed(24)),
  row(0x17, 'P_RS_WRITE_ACK', 'RsWriteAck', 'meta', fixed(24)),
  row(0x18, 'P_SUPERSEDED', 'Superseded', 'meta', fixed(24)),
  row(0x19, 'P_NEG_ACK', 'NegAck', 'meta', fixed(24)),
  row(0x1a, 'P_NEG_DREPLY', 'NegDReply', 'meta', fixed(24)),
  row(0x1b, 'P_NEG_RS_DREPLY', 'NegRsDReply', 'meta', fixed(24)),
  row(0x1c, 'P_BARRIER_ACK', 'BarrierAck', 'meta', fixed(8)),
  row(0x1d, 'P_STATE_CHG_REPLY', 'StateChgReply', 'meta', fixed(4)),
  row(0x1e, 'P_OV_REQUEST', 'OvRequest', 'data', fixed(24), { versionMin: 88 }),
  row(0x1f, 'P_OV_REPLY', 'OvReply', 'data', upTo(24, DIGEST_BYTES_MAX), { versionMin: 88 }),
  row(0x20, 'P_OV_RESULT', 'OvResult', 'meta', fixed(24), { versionMin: 88 }),
  row(0x21, 'P_CSUM_RS_REQUEST', 'CsumRsRequest', 'data', upTo(24, DIGEST_BYTES_MAX), { versionMin: 89 }),
  row(0x22, 'P_RS_IS_IN_SYNC', 'RsIsInSync', 'meta', fixed(24), { versionMin: 89 }),
  row(0x23, 'P_SYNC_PARAM89', 'SyncParam89', 'data', upTo(132, 16), { versionMin: 89 }),
  row(0x24, 'P_COMPRESSED_BITMAP', 'CompressedBitmap', 'data', upTo(2, BITMAP_PACKET_BYTES_MAX), { versionMin: 90 }),
  row(0x27, 'P_DELAY_PROBE', 'DelayProbe', 'both', fixed(8)),
  row(0x28, 'P_OUT_OF_SYNC', 'OutOfSync', 'data', fixed(16), { versionMin: 96 }),
  row(0x29, 'P_RS_CANCEL', 'RsCancel', 'meta', fixed(24), { versionMin: 96 }),
  row(0x2a, 'P_CONN_ST_CHG_REQ', 'ConnStChgReq', 'data', fixed(8), { versionMin: 100 }),
  row(0x2b, 'P_CONN_ST_CHG_REPLY', 'ConnStChgReply', 'meta', fixed(4), { versionMin: 100 }),
  row(0x2c, 'P_RETRY_WRITE', 'RetryWrite', 'meta', fixed(24), { versionMin: 100 }),
  row(0x2d, 'P_PROTOCOL_UPDATE', 'ProtocolUpdate', 'data', upTo(24, ALG_NAME_BYTES_MAX), { versionMin: 100 }),
  row(0x31, 'P_TRIM', 'Trim', 'data', fixed(28), { feature: Feature.TRIM }),
  row(0x32, 'P_RS_THIN_REQ', 'RsThinReq', 'data', fixed(24), { feature: Feature.THIN_RESYNC }),
  row(0x33, 'P_RS_DEALLOCATED', 'RsDeallocated', 'data', fixed(16), { feature: Feature.THIN_RESYNC }),
  row(0x34, 'P_WSAME', 'WriteSame', 'data', carrying(28, LOGICAL_BLOCK_BYTES_MAX), { feature: Feature.WSAME }),
  row(0x36, 'P_ZEROES', 'Zeroes', 'data', fixed(28), { feature: Feature.WZEROES }),
  row(0xfff1, 'P_INITIAL_META', 'InitialMeta', 'meta', fixed(0), beforeAgreement),
  row(0xfff2, 'P_INITIAL_DATA', 'InitialData', 'data', fixed(0), beforeAgreement),
  row(0xfffe, 'P_CONNECTION_FEATURES', 'ConnectionFeatures', 'data', fixed(72), beforeAgreement),
];

const byKind = new Map<PacketKind, PacketRow>(PACKETS.map((packet) => [packet.kind, packet]));
/** Dense for the ids of the hot path; the three handshake ids are looked up in a map. */
const bySmallId: readonly (PacketRow | undefined)[] = Array.from({ length: 0x40 }, (_, id) =>
  PACKETS.find((packet) => packet.id === id),
);
const byLargeId = new Map<number, PacketRow>(
  PACKETS.filter((packet) => packet.id >= 0x40).map((packet) => [packet.id, packet]),
);

export const packetRowById = (id: number): PacketRow | undefined =>
  id < bySmallId.length ? bySmallId[id] : byLargeId.get(id);

export function packetRow(kind: PacketKind): PacketRow {
  const found = byKind.get(kind);
  if (found === undefined) throw new Error(`packet kind ${kind} is missing in the table`);
  return found;
}

/** DRBD's name for logs: `P_WRITE_ACK`. */
export const packetName = (kind: PacketKind): string => packetRow(kind).name;
