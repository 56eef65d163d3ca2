/**
 * Fresh metadata: what create-md puts on a device, as values and byte ranges.
 * Source: metadata.md 5 (create-md stores), 7.3.
 */
import { sectors } from '../units';
import { encodeAlInitialised } from './activity-log/transaction';
import {
  AL_NR_EXTENTS_CREATED,
  HISTORY_UUID_COUNT,
  MD_BLOCK_BYTES,
  NODE_ID_COUNT,
  UUID_JUST_CREATED,
} from './constants';
import { metadataLayout, type LayoutOptions, type MetadataLayout } from './layout';
import { MdFlag } from './superblock/flags';
import { encodeSuperblock, type PeerMd, type SuperblockV09 } from './superblock/v09';
import type { SuperblockV07 } from './superblock/v07';
import type { SuperblockV08 } from './superblock/v08';

export interface CreateOptions extends LayoutOptions {
  /** 0n: none yet, as create-md does it; `drbdadm` stores one afterwards. */
  readonly deviceUuid?: bigint;
  readonly laPeerMaxBioSize?: number;
}

/** A range to write. `zeroes` may be left out where the range reads as zero already. */
export type MetadataWrite =
  | {
      readonly kind: 'bytes';
      readonly what: 'superblock' | 'activity-log';
      readonly offsetBytes: number;
      readonly bytes: Uint8Array;
    }
  | { readonly kind: 'zeroes'; readonly what: 'bitmap'; readonly offsetBytes: number; readonly lengthBytes: number };

export interface CreatedMetadata {
  readonly superblock: SuperblockV09;
  readonly layout: MetadataLayout;
  /** In the order in which they must reach the disk: the superblock, which makes the rest valid, comes last. */
  readonly writes: readonly MetadataWrite[];
}

export function createMetadata(options: CreateOptions): CreatedMetadata {
  const layout = metadataLayout(options);
  const superblock = createSuperblockV09(layout, options);
  return {
    superblock,
    layout,
    writes: [
      { kind: 'bytes', what: 'activity-log', offsetBytes: layout.alOffsetBytes, bytes: initialActivityLog(layout) },
      { kind: 'zeroes', what: 'bitmap', offsetBytes: layout.bitmapOffsetBytes, lengthBytes: layout.bitmapSizeBytes },
      {
        kind: 'bytes',
        what: 'superblock',
        offsetBytes: layout.superblockOffsetBytes,
        bytes: encodeSuperblock(superblock),
      },
    ],
  };
}

export const EMPTY_PEER: PeerMd = { bitmapUuid: 0n, bitmapDagtag: 0n, flags: 0, bitmapIndex: -1 };

export function createSuperblockV09(
  layout: MetadataLayout,
  options: { readonly deviceUuid?: bigint; readonly laPeerMaxBioSize?: number } = {},
): SuperblockV09 {
  return {
    kind: 'v09',
    ...geometryOf(layout),
    currentUuid: UUID_JUST_CREATED,
    members: 0n,
    deviceUuid: options.deviceUuid ?? 0n,
    flags: MdFlag.alClean,
    laPeerMaxBioSize: options.laPeerMaxBioSize ?? 0,
    bmMaxPeers: layout.maxPeers,
    nodeId: -1,
    peers: Array.from({ length: NODE_ID_COUNT }, () => EMPTY_PEER),
    historyUuids: Array.from({ length: HISTORY_UUID_COUNT }, () => 0n),
  };
}

export function createSuperblockV08(
  layout: MetadataLayout,
  options: { readonly deviceUuid?: bigint; readonly laPeerMaxBioSize?: number } = {},
): SuperblockV08 {
  return {
    kind: 'v08',
    ...geometryOf(layout),
    currentUuid: UUID_JUST_CREATED,
    bitmapUuid: 0n,
    historyUuids: [0n, 0n],
    deviceUuid: options.deviceUuid ?? 0n,
    flags: MdFlag.alClean,
    state: 'clean',
    laPeerMaxBioSize: options.laPeerMaxBioSize ?? 0,
    bmMaxPeers: 1,
  };
}

export function createSuperblockV07(layout: MetadataLayout): SuperblockV07 {
  const { mdSizeSectors, alOffsetSectors, bmOffsetSectors, alNrExtents, effectiveSizeSectors } = geometryOf(layout);
  return {
    kind: 'v07',
    effectiveSizeSectors,
    mdSizeSectors,
    alOffsetSectors,
    bmOffsetSectors,
    alNrExtents,
    flags: 0,
    humanCount: 1,
    timeoutCount: 1,
    connectedCount: 1,
    arbitraryCount: 1,
    bmBytesPerBit: 4096,
    bmMaxPeers: 1,
    alStripes: 1,
    alStripeSize4k: 8,
  };
}

/** Every block of the log says: initialised, nothing logged. */
export function initialActivityLog(layout: {
  readonly alStripes: number;
  readonly alStripeSize4k: number;
}): Uint8Array {
  const block = encodeAlInitialised();
  const log = new Uint8Array(layout.alStripes * layout.alStripeSize4k * MD_BLOCK_BYTES);
  for (let offset = 0; offset < log.length; offset += MD_BLOCK_BYTES) log.set(block, offset);
  return log;
}

function geometryOf(layout: MetadataLayout) {
  return {
    effectiveSizeSectors: sectors(0),
    alNrExtents: AL_NR_EXTENTS_CREATED,
    mdSizeSectors: layout.mdSizeSectors,
    alOffsetSectors: layout.alOffsetSectors,
    bmOffsetSectors: layout.bmOffsetSectors,
    bmBytesPerBit: layout.bytesPerBit,
    alStripes: layout.alStripes,
    alStripeSize4k: layout.alStripeSize4k,
  };
}
