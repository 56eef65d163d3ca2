import { metadataLayout, type Placement } from './layout';

const MIB = 1024 * 1024;

describe('flexible internal metadata (metadata.md 2.4, measured with the real tool)', () => {
  test.each([
    [64 * MIB, 1, 67104768, 67072000, 67067904, 4096, -72, 80, 130992],
    [64 * MIB, 7, 67104768, 67072000, 67055616, 16384, -96, 104, 130968],
    [64 * MIB, 31, 67104768, 67072000, 67006464, 65536, -192, 200, 130872],
    [1024 * MIB, 1, 1073737728, 1073704960, 1073672192, 32768, -128, 136, 2097016],
    [1024 * MIB, 7, 1073737728, 1073704960, 1073475584, 229376, -512, 520, 2096632],
    [1024 * MIB, 31, 1073737728, 1073704960, 1072689152, 1015808, -2048, 2056, 2095096],
    [1024 ** 4, 1, 1099511623680, 1099511590912, 1099478036480, 33554432, -65600, 65608, 2147418040],
    [1024 ** 4, 7, 1099511623680, 1099511590912, 1099276709888, 234881024, -458816, 458824, 2147024824],
    [1024 ** 4, 31, 1099511623680, 1099511590912, 1098471403520, 1040187392, -2031680, 2031688, 2145451960],
    [100 * MIB + 1536, 7, 104853504, 104820736, 104796160, 24576, -112, 120, 204680],
    [69632, 1, 65536, 32768, 28672, 4096, -72, 80, 56],
  ])(
    'a device of %d bytes with %d slots',
    (deviceSizeBytes, maxPeers, sb, al, bm, bmBytes, bmOffset, mdSize, usable) => {
      expect(metadataLayout({ deviceSizeBytes, placement: 'internal', maxPeers })).toMatchObject({
        superblockOffsetBytes: sb,
        alOffsetBytes: al,
        bitmapOffsetBytes: bm,
        bitmapSizeBytes: bmBytes,
        bmOffsetSectors: bmOffset,
        mdSizeSectors: mdSize,
        usableDataSectors: usable,
      });
    },
  );

  test('two stripes of 64 KiB', () => {
    const layout = metadataLayout({
      deviceSizeBytes: 400 * MIB,
      placement: 'internal',
      maxPeers: 3,
      alStripes: 2,
      alStripeSizeKiB: 64,
    });
    expect(layout).toMatchObject({
      alOffsetBytes: 419295232,
      bitmapOffsetBytes: 419254272,
      bitmapSizeBytes: 40960,
      bmOffsetSectors: -336,
      mdSizeSectors: 344,
      usableDataSectors: 818856,
      alSizeBytes: 131072,
    });
  });

  test.each([
    [65536, -80],
    [MIB, -72],
  ])('%d bytes a bit', (bytesPerBit, bmOffsetSectors) => {
    const options = { deviceSizeBytes: 1024 * MIB, placement: 'internal', maxPeers: 3, bytesPerBit } as const;
    expect(metadataLayout(options).bmOffsetSectors).toBe(bmOffsetSectors);
  });
});

describe('external metadata', () => {
  const usable = (deviceSizeBytes: number, placement: Placement, maxPeers: number): number =>
    metadataLayout({ deviceSizeBytes, placement, maxPeers }).usableDataSectors;

  test.each([
    [64 * MIB, 'flex-external', 131072, [4292608000, 613229568, 138470912]],
    [1024 * MIB, 'flex-external', 2097152, [68717117440, 9816730624, 2216680960]],
    [512 * MIB, { index: 2 }, 262144, [8587575296, 1226796032, 277018112]],
  ] as const)('a device of %d bytes, %p', (deviceSizeBytes, placement, mdSizeSectors, expected) => {
    expect([1, 7, 31].map((maxPeers) => usable(deviceSizeBytes, placement, maxPeers))).toEqual(expected);
    expect(metadataLayout({ deviceSizeBytes, placement, maxPeers: 1 })).toMatchObject({
      mdSizeSectors,
      alOffsetSectors: 8,
      bmOffsetSectors: 72,
    });
  });

  test('the smallest one describes 1 GiB', () => {
    expect(usable(69632, 'flex-external', 1)).toBe(2097152);
  });

  test('v07 keeps 128 MiB at the end of its device', () => {
    const layout = metadataLayout({ deviceSizeBytes: 200 * MIB, placement: 'fixed-internal', maxPeers: 1 });
    expect(layout).toMatchObject({ superblockOffsetBytes: 75497472, usableDataSectors: 147456 });
  });

  test('index 3 starts 384 MiB into the device', () => {
    const layout = metadataLayout({ deviceSizeBytes: 512 * MIB, placement: { index: 3 }, maxPeers: 1 });
    expect(layout.superblockOffsetBytes).toBe(384 * MIB);
  });
});
