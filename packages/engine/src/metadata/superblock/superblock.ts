/** The three formats behind one door. */
import type { MetadataError } from '../metadata-error';
import { decodeSuperblockV07, encodeSuperblockV07, type SuperblockV07 } from './v07';
import { decodeSuperblockV08, encodeSuperblockV08, type SuperblockV08 } from './v08';
import { decodeSuperblock, encodeSuperblock, type SuperblockV09 } from './v09';

export type AnySuperblock = SuperblockV07 | SuperblockV08 | SuperblockV09;
export type MetadataFormat = AnySuperblock['kind'];

export function decodeAnySuperblock(format: MetadataFormat, bytes: Uint8Array): AnySuperblock | MetadataError {
  switch (format) {
    case 'v07':
      return decodeSuperblockV07(bytes);
    case 'v08':
      return decodeSuperblockV08(bytes);
    case 'v09':
      return decodeSuperblock(bytes);
  }
}

export function encodeAnySuperblock(superblock: AnySuperblock): Uint8Array {
  switch (superblock.kind) {
    case 'v07':
      return encodeSuperblockV07(superblock);
    case 'v08':
      return encodeSuperblockV08(superblock);
    case 'v09':
      return encodeSuperblock(superblock);
  }
}
