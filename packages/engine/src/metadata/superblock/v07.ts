/** The superblock of DRBD 0.7: generation counters instead of UUIDs, sizes in KiB. 4096 bytes, big-endian. */
import { branded, constant, isCodecError, layout, s32, u32, u64Count, zeros } from '../../codec';
import { sectors, type Sectors } from '../../units';
import {
  AL_STRIPES_DEFAULT,
  AL_STRIPE_SIZE_4K_DEFAULT,
  BM_BYTES_PER_BIT_MIN,
  MD_BLOCK_BYTES,
  MD_MAGIC_07,
} from '../constants';
import { metadataError, type MetadataError } from '../metadata-error';

export interface SuperblockV07 {
  readonly kind: 'v07';
  readonly effectiveSizeSectors: Sectors;
  /** Flag bits, numbered as in v08. */
  readonly flags: number;
  readonly humanCount: number;
  readonly timeoutCount: number;
  readonly connectedCount: number;
  readonly arbitraryCount: number;
  readonly mdSizeSectors: Sectors;
  readonly alOffsetSectors: Sectors;
  readonly alNrExtents: number;
  readonly bmOffsetSectors: Sectors;
  /** What the format implies, so that the three formats can be read alike. */
  readonly bmBytesPerBit: typeof BM_BYTES_PER_BIT_MIN;
  readonly bmMaxPeers: 1;
  readonly alStripes: typeof AL_STRIPES_DEFAULT;
  readonly alStripeSize4k: typeof AL_STRIPE_SIZE_4K_DEFAULT;
}

/** Source: metadata.md 1.3. */
const superblockV07 = layout(
  'v07 superblock',
  {
    effectiveSizeKiB: u64Count,
    flags: u32,
    humanCount: u32,
    timeoutCount: u32,
    connectedCount: u32,
    arbitraryCount: u32,
    magic: constant(u32, MD_MAGIC_07),
    mdSizeKiB: u32,
    alOffsetSectors: branded(s32, sectors),
    alNrExtents: u32,
    bmOffsetSectors: branded(s32, sectors),
    padding: zeros(4048),
  },
  MD_BLOCK_BYTES,
);

const SECTORS_PER_KIB = 2;

export function decodeSuperblockV07(bytes: Uint8Array): SuperblockV07 | MetadataError {
  const value = superblockV07.decode(bytes);
  if (isCodecError(value)) {
    if (value.field === null) return metadataError('truncated', value.message);
    return metadataError(value.field === 'magic' ? 'no-magic' : 'out-of-range', value.message);
  }
  const { effectiveSizeKiB, mdSizeKiB, ...rest } = value;
  return {
    kind: 'v07',
    ...rest,
    effectiveSizeSectors: sectors(effectiveSizeKiB * SECTORS_PER_KIB),
    mdSizeSectors: sectors(mdSizeKiB * SECTORS_PER_KIB),
    bmBytesPerBit: BM_BYTES_PER_BIT_MIN,
    bmMaxPeers: 1,
    alStripes: AL_STRIPES_DEFAULT,
    alStripeSize4k: AL_STRIPE_SIZE_4K_DEFAULT,
  };
}

export function encodeSuperblockV07(superblock: SuperblockV07): Uint8Array {
  return superblockV07.encode({
    ...superblock,
    effectiveSizeKiB: Math.floor(superblock.effectiveSizeSectors / SECTORS_PER_KIB),
    mdSizeKiB: Math.floor(superblock.mdSizeSectors / SECTORS_PER_KIB),
  });
}
