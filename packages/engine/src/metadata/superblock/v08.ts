/** The superblock of DRBD 8.0 to 8.4: one peer, 4 KiB per bit. 4096 bytes, big-endian. */
import { array, branded, isCodecError, layout, s32, u32, u64, u64Count, zeros } from '../../codec';
import { sectors, type Sectors } from '../../units';
import {
  AL_STRIPES_DEFAULT,
  AL_STRIPE_SIZE_4K_DEFAULT,
  MD_BLOCK_BYTES,
  MD_MAGIC_08,
  MD_MAGIC_84_UNCLEAN,
} from '../constants';
import { metadataError, type MetadataError } from '../metadata-error';

export interface SuperblockV08 {
  readonly kind: 'v08';
  readonly effectiveSizeSectors: Sectors;
  readonly currentUuid: bigint;
  readonly bitmapUuid: bigint;
  /** Two of them, the younger first. */
  readonly historyUuids: readonly bigint[];
  readonly deviceUuid: bigint;
  readonly flags: number;
  /** `in-use`: magic 0x8374026C, written by a kernel while attached; apply-al turns it back. */
  readonly state: 'clean' | 'in-use';
  readonly mdSizeSectors: Sectors;
  readonly alOffsetSectors: Sectors;
  readonly alNrExtents: number;
  readonly bmOffsetSectors: Sectors;
  readonly bmBytesPerBit: number;
  readonly laPeerMaxBioSize: number;
  readonly bmMaxPeers: 1;
  readonly alStripes: number;
  readonly alStripeSize4k: number;
}

/** Source: metadata.md 1.4. */
const superblockV08 = layout(
  'v08 superblock',
  {
    effectiveSizeSectors: branded(u64Count, sectors),
    currentUuid: u64,
    bitmapUuid: u64,
    historyUuids: array(u64, 2),
    deviceUuid: u64,
    reservedAt30: zeros(8),
    flags: u32,
    magic: u32,
    mdSizeSectors: branded(u32, sectors),
    alOffsetSectors: branded(s32, sectors),
    alNrExtents: u32,
    bmOffsetSectors: branded(s32, sectors),
    bmBytesPerBit: u32,
    laPeerMaxBioSize: u32,
    alStripes: u32,
    alStripeSize4k: u32,
    padding: zeros(4000),
  },
  MD_BLOCK_BYTES,
);

export function decodeSuperblockV08(bytes: Uint8Array): SuperblockV08 | MetadataError {
  const value = superblockV08.decode(bytes);
  if (isCodecError(value)) {
    return metadataError(value.field === null ? 'truncated' : 'out-of-range', value.message);
  }
  const { magic, ...rest } = value;
  if (magic !== MD_MAGIC_08 && magic !== MD_MAGIC_84_UNCLEAN) {
    return metadataError('no-magic', `v08 superblock: magic 0x${magic.toString(16)}`);
  }
  // Both zero: written before 8.4 had stripes (metadata.md 1.5).
  const stripes =
    rest.alStripes === 0 && rest.alStripeSize4k === 0
      ? { alStripes: AL_STRIPES_DEFAULT, alStripeSize4k: AL_STRIPE_SIZE_4K_DEFAULT }
      : {};
  return { kind: 'v08', ...rest, ...stripes, state: magic === MD_MAGIC_08 ? 'clean' : 'in-use', bmMaxPeers: 1 };
}

export function encodeSuperblockV08(superblock: SuperblockV08): Uint8Array {
  const magic = superblock.state === 'clean' ? MD_MAGIC_08 : MD_MAGIC_84_UNCLEAN;
  return superblockV08.encode({ ...superblock, magic });
}
