/**
 * Units of storage as branded numbers, and the only places where one becomes another.
 *
 * A sector is 512 bytes whatever the disk's block size; a bit is one bitmap bit (4 KiB); an extent is one
 * activity-log extent (4 MiB). DRBD's largest device is 1 PiB, so a double holds each of them exactly.
 */
declare const unit: unique symbol;
type Unit<Name extends string> = number & { readonly [unit]: Name };

export type Sectors = Unit<'sectors'>;
export type Bytes = Unit<'bytes'>;
/** Bitmap bits, or a bit number: 4 KiB of data each. */
export type Bits = Unit<'bits'>;
/** Activity-log extents, or an extent number: 4 MiB of data each. */
export type Extents = Unit<'extents'>;
export type Millis = Unit<'ms'>;

export const SECTOR_BYTES = 512;
export const BIT_BYTES = 4096;
export const SECTORS_PER_BIT = BIT_BYTES / SECTOR_BYTES;
export const AL_EXTENT_BYTES = 4 * 1024 * 1024;
export const SECTORS_PER_AL_EXTENT = AL_EXTENT_BYTES / SECTOR_BYTES;
export const BITS_PER_AL_EXTENT = AL_EXTENT_BYTES / BIT_BYTES;

export const sectors = (n: number): Sectors => n as Sectors;
export const bytes = (n: number): Bytes => n as Bytes;
export const bits = (n: number): Bits => n as Bits;
export const extents = (n: number): Extents => n as Extents;
export const millis = (n: number): Millis => n as Millis;

export const sectorsToBytes = (n: Sectors): Bytes => (n * SECTOR_BYTES) as Bytes;
export const bytesToSectorsFloor = (n: number): Sectors => Math.floor(n / SECTOR_BYTES) as Sectors;
/** Throws a plain Error (a bug) when `n` is no multiple of 512. */
export function bytesToSectorsExact(n: number): Sectors {
  if (n % SECTOR_BYTES !== 0) throw new Error(`${n} bytes is not a whole number of sectors`);
  return (n / SECTOR_BYTES) as Sectors;
}
export const sectorsToBitsFloor = (n: Sectors): Bits => Math.floor(n / SECTORS_PER_BIT) as Bits;
export const sectorsToBitsCeil = (n: Sectors): Bits => Math.ceil(n / SECTORS_PER_BIT) as Bits;
export const bitsToSectors = (n: Bits): Sectors => (n * SECTORS_PER_BIT) as Sectors;
export const sectorsToExtentsFloor = (n: Sectors): Extents => Math.floor(n / SECTORS_PER_AL_EXTENT) as Extents;
export const sectorsToExtentsCeil = (n: Sectors): Extents => Math.ceil(n / SECTORS_PER_AL_EXTENT) as Extents;
export const extentsToSectors = (n: Extents): Sectors => (n * SECTORS_PER_AL_EXTENT) as Sectors;
export const extentsToBits = (n: Extents): Bits => (n * BITS_PER_AL_EXTENT) as Bits;
export const bitsToKiB = (n: number): number => n * (BIT_BYTES / 1024);
export const sectorsToKiB = (n: number): number => n / 2;
