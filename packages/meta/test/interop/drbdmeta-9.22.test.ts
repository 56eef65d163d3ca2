/**
 * Side by side with the installed drbdmeta on loop devices: what one writes the other reads, byte for byte.
 * Needs root, losetup and drbdmeta; without them every test here is reported as skipped.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { metadataLayout } from '@tsdrbd/engine/metadata';
import {
  attach,
  comparable,
  contentOf,
  makeDirectory,
  maybe,
  ours,
  removeDirectory,
  theirs,
  title,
} from './beside-drbdmeta';
import { compareConversion, CONVERSIONS } from './compare-conversion';

const MIB = 1024 * 1024;

beforeEach(makeDirectory);
afterEach(removeDirectory);

describe(title('beside drbdmeta 9.22'), () => {
  const shapes: readonly (readonly [format: string, index: string, sizeBytes: number, words: readonly string[]])[] = [
    // v09 is compared in the matrix.
    ['v08', 'internal', 64 * MIB, []],
    ['v08', 'flex-external', 8 * MIB, []],
    ['v07', 'internal', 200 * MIB, []],
    ['v07', 'flex-internal', 64 * MIB, []],
  ];

  maybe.each(shapes)('%s %s on %d bytes, create-md %j: same bytes, same dumps', async (format, index, size, words) => {
    const [a, b] = [attach('ours', size), attach('theirs', size)];
    const created = [
      await ours('-', format, a.loop, index, 'create-md', ...words),
      theirs('-', format, b.loop, index, 'create-md', ...words),
    ];
    expect(created.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect(created[0]?.stdout).toBe(created[1]?.stdout);
    expect(contentOf(a)).toBe(contentOf(b));

    const dump = ['--force', '-', format, a.loop, index, 'dump-md'] as const;
    expect(comparable((await ours(...dump)).stdout, format)).toBe(comparable(theirs(...dump).stdout, format));
    const dumpOfTheirs = ['--force', '-', format, b.loop, index, 'dump-md'] as const;
    expect(comparable((await ours(...dumpOfTheirs)).stdout, format)).toBe(
      comparable(theirs(...dumpOfTheirs).stdout, format),
    );
  });

  maybe('the generation identifiers that we set are those that drbdmeta gets', async () => {
    const { loop } = attach('disk', 64 * MIB);
    const gi = '1234567890ABCDE1:AAAA000000000002:0000000000000006:0000000000000008:1:1:0:1:1:0:0:1:0:1:0:1';
    await ours('-', 'v09', loop, 'internal', 'create-md', '3');
    await ours('--force', '-i', '2', '-', 'v09', loop, 'internal', 'set-gi', gi);
    expect(theirs('-i', '2', '-', 'v09', loop, 'internal', 'get-gi').stdout).toBe(`${gi}\n`);
    await ours('-', 'v09', loop, 'internal', 'write-dev-uuid', 'A5A5A5A5A5A5A5A5');
    expect(theirs('-', 'v09', loop, 'internal', 'read-dev-uuid').stdout).toBe('A5A5A5A5A5A5A5A5\n');
  });

  // Others, and other sizes, in the slow suite.
  maybe.each(CONVERSIONS.filter(({ maxPeers, index }) => maxPeers <= 2 && index !== '1'))(
    '$from becomes $to, $index, $maxPeers peers: the same bytes',
    (conversion) => compareConversion(conversion, 16 * MIB),
  );

  maybe.each([[1], [2], [7]])(
    'a bitmap of many read windows is dumped alike, runs across their borders too: %d slots',
    async (maxPeers) => {
      const sizeBytes = 3 * 1024 ** 4;
      const disk = attach('large', sizeBytes);
      await ours('-', 'v09', disk.loop, 'internal', 'create-md', `${maxPeers}`, '--effective-size=6442000000s');
      const layout = metadataLayout({ deviceSizeBytes: sizeBytes, placement: 'internal', maxPeers });
      const windowBytes = Math.floor((32 * MIB) / (4096 * maxPeers)) * 4096 * maxPeers;
      const fd = openSync(disk.loop, 'r+');
      const put = (offset: number, bytes: Uint8Array): void =>
        void writeSync(fd, bytes, 0, bytes.length, layout.bitmapOffsetBytes + offset);
      const noise = Uint8Array.from({ length: 8192 }, (_, i) => (i * 2654435761) >>> 13);
      put(0, noise);
      // Ends a little before the border, at it, and a little behind.
      put(windowBytes - 4096 - 32 * maxPeers, noise.subarray(0, 4096));
      put(2 * windowBytes - 64 * maxPeers, new Uint8Array(128 * maxPeers).fill(0xff));
      put(2 * windowBytes + 8 * MIB, new Uint8Array(18 * MIB).fill(0xff));
      closeSync(fd);
      const dump = ['-', 'v09', disk.loop, 'internal', 'dump-md'] as const;
      const text = comparable((await ours(...dump)).stdout, 'v09');
      expect(text).toContain('times 0xFFFFFFFFFFFFFFFF');
      expect(text === comparable(theirs(...dump).stdout, 'v09')).toBe(true);
    },
    60_000,
  );
});
