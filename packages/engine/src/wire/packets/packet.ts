/**
 * Every packet of DRBD's protocol up to version 101, as values. Source: docs/reference/wire.md.
 *
 * Numbers are unsigned unless said otherwise. `blockId` is opaque: an answer carries the request's value back.
 * `volume` is the header's volume; connection-wide packets carry 0 towards DRBD 8.4. A payload is a list of
 * pieces in order, which are never joined on the way from socket to disk.
 */
export type Payload = readonly Uint8Array[];

/** All ones: resync and verify traffic below protocol 122 (wire 6.2). */
export const ID_SYNCER = 0xffff_ffff_ffff_ffffn;

export interface OnVolume {
  readonly volume: number;
}

/** block_ack layout: {P_RECV_ACK .. P_RETRY_WRITE} (wire 6.2, 6.4). */
export interface BlockAck extends OnVolume {
  readonly kind:
    | 'RecvAck'
    | 'WriteAck'
    | 'RsWriteAck'
    | 'Superseded'
    | 'NegAck'
    | 'NegDReply'
    | 'NegRsDReply'
    | 'OvResult'
    | 'RsIsInSync'
    | 'RsCancel'
    | 'RetryWrite';
  readonly sector: number;
  readonly blockId: bigint;
  readonly sizeBytes: number;
  readonly seq: number;
}

/** block_req layout without payload. `pad` is uninitialised memory of the sender: kept only for re-encoding. */
export interface BlockRequest extends OnVolume {
  readonly kind: 'DataRequest' | 'RsDataRequest' | 'OvRequest' | 'RsThinReq';
  readonly sector: number;
  readonly blockId: bigint;
  readonly sizeBytes: number;
  readonly pad?: number;
}

/** block_req layout followed by a digest. */
export interface DigestRequest extends OnVolume {
  readonly kind: 'OvReply' | 'CsumRsRequest';
  readonly sector: number;
  readonly blockId: bigint;
  readonly sizeBytes: number;
  readonly digest: Uint8Array;
  readonly pad?: number;
}

/** P_DATA, P_DATA_REPLY, P_RS_DATA_REPLY. `digest` is empty without data-integrity-alg. */
export interface DataPacket extends OnVolume {
  readonly kind: 'Data' | 'DataReply' | 'RsDataReply';
  readonly sector: number;
  readonly blockId: bigint;
  readonly seq: number;
  readonly flags: number;
  readonly digest?: Uint8Array;
  /** Length of `payload` in all. */
  readonly sizeBytes: number;
  readonly payload: Payload;
}

/** P_TRIM, P_ZEROES: a data header and a size, no payload. */
export interface TrimPacket extends OnVolume {
  readonly kind: 'Trim' | 'Zeroes';
  readonly sector: number;
  readonly blockId: bigint;
  readonly seq: number;
  readonly flags: number;
  readonly sizeBytes: number;
}

/** P_WSAME: one logical block, to be repeated over `sizeBytes` (received from old kernels only). */
export interface WriteSamePacket extends OnVolume {
  readonly kind: 'WriteSame';
  readonly sector: number;
  readonly blockId: bigint;
  readonly seq: number;
  readonly flags: number;
  readonly sizeBytes: number;
  readonly digest?: Uint8Array;
  readonly payload: Payload;
}

export interface FeaturesPacket extends OnVolume {
  readonly kind: 'ConnectionFeatures';
  readonly protocolMin: number;
  readonly featureFlags: number;
  readonly protocolMax: number;
  /** DRBD 9 puts its node ids here; 8.4 zeroes. */
  readonly senderNodeId: number;
  readonly receiverNodeId: number;
}

export interface ProtocolPacket extends OnVolume {
  readonly kind: 'Protocol' | 'ProtocolUpdate';
  /** A = 1, B = 2, C = 3. */
  readonly protocol: number;
  readonly afterSb0Pri: number;
  readonly afterSb1Pri: number;
  readonly afterSb2Pri: number;
  readonly connFlags: number;
  readonly twoPrimaries: number;
  /** From protocol 87; empty string for none. */
  readonly integrityAlg: string;
}

/** P_SYNC_PARAM (up to 88) and P_SYNC_PARAM89; fields a version lacks read as '' and 0. */
export interface SyncParamPacket extends OnVolume {
  readonly kind: 'SyncParam' | 'SyncParam89';
  readonly resyncRateKiBs: number;
  readonly verifyAlg: string;
  readonly csumsAlg: string;
  readonly cPlanAheadTenths: number;
  readonly cDelayTargetTenths: number;
  readonly cFillTargetSectors: number;
  readonly cMaxRateKiBs: number;
}

export interface QueueLimits {
  readonly physicalBlockSizeBytes: number;
  readonly logicalBlockSizeBytes: number;
  readonly alignmentOffset: number;
  readonly ioMinBytes: number;
  readonly ioOptBytes: number;
  readonly discardEnabled: number;
  readonly discardZeroesData: number;
  readonly writeSameCapable: number;
  readonly bitmapBlockShift: number;
}

export interface SizesPacket extends OnVolume {
  readonly kind: 'Sizes';
  readonly diskSectors: number;
  readonly userSectors: number;
  readonly currentSectors: number;
  readonly maxBioSizeBytes: number;
  readonly queueOrderType: number;
  readonly ddsFlags: number;
  /** Present exactly when the feature WSAME is agreed. */
  readonly queueLimits?: QueueLimits;
}

export interface UuidsPacket extends OnVolume {
  readonly kind: 'Uuids';
  readonly current: bigint;
  readonly bitmap: bigint;
  readonly history0: bigint;
  readonly history1: bigint;
  readonly dirtyBits: bigint;
  readonly flags: bigint;
}

/** The P_STATE bit field (wire 5.7) taken apart; values are the 8.4 numbers. */
export interface StateFields {
  readonly role: number;
  readonly peer: number;
  readonly conn: number;
  readonly disk: number;
  readonly pdsk: number;
  readonly susp: boolean;
  readonly aftrIsp: boolean;
  readonly peerIsp: boolean;
  readonly userIsp: boolean;
  readonly suspNod: boolean;
  readonly suspFen: boolean;
}

export interface StatePacket extends OnVolume {
  readonly kind: 'State';
  /** The u32 as sent: `packState`/`unpackState` convert. */
  readonly state: number;
}

export interface StateChangeRequest extends OnVolume {
  readonly kind: 'StateChgReq' | 'ConnStChgReq';
  readonly mask: number;
  readonly value: number;
}

export interface StateChangeReply extends OnVolume {
  readonly kind: 'StateChgReply' | 'ConnStChgReply';
  /** An SS_* code, signed. */
  readonly retcode: number;
}

export type Packet =
  | BlockAck
  | BlockRequest
  | DigestRequest
  | DataPacket
  | TrimPacket
  | WriteSamePacket
  | FeaturesPacket
  | ProtocolPacket
  | SyncParamPacket
  | SizesPacket
  | UuidsPacket
  | StatePacket
  | StateChangeRequest
  | StateChangeReply
  | ({ readonly kind: 'InitialMeta' | 'InitialData' | 'Ping' | 'PingAck' | 'UnplugRemote' } & OnVolume)
  | ({ readonly kind: 'SyncUuid'; readonly uuid: bigint } & OnVolume)
  | ({ readonly kind: 'AuthChallenge' | 'AuthResponse'; readonly bytes: Uint8Array } & OnVolume)
  /** `barrier` is raw: the receiver echoes it. */
  | ({ readonly kind: 'Barrier'; readonly barrier: number } & OnVolume)
  | ({ readonly kind: 'BarrierAck'; readonly barrier: number; readonly setSize: number } & OnVolume)
  /** P_BITMAP: little-endian 64-bit words; P_COMPRESSED_BITMAP: code byte and VLI stream (wire 7.2). */
  | ({ readonly kind: 'Bitmap' | 'CompressedBitmap'; readonly bytes: Uint8Array } & OnVolume)
  | ({ readonly kind: 'OutOfSync' | 'RsDeallocated'; readonly sector: number; readonly sizeBytes: number } & OnVolume)
  | ({ readonly kind: 'DelayProbe'; readonly seq: number; readonly offset: number } & OnVolume);

export type PacketKind = Packet['kind'];
export type SocketKind = 'data' | 'meta';
