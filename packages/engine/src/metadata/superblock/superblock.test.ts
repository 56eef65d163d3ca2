/** Golden vectors of metadata.md, appendix A, made by the real drbdmeta. */
import { createMetadata, createSuperblockV07, createSuperblockV08 } from '../create';
import { metadataLayout } from '../layout';
import { isMetadataError } from '../metadata-error';
import { sectors } from '../../units';
import { convertV07ToV08, convertV08ToV09 } from './convert';
import { encodeAnySuperblock, decodeAnySuperblock, type AnySuperblock } from './superblock';
import { findProblem } from './validate';
import { decodeSuperblock, encodeSuperblock } from './v09';
import { decodeSuperblockV08 } from './v08';

const MIB = 1024 * 1024;
const EMPTY_PEER = '0000000000000000 0000000000000000 00000000 ffffffff 00000000 00000000';

/** Bytes given as hex at their offsets, all others zero. */
function block(parts: Readonly<Record<number, string>>): Buffer {
  const bytes = Buffer.alloc(4096);
  for (const [offset, hex] of Object.entries(parts))
    Buffer.from(hex.replace(/\s/g, ''), 'hex').copy(bytes, Number(offset));
  return bytes;
}
const peers = (overrides: Readonly<Record<number, string>>): string =>
  Array.from({ length: 32 }, (_, node) => overrides[node] ?? EMPTY_PEER).join('');

const A1 = block({
  0x08: '0000000000000004',
  0x38: '00000080 8374026d 00000068 ffffffc0 00000101 ffffffa0 00001000 00000000 00000007 ffffffff 00000001 00000008',
  0x70: peers({}),
});
const A2 = block({
  0x00: `000000000001fbd0 9da477aa3cd80c16 1b2c3d4e5f607182 8877665544332210
         0102030405060708 1122334455667788 0000000000000000 00000091 8374026b
         00000050 ffffffc0 00000101 ffffffb8 00001000 00100000 00000001 00000008`,
});
const A3 = block({
  0x00: `000000000001fbd0 9da477aa3cd80c16 0000000000000003 0000000000000000
         0000000000000000 0000000000000000 1122334455667788 00000091 8374026d
         00000050 ffffffc0 00000101 ffffffb8 00001000 00100000 00000002 00000000 00000001 00000008`,
  0x70: peers({
    1: '1b2c3d4e5f607182 000000000000002a 00010011 00000000 00000000 00000000',
    2: '0000000000000000 0000000000000000 00000002 00000001 00000000 00000000',
  }),
  0x470: '8877665544332210 0102030405060708',
});
const A4 = block({
  0x08: '00000000 00000001 00000001 00000001 00000001 8374026a 00020000 00000008 00000101 00000048',
});
const A5 = block({
  0x08: '0000000000000004',
  0x38: '00000080 8374026b 00000050 ffffffc0 00000101 ffffffb8 00001000 00000000 00000001 00000008',
});

function decoded<T extends { readonly kind: string }>(value: T): Exclude<T, { readonly kind: 'metadata-error' }> {
  if (isMetadataError(value)) throw new Error(value.message);
  return value as Exclude<T, { readonly kind: 'metadata-error' }>;
}

describe('superblocks', () => {
  test.each([
    ['v09', A1],
    ['v08', A2],
    ['v09', A3],
    ['v07', A4],
    ['v08', A5],
  ] as const)('%s decodes, and encodes to the same bytes', (format, bytes) => {
    expect(Buffer.from(encodeAnySuperblock(decoded(decodeAnySuperblock(format, bytes))))).toEqual(bytes);
  });

  test('the fields of a v09 superblock in use', () => {
    const superblock = decoded(decodeSuperblock(A3));
    expect(superblock).toMatchObject({
      effectiveSizeSectors: 130000,
      currentUuid: 0x9da477aa3cd80c16n,
      members: 3n,
      deviceUuid: 0x1122334455667788n,
      nodeId: 0,
      bmMaxPeers: 2,
    });
    expect(superblock.peers[1]).toEqual({
      bitmapUuid: 0x1b2c3d4e5f607182n,
      bitmapDagtag: 42n,
      flags: 0x10011,
      bitmapIndex: 0,
    });
    expect(superblock.historyUuids.slice(0, 3)).toEqual([0x8877665544332210n, 0x0102030405060708n, 0n]);
  });

  test('fresh metadata is what drbdmeta creates', () => {
    const options = { deviceSizeBytes: 64 * MIB, placement: 'internal', maxPeers: 7 } as const;
    expect(Buffer.from(encodeSuperblock(createMetadata(options).superblock))).toEqual(A1);
    const v08 = createSuperblockV08(metadataLayout({ ...options, maxPeers: 1 }));
    expect(Buffer.from(encodeAnySuperblock(v08))).toEqual(A5);
    const v07 = createSuperblockV07(
      metadataLayout({ deviceSizeBytes: 200 * MIB, placement: 'fixed-internal', maxPeers: 1 }),
    );
    expect(Buffer.from(encodeAnySuperblock(v07))).toEqual(A4);
  });

  test('another magic, a truncated block and an impossible size are named errors', () => {
    expect(decodeSuperblock(A2)).toMatchObject({ kind: 'metadata-error', code: 'no-magic' });
    expect(decodeSuperblockV08(A1)).toMatchObject({ kind: 'metadata-error', code: 'no-magic' });
    expect(decodeSuperblock(A1.subarray(0, 4095))).toMatchObject({ code: 'truncated' });
    const huge = Buffer.from(A1);
    huge[0] = 0xff;
    expect(decodeSuperblock(huge)).toMatchObject({ code: 'out-of-range' });
  });

  test('a v08 superblock from before stripes has one of 32 KiB', () => {
    const old = Buffer.from(A5);
    old.fill(0, 0x58, 0x60);
    expect(decodeSuperblockV08(old)).toMatchObject({ alStripes: 1, alStripeSize4k: 8 });
  });
});

describe('conversion', () => {
  test('v08 to v09 moves three flags to peer 0 and drops the bitmap UUID', () => {
    const v08 = {
      ...decoded(decodeSuperblockV08(A2)),
      currentUuid: 0x1111111111111110n,
      bitmapUuid: 0x2222222222222222n,
      historyUuids: [0x3333333333333332n, 0x4444444444444444n],
      flags: 0x1ff,
    };
    const layout = metadataLayout({ deviceSizeBytes: 64 * MIB, placement: 'internal', maxPeers: 1 });
    const v09 = convertV08ToV09(v08, layout);
    expect(v09).toMatchObject({ flags: 0x1d3, currentUuid: 0x1111111111111110n, nodeId: -1, bmMaxPeers: 1 });
    expect(v09.peers[0]).toEqual({ bitmapUuid: 0n, bitmapDagtag: 0n, flags: 0x0b, bitmapIndex: -1 });
    expect(v09.historyUuids.slice(0, 3)).toEqual([0x3333333333333332n, 0x4444444444444444n, 0n]);
  });

  test('v07 counters become UUIDs', () => {
    const layout = metadataLayout({ deviceSizeBytes: 64 * MIB, placement: 'internal', maxPeers: 1 });
    const v07 = {
      ...createSuperblockV07(layout),
      flags: 0x0f,
      humanCount: 0x12,
      timeoutCount: 0x34,
      connectedCount: 0x56,
      arbitraryCount: 0x78,
    };
    expect(convertV07ToV08(v07, layout)).toMatchObject({
      flags: 0x0f,
      currentUuid: 0x0012003400cebaben,
      historyUuids: [0x0012003400cdbaben, 0x0012003400ccbaben],
      bitmapUuid: 0n,
    });
  });
});

describe('plausibility', () => {
  const good = decoded(decodeSuperblock(A1));
  const at = { placement: 'internal', deviceSizeBytes: 64 * MIB } as const;
  const problem = (change: Partial<typeof good>, place: typeof at = at): string | undefined =>
    findProblem({ ...good, ...change }, place)?.message;

  test('fresh metadata has no problem', () => {
    expect(findProblem(good, at)).toBeNull();
  });

  test.each([
    [{ bmMaxPeers: 0 }, 'v09 max-peers value 0 out of bounds'],
    [{ nodeId: 32 }, 'v09 device node-id value 32 out of bounds'],
    [{ nodeId: -2 }, 'v09 device node-id value -2 out of bounds'],
    [{ alOffsetSectors: sectors(-56) }, 'v09 al_offset: expected -64, found -56'],
    [{ alStripes: 0 }, 'v09 al_offset: expected 0, found -64'],
    [{ bmOffsetSectors: sectors(-72) }, 'strange bm_offset -72 (expected: -96)'],
    [{ mdSizeSectors: sectors(88) }, 'strange md_size_sect 88 (expected: 104)'],
  ])('%p is refused', (change, message) => {
    expect(problem(change)).toBe(message);
  });

  test('a device of another size is not the place', () => {
    const other: AnySuperblock = good;
    expect(findProblem(other, { placement: 'internal', deviceSizeBytes: 1024 * MIB })?.code).toBe('not-for-this-place');
  });
});
