/** Which format, and where: found by looking in the places where metadata can be. */
import {
  decodeAnySuperblock,
  findProblem,
  isMetadataError,
  MD_BLOCK_BYTES,
  superblockOffset,
  type MetadataFormat,
  type Placement,
} from '@tsdrbd/engine/metadata';
import type { MetaDevice } from '../device/meta-device';
import { parsePlacement } from './invocation';

/** In the words of the command line. */
export interface FormatAndIndex {
  readonly format: MetadataFormat;
  readonly index: string;
}

const PLACES: readonly FormatAndIndex[] = [
  { format: 'v09', index: 'internal' },
  { format: 'v08', index: 'internal' },
  { format: 'v09', index: 'flex-external' },
  { format: 'v08', index: 'flex-external' },
  { format: 'v07', index: 'flex-internal' },
  { format: 'v07', index: 'internal' },
  { format: 'v07', index: 'flex-external' },
];

/** null: no metadata that makes sense in any place. Slots of 128 MiB are not searched: they carry no sign of their number. */
export function identify(device: MetaDevice): FormatAndIndex | null {
  return PLACES.find((place) => isThere(device, place)) ?? null;
}

/** `index` as drbd.conf places it. null: nothing there. */
export function identifyAt(device: MetaDevice, index: string): FormatAndIndex | null {
  const places: readonly FormatAndIndex[] = [
    { format: 'v09', index },
    { format: 'v08', index },
    { format: 'v07', index: index === 'internal' ? 'flex-internal' : index },
    { format: 'v07', index },
  ];
  return places.find((place) => isThere(device, place)) ?? null;
}

function isThere(device: MetaDevice, { format, index }: FormatAndIndex): boolean {
  const placement: Placement = parsePlacement(index, format);
  const offset = superblockOffset(placement, device.sizeBytes);
  if (offset < 0 || offset + MD_BLOCK_BYTES > device.sizeBytes) return false;
  const superblock = decodeAnySuperblock(format, device.read(offset, MD_BLOCK_BYTES));
  if (isMetadataError(superblock)) return false;
  return findProblem(superblock, { placement, deviceSizeBytes: device.sizeBytes }) === null;
}
