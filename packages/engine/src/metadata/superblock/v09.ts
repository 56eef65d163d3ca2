/**
 * The superblock of DRBD 9: 4096 bytes, big-endian, without a checksum.
 *
 * Invariants: always written from zeroed bytes, so reserved bytes and padding do not survive a write; the
 * peer record of the own node keeps bitmapIndex -1; peers[] is indexed by node id, bitmap slots by bitmapIndex.
 *
 * Decoding checks the magic alone. Whether the block makes sense at its place is asked by `findProblem`.
 */
import { array, branded, constant, isCodecError, layout, s32, u32, u64, u64Count, zeros } from '../../codec';
import { sectors, type Sectors } from '../../units';
import { HISTORY_UUID_COUNT, MD_BLOCK_BYTES, MD_MAGIC_09, NODE_ID_COUNT } from '../constants';
import { metadataError, type MetadataError } from '../metadata-error';

export interface SuperblockV09 {
  readonly kind: 'v09';
  /** Last agreed size; 0 = not determined yet. */
  readonly effectiveSizeSectors: Sectors;
  readonly currentUuid: bigint;
  /** Node-id mask of the quorum members at the last write; meaningful with MdFlag.haveQuorum. */
  readonly members: bigint;
  readonly deviceUuid: bigint;
  /** MdFlag bits. */
  readonly flags: number;
  readonly mdSizeSectors: Sectors;
  /** Signed, relative to the superblock. */
  readonly alOffsetSectors: Sectors;
  readonly alNrExtents: number;
  /** Signed, relative to the superblock. */
  readonly bmOffsetSectors: Sectors;
  readonly bmBytesPerBit: number;
  /** Bytes. */
  readonly laPeerMaxBioSize: number;
  /** Number of bitmap slots, 1 to 31. */
  readonly bmMaxPeers: number;
  /** 0 to 31; -1 = never attached. */
  readonly nodeId: number;
  readonly alStripes: number;
  readonly alStripeSize4k: number;
  /** 32 records, indexed by node id. */
  readonly peers: readonly PeerMd[];
  /** 32 of them, youngest first; 0 = not set. */
  readonly historyUuids: readonly bigint[];
}

export interface PeerMd {
  readonly bitmapUuid: bigint;
  readonly bitmapDagtag: bigint;
  /** PeerMdFlag bits. */
  readonly flags: number;
  /** Slot in the interleaved bitmap; -1 = none. */
  readonly bitmapIndex: number;
}

/** Source: metadata.md 1.5, peer record. */
const peerMd = layout(
  'v09 peer record',
  { bitmapUuid: u64, bitmapDagtag: u64, flags: u32, bitmapIndex: s32, reserved: zeros(8) },
  32,
);

/** Source: metadata.md 1.5. */
export const superblockV09 = layout(
  'v09 superblock',
  {
    effectiveSizeSectors: branded(u64Count, sectors),
    currentUuid: u64,
    members: u64,
    reservedAt18: zeros(24),
    deviceUuid: u64,
    flags: u32,
    magic: constant(u32, MD_MAGIC_09),
    mdSizeSectors: branded(u32, sectors),
    alOffsetSectors: branded(s32, sectors),
    alNrExtents: u32,
    bmOffsetSectors: branded(s32, sectors),
    bmBytesPerBit: u32,
    laPeerMaxBioSize: u32,
    bmMaxPeers: u32,
    nodeId: s32,
    alStripes: u32,
    alStripeSize4k: u32,
    reservedAt68: zeros(8),
    peers: array(peerMd.asField, NODE_ID_COUNT),
    historyUuids: array(u64, HISTORY_UUID_COUNT),
    padding: zeros(2704),
  },
  MD_BLOCK_BYTES,
);

/** Errors: 'truncated', 'no-magic', 'out-of-range' (an effective size beyond 2^53 - 1 sectors). */
export function decodeSuperblock(bytes: Uint8Array): SuperblockV09 | MetadataError {
  const value = superblockV09.decode(bytes);
  if (!isCodecError(value)) return { kind: 'v09', ...value };
  if (value.field === null) return metadataError('truncated', value.message);
  return metadataError(value.field === 'magic' ? 'no-magic' : 'out-of-range', value.message);
}

/** 4096 bytes. */
export function encodeSuperblock(superblock: SuperblockV09): Uint8Array {
  return superblockV09.encode(superblock);
}
