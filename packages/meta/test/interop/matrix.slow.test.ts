/**
 * Sizes, peers, places and stripes crossed: what we create and what drbdmeta 9.22 creates is the same, and each tool says the
 * same of the other's.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { metadataLayout, type MetadataLayout, type Placement } from '@tsdrbd/engine/metadata';
import {
  attach,
  canRun,
  comparable,
  flush,
  makeDirectory,
  maybe,
  ours,
  removeDirectory,
  theirs,
  type LoopDisk,
} from './beside-drbdmeta';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const TIB = 1024 ** 4;
const BITMAP_SAMPLE_BYTES = 4 * MIB;

const STRIPES = [
  { alStripes: 1, alStripeSizeKiB: 32 },
  { alStripes: 4, alStripeSizeKiB: 64 },
] as const;

/** Odd sizes too; slots are 128 MiB each and have one shape of log. */
const SIZES: readonly (readonly [index: string, sizeBytes: number])[] = [
  ['internal', 4 * MIB],
  ['internal', 100 * MIB + 1536],
  ['internal', 3 * GIB - 512],
  ['internal', TIB],
  // As large as ext4 lets a file be, but for a little.
  ['internal', 16 * TIB - MIB],
  ['flex-external', 4 * MIB],
  ['flex-external', 64 * MIB + 4096],
  ['0', 128 * MIB],
  ['2', 400 * MIB + 512],
];

const shapes = SIZES.flatMap(([index, sizeBytes]) =>
  [1, 2, 7, 31].flatMap((maxPeers) =>
    STRIPES.filter(({ alStripes }) => alStripes === 1 || /[a-z]/.test(index)).map((stripes) => ({
      index,
      sizeBytes,
      maxPeers,
      ...stripes,
    })),
  ),
);

beforeEach(makeDirectory);
afterEach(removeDirectory);

describe(canRun ? 'beside drbdmeta 9.22' : 'beside drbdmeta 9.22 (skipped: needs root, losetup and drbdmeta)', () => {
  maybe.each(shapes)(
    '$index on $sizeBytes bytes, $maxPeers peers, log $alStripes x $alStripeSizeKiB KiB',
    async ({ index, sizeBytes, maxPeers, alStripes, alStripeSizeKiB }) => {
      const placement: Placement = index === 'internal' || index === 'flex-external' ? index : { index: Number(index) };
      const layout = metadataLayout({ deviceSizeBytes: sizeBytes, placement, maxPeers, alStripes, alStripeSizeKiB });
      const [a, b] = [attach('ours', sizeBytes), attach('theirs', sizeBytes)];
      const words = [`${maxPeers}`, '-s', `${alStripes}`, '-z', `${alStripeSizeKiB}`];
      const created = [
        await ours('-', 'v09', a.loop, index, 'create-md', ...words),
        theirs('-', 'v09', b.loop, index, 'create-md', ...words),
      ];
      expect(created.map(({ exitCode, stdout }) => ({ exitCode, stdout }))).toEqual([
        { exitCode: 0, stdout: created[1]?.stdout },
        { exitCode: 0, stdout: created[0]?.stdout },
      ]);
      for (const range of compared(layout)) expect(bytesAt(a, range).equals(bytesAt(b, range))).toBe(true);

      for (const { loop } of [a, b]) {
        const on = ['-', 'v09', loop, index] as const;
        expect(comparable((await ours(...on, 'dump-md')).stdout, 'v09')).toBe(
          comparable(theirs(...on, 'dump-md').stdout, 'v09'),
        );
        for (const command of [['dstate'], ['--node-id=1', 'get-gi'], ['--node-id=1', 'show-gi']]) {
          expect(await ours(...on, ...command)).toEqual(theirs(...on, ...command));
        }
      }
    },
    120_000,
  );
});

type Range = readonly [offsetBytes: number, lengthBytes: number];

/** All of superblock and log, and the ends of the bitmap: in the middle of 15 GiB both have nothing but holes. */
function compared(layout: MetadataLayout): readonly Range[] {
  const { bitmapOffsetBytes, bitmapSizeBytes } = layout;
  const sample = Math.min(bitmapSizeBytes, BITMAP_SAMPLE_BYTES);
  // drbdmeta 9.22 leaves what is behind an external bitmap's beginning as it was (metadata.md T18): zero here.
  return [
    [layout.superblockOffsetBytes, 4096],
    [layout.alOffsetBytes, layout.alSizeBytes],
    [bitmapOffsetBytes, sample],
    [bitmapOffsetBytes + bitmapSizeBytes - sample, sample],
  ];
}

function bytesAt(disk: LoopDisk, [offsetBytes, lengthBytes]: Range): Buffer {
  flush(disk);
  const fd = openSync(disk.image, 'r');
  const bytes = Buffer.alloc(lengthBytes);
  expect(readSync(fd, bytes, 0, lengthBytes, offsetBytes)).toBe(lengthBytes);
  closeSync(fd);
  return bytes;
}
