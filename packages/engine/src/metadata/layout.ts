/**
 * Where the pieces of the metadata lie on a device.
 *
 *     flexible internal   [ data ........ ][ bitmap ][ activity log ][ superblock ](up to 4095 bytes unused)
 *     external            [ superblock ][ activity log ][ bitmap ............................ ]
 *     fixed internal      [ data ... ][ superblock ][ activity log ][ bitmap ]      (v07 only, 128 MiB)
 *
 * Source: metadata.md 2.1, 2.2, 2.5.
 */
import { bytes, bytesToSectorsFloor, sectors, SECTOR_BYTES, type Bytes, type Sectors } from '../units';
import {
  AL_STRIPES_DEFAULT,
  AL_STRIPE_SIZE_4K_DEFAULT,
  BM_BYTES_PER_BIT_MIN,
  MD_BLOCK_BYTES,
  MD_BLOCK_SECTORS,
  MD_FIXED_BYTES,
} from './constants';

/** `internal` is the flexible one; `fixed-internal` exists for v07 alone. */
export type Placement = 'internal' | 'fixed-internal' | 'flex-external' | { readonly index: number };

export interface LayoutOptions {
  /** Of the device that carries the metadata. */
  readonly deviceSizeBytes: number;
  readonly placement: Placement;
  readonly maxPeers: number;
  readonly alStripes?: number;
  /** Stored in whole 4 KiB blocks, rounded down. */
  readonly alStripeSizeKiB?: number;
  /** Data bytes behind one bitmap bit. */
  readonly bytesPerBit?: number;
}

export interface MetadataLayout {
  readonly placement: Placement;
  readonly maxPeers: number;
  readonly alStripes: number;
  readonly alStripeSize4k: number;
  readonly bytesPerBit: number;
  readonly mdSizeSectors: Sectors;
  /** Signed, relative to the superblock, as the superblock stores them. */
  readonly alOffsetSectors: Sectors;
  readonly bmOffsetSectors: Sectors;
  readonly superblockOffsetBytes: Bytes;
  readonly alOffsetBytes: Bytes;
  readonly alSizeBytes: Bytes;
  readonly bitmapOffsetBytes: Bytes;
  /** Internal: what the device needs. External: all the space there is. */
  readonly bitmapSizeBytes: Bytes;
  /** Internal: sectors before the metadata. External: as many as the bitmap can describe. */
  readonly usableDataSectors: Sectors;
}

export function metadataLayout(options: LayoutOptions): MetadataLayout {
  const { deviceSizeBytes, placement, maxPeers } = options;
  const alStripes = options.alStripes ?? AL_STRIPES_DEFAULT;
  const alStripeSize4k =
    options.alStripeSizeKiB === undefined ? AL_STRIPE_SIZE_4K_DEFAULT : Math.floor(options.alStripeSizeKiB / 4);
  const bytesPerBit = options.bytesPerBit ?? BM_BYTES_PER_BIT_MIN;
  const alSectors = alStripes * alStripeSize4k * MD_BLOCK_SECTORS;
  const superblockOffsetBytes = superblockOffset(placement, deviceSizeBytes);

  let alOffsetSectors: number;
  let bmOffsetSectors: number;
  let mdSizeSectors: number;
  if (placement === 'internal') {
    const bitmapSectors =
      bitmapSizeBytes({ dataSectors: Math.floor(deviceSizeBytes / SECTOR_BYTES), maxPeers, bytesPerBit }) /
      SECTOR_BYTES;
    mdSizeSectors = bitmapSectors + MD_BLOCK_SECTORS + alSectors;
    alOffsetSectors = -alSectors;
    bmOffsetSectors = -(bitmapSectors + alSectors);
  } else {
    // Above 2 TiB the 32-bit field of the format keeps the low bits only (metadata.md T32).
    mdSizeSectors =
      placement === 'flex-external'
        ? Math.floor(deviceSizeBytes / SECTOR_BYTES) % 2 ** 32
        : MD_FIXED_BYTES / SECTOR_BYTES;
    alOffsetSectors = MD_BLOCK_SECTORS;
    bmOffsetSectors = MD_BLOCK_SECTORS + alSectors;
  }
  const base = {
    placement,
    maxPeers,
    alStripes,
    alStripeSize4k,
    bytesPerBit,
    mdSizeSectors: sectors(mdSizeSectors),
    alOffsetSectors: sectors(alOffsetSectors),
    bmOffsetSectors: sectors(bmOffsetSectors),
    superblockOffsetBytes,
  };
  return { ...base, ...layoutOf(base) };
}

/** The fields of a superblock (of any format) that say where things lie. */
export interface GeometryFields {
  readonly mdSizeSectors: number;
  readonly alOffsetSectors: number;
  readonly bmOffsetSectors: number;
  readonly bmMaxPeers: number;
  readonly alStripes: number;
  readonly alStripeSize4k: number;
  readonly bmBytesPerBit: number;
}

/** The layout a superblock found at `superblockOffsetBytes` describes. */
export function layoutOfSuperblock(
  superblock: GeometryFields,
  at: { readonly placement: Placement; readonly superblockOffsetBytes: number },
): MetadataLayout {
  const base = {
    placement: at.placement,
    maxPeers: superblock.bmMaxPeers,
    alStripes: superblock.alStripes,
    alStripeSize4k: superblock.alStripeSize4k,
    bytesPerBit: superblock.bmBytesPerBit,
    mdSizeSectors: sectors(superblock.mdSizeSectors),
    alOffsetSectors: sectors(superblock.alOffsetSectors),
    bmOffsetSectors: sectors(superblock.bmOffsetSectors),
    superblockOffsetBytes: bytes(at.superblockOffsetBytes),
  };
  return { ...base, ...layoutOf(base) };
}

/** Bytes the interleaved bitmap of `dataSectors` takes: whole 4 KiB blocks. Source: metadata.md 2.2. */
export function bitmapSizeBytes(options: {
  readonly dataSectors: number;
  readonly maxPeers: number;
  readonly bytesPerBit: number;
}): Bytes {
  const bitCount = Math.ceil(options.dataSectors / (options.bytesPerBit / SECTOR_BYTES));
  const slotBytes = Math.ceil(bitCount / 64) * 8;
  return bytes(Math.ceil((slotBytes * options.maxPeers) / MD_BLOCK_BYTES) * MD_BLOCK_BYTES);
}

/** May be negative or beyond the end, when the device is too small for the placement. */
export function superblockOffset(placement: Placement, deviceSizeBytes: number): Bytes {
  if (placement === 'internal') return bytes(floor4k(deviceSizeBytes - MD_BLOCK_BYTES));
  if (placement === 'fixed-internal') return bytes(floor4k(deviceSizeBytes) - MD_FIXED_BYTES);
  if (placement === 'flex-external') return bytes(0);
  return bytes(placement.index * MD_FIXED_BYTES);
}

const floor4k = (n: number): number => Math.floor(n / MD_BLOCK_BYTES) * MD_BLOCK_BYTES;

type Base = Omit<
  MetadataLayout,
  'alOffsetBytes' | 'alSizeBytes' | 'bitmapOffsetBytes' | 'bitmapSizeBytes' | 'usableDataSectors'
>;

function layoutOf(base: Base): Omit<MetadataLayout, keyof Base> {
  const start = base.superblockOffsetBytes;
  const alOffsetBytes = bytes(start + base.alOffsetSectors * SECTOR_BYTES);
  const bitmapOffsetBytes = bytes(start + base.bmOffsetSectors * SECTOR_BYTES);
  const bitmapEndSectors = base.alOffsetSectors < 0 ? base.alOffsetSectors : base.mdSizeSectors;
  const bitmapSize = Math.max(0, bitmapEndSectors - base.bmOffsetSectors) * SECTOR_BYTES;
  return {
    alOffsetBytes,
    alSizeBytes: bytes(base.alStripes * base.alStripeSize4k * MD_BLOCK_BYTES),
    bitmapOffsetBytes,
    bitmapSizeBytes: bytes(bitmapSize),
    usableDataSectors:
      base.placement === 'internal'
        ? bytesToSectorsFloor(Math.min(bitmapOffsetBytes, alOffsetBytes))
        : base.placement === 'fixed-internal'
          ? bytesToSectorsFloor(start)
          : sectors(
              (Math.floor(Math.floor((bitmapSize * 8) / 64) / base.maxPeers) * 64 * base.bytesPerBit) / SECTOR_BYTES,
            ),
  };
}
