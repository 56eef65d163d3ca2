import { layout, rawBytes, s32, u16, u32, u64, u64Count, u8, zeros } from '../../codec';

/**
 * Bodies of packets as field tables, big-endian. Source: wire.md, the section named at each.
 * Block ids are raw (never swapped): read and written as u64, they come back as the same eight bytes.
 */

/** 6.2, data. Followed by digest and payload. */
export const dataLayout = layout('data', { sector: u64Count, blockId: u64, seq: u32, flags: u32 }, 24);
/** 6.2, trim, zeroes, wsame. */
export const trimLayout = layout('trim', { sector: u64Count, blockId: u64, seq: u32, flags: u32, sizeBytes: u32 }, 28);
/** 6.2, block_ack. */
export const blockAckLayout = layout('block_ack', { sector: u64Count, blockId: u64, sizeBytes: u32, seq: u32 }, 24);
/** 6.2, block_req. The pad may hold garbage; it is kept so that a recorded packet encodes to its own bytes. */
export const blockRequestLayout = layout('block_req', { sector: u64Count, blockId: u64, sizeBytes: u32, pad: u32 }, 24);
/** 6.2, block_desc. */
export const blockDescLayout = layout('block_desc', { sector: u64Count, sizeBytes: u32, pad: zeros(4) }, 16);
/** 6.2, barrier: the number is raw. */
export const barrierLayout = layout('barrier', { barrier: u32, pad: zeros(4) }, 8);
/** 6.2, barrier_ack. */
export const barrierAckLayout = layout('barrier_ack', { barrier: u32, setSize: u32 }, 8);
/** 3. DRBD 8.4 sends zeroes where the node ids are. */
export const featuresLayout = layout(
  'connection_features',
  {
    protocolMin: u32,
    featureFlags: u32,
    protocolMax: u32,
    senderNodeId: u32,
    receiverNodeId: u32,
    reserved: zeros(52),
  },
  72,
);
/** 5.1. From 87 on followed by the NUL-terminated data-integrity-alg. */
export const protocolLayout = layout(
  'protocol',
  { protocol: u32, afterSb0Pri: u32, afterSb1Pri: u32, afterSb2Pri: u32, connFlags: u32, twoPrimaries: u32 },
  24,
);
/** 5.2, up to 94. */
export const syncParam89Layout = layout(
  'sync_param_89',
  { resyncRateKiBs: u32, verifyAlg: rawBytes(64), csumsAlg: rawBytes(64) },
  132,
);
/** 5.2, from 95 on, behind the former. */
export const syncParamControllerLayout = layout(
  'sync_param_95',
  { cPlanAheadTenths: u32, cDelayTargetTenths: u32, cFillTargetSectors: u32, cMaxRateKiBs: u32 },
  16,
);
/** 5.3. */
export const sizesLayout = layout(
  'sizes',
  {
    diskSectors: u64Count,
    userSectors: u64Count,
    currentSectors: u64Count,
    maxBioSizeBytes: u32,
    queueOrderType: u16,
    ddsFlags: u16,
  },
  32,
);
/** 5.3, behind the former when WSAME is agreed. */
export const queueLimitsLayout = layout(
  'queue_limits',
  {
    physicalBlockSizeBytes: u32,
    logicalBlockSizeBytes: u32,
    alignmentOffset: u32,
    ioMinBytes: u32,
    ioOptBytes: u32,
    discardEnabled: u8,
    discardZeroesData: u8,
    writeSameCapable: u8,
    bitmapBlockShift: u8,
  },
  24,
);
/** 5.4. */
export const uuidsLayout = layout(
  'uuids',
  { current: u64, bitmap: u64, history0: u64, history1: u64, dirtyBits: u64, flags: u64 },
  48,
);
/** 5.7. */
export const stateLayout = layout('state', { state: u32 }, 4);
/** 8.1. */
export const syncUuidLayout = layout('sync_uuid', { uuid: u64 }, 8);
/** 10.1. */
export const stateChangeRequestLayout = layout('req_state', { mask: u32, value: u32 }, 8);
/** 10.1. */
export const stateChangeReplyLayout = layout('req_state_reply', { retcode: s32 }, 4);
/** 6.1. */
export const delayProbeLayout = layout('delay_probe', { seq: u32, offset: u32 }, 8);
