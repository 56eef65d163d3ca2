import { constant, layout, u16, u32 } from '../../codec';
import type { SocketKind } from '../packets/packet';

/**
 * The three packet headers. Which one a packet has follows from the agreed version; the receiver tells them apart
 * by their magic. The length never counts the header. Source: wire.md 2.
 */
export const MAGIC_80 = 0x83740267;
export const MAGIC_95 = 0x835a;
export const MAGIC_100 = 0x8620ec20;
export const HEADER_80_BYTES = 8;
export const HEADER_95_BYTES = 8;
export const HEADER_100_BYTES = 16;
export const HEADER_BYTES_MAX = HEADER_100_BYTES;

export const header80 = layout('header80', { magic: constant(u32, MAGIC_80), command: u16, lengthBytes: u16 }, 8);
export const header95 = layout('header95', { magic: constant(u16, MAGIC_95), command: u16, lengthBytes: u32 }, 8);
export const header100 = layout(
  'header100',
  { magic: constant(u32, MAGIC_100), volume: u16, command: u16, lengthBytes: u32, pad: constant(u32, 0) },
  16,
);

export type HeaderFormat = 80 | 95 | 100;

/**
 * The header to send at `version` (0: before the agreement).
 *
 * At 95 to 99 the data socket always gets header95, whatever the size: DRBD 8.4 takes both there, and DRBD 9.2.10
 * and later takes nothing else (wire.md 12.3, trap 43).
 */
export function headerFormat(version: number, socket: SocketKind): HeaderFormat {
  if (version >= 100) return 100;
  return version >= 95 && socket === 'data' ? 95 : 80;
}

export const headerBytes = (format: HeaderFormat): number => (format === 100 ? HEADER_100_BYTES : HEADER_80_BYTES);

/** Space for a bitmap chunk behind the header in one 4 KiB buffer at `version`. Source: wire.md 7.2. */
export const bitmapChunkBytes = (version: number): number => 4096 - headerBytes(headerFormat(version, 'data'));

/** Writes a header at `at` and returns where its packet goes on. The hot twin of the layouts above. */
export function writeHeader(
  view: DataView,
  at: number,
  format: HeaderFormat,
  header: { readonly volume: number; readonly command: number; readonly lengthBytes: number },
): number {
  switch (format) {
    case 100:
      view.setUint32(at, MAGIC_100);
      view.setUint16(at + 4, header.volume);
      view.setUint16(at + 6, header.command);
      view.setUint32(at + 8, header.lengthBytes);
      view.setUint32(at + 12, 0);
      return at + HEADER_100_BYTES;
    case 95:
      view.setUint16(at, MAGIC_95);
      view.setUint16(at + 2, header.command);
      view.setUint32(at + 4, header.lengthBytes);
      return at + HEADER_95_BYTES;
    case 80:
      view.setUint32(at, MAGIC_80);
      view.setUint16(at + 4, header.command);
      view.setUint16(at + 6, header.lengthBytes);
      return at + HEADER_80_BYTES;
  }
}
