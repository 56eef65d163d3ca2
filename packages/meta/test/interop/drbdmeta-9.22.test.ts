/**
 * Side by side with the installed drbdmeta on loop devices: what one writes the other reads, byte for byte.
 * Needs root, losetup and drbdmeta; without them every test here is reported as skipped.
 */
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import {
  alTransactionBlockOffset,
  createMetadata,
  encodeAlTransaction,
  encodeSuperblock,
  MdFlag,
  metadataLayout,
  withFlags,
  type AlTransactionInput,
} from '@tsdrbd/engine/metadata';
import { sectors } from '@tsdrbd/engine/units';
import {
  attach,
  bytesOf,
  canRun,
  comparable,
  makeDirectory,
  maybe,
  ours,
  removeDirectory,
  theirs,
} from './beside-drbdmeta';

const MIB = 1024 * 1024;

let directory = '';
beforeEach(() => void (directory = makeDirectory()));
afterEach(removeDirectory);

describe(canRun ? 'beside drbdmeta 9.22' : 'beside drbdmeta 9.22 (skipped: needs root, losetup and drbdmeta)', () => {
  const shapes: readonly (readonly [format: string, index: string, sizeBytes: number, words: readonly string[]])[] = [
    ['v09', 'internal', 64 * MIB, ['1']],
    ['v09', 'internal', 64 * MIB, ['7']],
    ['v09', 'internal', 100 * MIB + 1536, ['31']],
    ['v09', 'internal', 200 * MIB, ['3', '--al-stripes', '2', '--al-stripe-size-kB', '64']],
    ['v09', 'flex-external', 8 * MIB, ['2']],
    ['v09', '1', 260 * MIB, ['5']],
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
    expect(bytesOf(a).equals(bytesOf(b))).toBe(true);

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

  maybe.each([
    [1, 128 * MIB],
    [2, 64 * MIB],
    [5, 96 * MIB],
    [7, 200 * MIB],
  ])('apply-al of a crashed Primary marks the same bits: %d slots, %d bytes', async (maxPeers, size) => {
    const disks = [attach('ours', size), attach('theirs', size)] as const;
    for (const disk of disks) writeCrashedPrimary(disk.loop, size, maxPeers);
    expect(bytesOf(disks[0]).equals(bytesOf(disks[1]))).toBe(true);

    const applied = [
      await ours('-', 'v09', disks[0].loop, 'internal', 'apply-al'),
      theirs('-', 'v09', disks[1].loop, 'internal', 'apply-al'),
    ] as const;
    expect(applied[0]).toEqual(applied[1]);
    expect(applied[0].stderr).toMatch(/^Marked additional [1-9]\d* [KM]B as out-of-sync based on AL\.$/m);
    expect(bytesOf(disks[0]).equals(bytesOf(disks[1]))).toBe(true);

    const dump = ['-', 'v09', disks[0].loop, 'internal', 'dump-md'] as const;
    expect(comparable((await ours(...dump)).stdout, 'v09')).toBe(comparable(theirs(...dump).stdout, 'v09'));
  });

  const v08Gi = '1234567890ABCDE0:AAAA000000000002:0000000000000006:0000000000000008:1:1:0:1:0:1:1';
  const v09Gi = '1234567890ABCDE0:AAAA000000000002:0000000000000006:0000000000000008:1:1:0:1:1:0:0:1:0:1:0:1';
  const conversions: readonly (readonly [
    from: string,
    to: string,
    index: string,
    words: readonly string[],
    gi: string,
  ])[] = [
    ['v08', 'v09', 'internal', ['1'], v08Gi],
    ['v08', 'v09', 'internal', ['5'], v08Gi],
    ['v08', 'v09', 'flex-external', ['1'], v08Gi],
    ['v09', 'v08', 'internal', [], v09Gi],
    ['v09', 'v08', 'flex-external', [], v09Gi],
    ['v07', 'v08', 'flex-internal', [], '1:18:52:86:120:1:1'],
    ['v07', 'v09', 'flex-internal', ['1'], '1:18:52:86:120:1:1'],
    ['v07', 'v09', 'flex-external', ['1'], '1:18:52:86:120:1:1'],
    ['v08', 'v07', 'flex-internal', [], v08Gi],
  ];

  maybe.each(conversions)('%s becomes %s, %s: the same bytes', async (from, to, index, words, gi) => {
    const disks = [attach('ours', 16 * MIB), attach('theirs', 16 * MIB)] as const;
    for (const { loop } of disks) {
      const created = theirs('-', from, loop, index, 'create-md', ...(from === 'v09' ? ['1'] : []));
      expect(created).toMatchObject({ exitCode: 0 });
      expect(theirs('--force', '--node-id=0', '-', from, loop, index, 'set-gi', gi)).toMatchObject({ exitCode: 0 });
    }
    expect(bytesOf(disks[0]).equals(bytesOf(disks[1]))).toBe(true);
    const converted = [
      await ours('--force', '-', to, disks[0].loop, index, 'create-md', ...words),
      theirs('--force', '-', to, disks[1].loop, index, 'create-md', ...words),
    ];
    expect(converted[0]?.stdout).toBe(converted[1]?.stdout);
    expect(converted.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect(bytesOf(disks[0]).equals(bytesOf(disks[1]))).toBe(true);
  });

  maybe.each([
    [1, 64 * MIB],
    [3, 64 * MIB],
    [31, 20 * MIB],
  ])('what we dump drbdmeta 9.22 restores, and we read the same again: %d slots', async (maxPeers, size) => {
    const [a, b] = [attach('from', size), attach('to', size)];
    writeCrashedPrimary(a.loop, size, maxPeers);
    await ours('-', 'v09', a.loop, 'internal', 'apply-al');
    const dump = (await ours('-', 'v09', a.loop, 'internal', 'dump-md')).stdout;
    // 9.22 does not know the line.
    writeFileSync(join(directory, 'dump.txt'), dump.replace(/^members .*\n/m, ''));
    const restored = theirs('-', 'v09', b.loop, 'internal', 'restore-md', join(directory, 'dump.txt'));
    expect(restored).toMatchObject({ exitCode: 0 });
    expect(comparable((await ours('-', 'v09', b.loop, 'internal', 'dump-md')).stdout, 'v09')).toBe(
      comparable(dump, 'v09'),
    );
  });

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

  maybe('what drbdmeta 9.22 dumps we restore, and it reads the result', async () => {
    const [a, b] = [attach('from', 64 * MIB), attach('to', 64 * MIB)];
    writeCrashedPrimary(a.loop, 64 * MIB, 3);
    theirs('-', 'v09', a.loop, 'internal', 'apply-al');
    const dump = theirs('-', 'v09', a.loop, 'internal', 'dump-md').stdout;
    writeFileSync(join(directory, 'dump.txt'), dump);
    expect(await ours('-', 'v09', b.loop, 'internal', 'restore-md', 'dump.txt')).toMatchObject({ exitCode: 0 });
    const restored = theirs('-', 'v09', b.loop, 'internal', 'dump-md').stdout;
    expect(comparable(restored, 'v09')).toBe(comparable(dump, 'v09'));
    expect(dump).toContain('0xFFFFFFFFFFFFFFFF');
  });
});

/** Metadata as an engine leaves it when it dies as Primary: extents hot in both halves of the log's slots. */
function writeCrashedPrimary(loop: string, deviceSizeBytes: number, maxPeers: number): void {
  const { superblock, layout, writes } = createMetadata({ deviceSizeBytes, placement: 'internal', maxPeers });
  const lastExtent = Math.floor((layout.usableDataSectors - 1) / 8192);
  const contextSize = 1237;
  const free = new Array<number>(919).fill(0xffffffff);
  const transactions: readonly AlTransactionInput[] = [
    {
      transactionNumber: 0,
      contextSize,
      updates: [
        { slot: 0, extent: 0 },
        { slot: 1, extent: 2 },
        { slot: 1000, extent: lastExtent - 1 },
      ],
      context: { slot: 0, extents: free },
    },
    {
      transactionNumber: 1,
      contextSize,
      updates: [{ slot: 1, extent: 3 }],
      context: { slot: 919, extents: free.slice(0, contextSize - 919) },
    },
  ];
  const fd = openSync(loop, 'r+');
  const put = (bytes: Uint8Array, offset: number): void => void writeSync(fd, bytes, 0, bytes.length, offset);
  for (const write of writes) if (write.kind === 'bytes') put(write.bytes, write.offsetBytes);
  for (const transaction of transactions) {
    put(
      encodeAlTransaction(transaction),
      layout.alOffsetBytes + alTransactionBlockOffset(transaction.transactionNumber, 1, 8),
    );
  }
  const used = {
    ...superblock,
    currentUuid: 0x1234567890abcdefn,
    nodeId: 0,
    effectiveSizeSectors: sectors(layout.usableDataSectors),
    flags: withFlags(0, MdFlag.consistent | MdFlag.wasUpToDate | MdFlag.primaryInd | MdFlag.crashedPrimary),
    peers: superblock.peers.map((peer, node) => (node === 1 ? { ...peer, bitmapIndex: 0, bitmapUuid: 42n } : peer)),
  };
  put(encodeSuperblock(used), layout.superblockOffsetBytes);
  closeSync(fd);
}
