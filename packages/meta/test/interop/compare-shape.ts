/** One size, place, number of peers and shape of the log: all that both programs can do to it, with every byte compared. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { metadataLayout, type MetadataLayout, type Placement } from '@tsdrbd/engine/metadata';
import type { Captured } from '../support/run-captured';
import { dataBlocks } from '../support/sparse-file';
import { attach, comparable, contentOf, grow, ours, theirs, type LoopDisk } from './beside-drbdmeta';
import { writeCrashedPrimary } from './crashed-primary';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const TIB = 1024 ** 4;
/** As large as ext4 lets a file be, but for a little. */
const LARGEST = 16 * TIB - MIB;

export interface MatrixShape {
  /** As on the command line. */
  readonly index: string;
  /** Of the device that has the metadata. */
  readonly sizeBytes: number;
  readonly maxPeers: number;
  readonly alStripes: number;
  readonly alStripeSizeKiB: number;
}

/**
 * Odd sizes too. With metadata of its own a device of 16 TiB and 31 peers needs 16 GiB; a slot is 128 MiB, and the device
 * that has it of any size (metadata.md 2.3, T32: a flexible one beyond 2 TiB is of no use to the original).
 */
const PLACES: readonly (readonly [index: string, sizes: readonly number[]])[] = [
  ['internal', [4 * MIB, 100 * MIB + 1536, 3 * GIB - MIB - 512, TIB - MIB, LARGEST]],
  ['flex-external', [4 * MIB, 64 * MIB + 4096, 3 * GIB - 512, 16 * GIB + MIB, TIB]],
  ['0', [128 * MIB, LARGEST]],
  ['2', [400 * MIB + 512, TIB]],
];
const PEERS = [1, 2, 7, 31];
const STRIPES = [
  { alStripes: 1, alStripeSizeKiB: 32 },
  { alStripes: 4, alStripeSizeKiB: 64 },
];

export const MATRIX: readonly MatrixShape[] = PLACES.flatMap(([index, sizes]) =>
  sizes.flatMap((sizeBytes) =>
    PEERS.flatMap((maxPeers) => STRIPES.map((stripes) => ({ index, sizeBytes, maxPeers, ...stripes }))),
  ),
);

/** Each size and place once, with all numbers of peers and shapes of the log among them. */
export const SELECTION: readonly MatrixShape[] = MATRIX.filter((_, i) => i % 8 === (Math.floor(i / 8) * 3) % 8);

export const SHAPE_TITLE =
  '$index on $sizeBytes bytes, $maxPeers peers, log $alStripes x $alStripeSizeKiB KiB: same bytes, same words';

/** Nobody else's: drbdmeta remembers by minor where metadata was. */
const MINOR = `${100_000 + (process.pid % 900_000)}`;
const LAST_KNOWN_OF_THEIRS = `/var/lib/drbd/drbd-minor-${MINOR}.lkbd`;
/** Little enough that the bitmap mostly keeps its size: where it grows 9.22 destroys it (metadata.md T17). */
const GROWTH_BYTES = 8192;
/** Both copy the whole bitmap. */
const MOVED_BYTES_MAX = 64 * MIB;

export async function compareShape(directory: string, shape: MatrixShape): Promise<void> {
  const { index, sizeBytes, maxPeers, alStripes, alStripeSizeKiB } = shape;
  const placement: Placement = index === 'internal' || index === 'flex-external' ? index : { index: Number(index) };
  const geometry = { placement, maxPeers, alStripes, alStripeSizeKiB, deviceSizeBytes: sizeBytes };
  const disks = { ours: attach('ours', sizeBytes), theirs: attach('theirs', sizeBytes) } as const;
  const both = async (...words: readonly string[]): Promise<Captured> => {
    const [mine, original] = [
      await ours('-', 'v09', disks.ours.loop, index, ...words),
      theirs('-', 'v09', disks.theirs.loop, index, ...words),
    ];
    expect(answer(mine, disks.ours)).toEqual(answer(original, disks.theirs));
    expect(contentOf(disks.ours)).toBe(contentOf(disks.theirs));
    return mine;
  };

  // 9.22 says another size of what it clears of an external bitmap (metadata.md T18).
  const created = [
    await ours('-', 'v09', disks.ours.loop, index, 'create-md', `${maxPeers}`, ...stripesOf(shape)),
    theirs('-', 'v09', disks.theirs.loop, index, 'create-md', `${maxPeers}`, ...stripesOf(shape)),
  ] as const;
  expect(created.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  expect(created[0].stdout).toBe(created[1].stdout);
  expect(contentOf(disks.ours)).toBe(contentOf(disks.theirs));
  await dumpAll(disks, index);
  for (const words of [['dstate'], ['--node-id=1', 'get-gi'], ['--node-id=1', 'show-gi']]) await both(...words);

  for (const { loop } of [disks.ours, disks.theirs]) writeCrashedPrimary(loop, geometry);
  for (const words of [
    ['dstate'],
    [`--node-id=${maxPeers}`, 'get-gi'],
    [`--node-id=${maxPeers}`, 'show-gi'],
    ['dump-md'],
  ]) {
    await both(...words);
  }
  const applied = await both('apply-al');
  expect(applied.stderr).toMatch(/Marked additional \d+ [KMG]B as out-of-sync based on AL\./);
  const dump = await dumpAll(disks, index);
  expect(dump).toMatch(/0xFFFFFFFFFFFFFFFF/);
  const layout = metadataLayout(geometry);
  nothingOutside(disks.ours, layout);

  await restoreEachOthers(directory, { dump, shape });
  // Of external metadata, which cannot move, 9.22 says that it failed when it finds no file to remove (metadata.md T17).
  if (index === 'internal') await both('check-resize');
  const grown = metadataLayout({ ...geometry, deviceSizeBytes: sizeBytes + GROWTH_BYTES });
  const keepsSize = grown.bitmapSizeBytes === layout.bitmapSizeBytes;
  if (index === 'internal' && keepsSize && layout.bitmapSizeBytes < MOVED_BYTES_MAX) await compareResize(disks);
}

/** Both dump both, all alike. Returns what they say. */
async function dumpAll(disks: { readonly ours: LoopDisk; readonly theirs: LoopDisk }, index: string): Promise<string> {
  const dumps: string[] = [];
  for (const { loop } of [disks.ours, disks.theirs]) {
    const words = ['-', 'v09', loop, index, 'dump-md'] as const;
    dumps.push((await ours(...words)).stdout, theirs(...words).stdout);
  }
  const [first = '', ...others] = dumps.map((dump) => comparable(dump, 'v09'));
  for (const other of others) expect(other === first).toBe(true);
  return first;
}

/** `dump` lacks the line of 9.34 that 9.22 does not know, so that both can read it. */
async function restoreEachOthers(
  directory: string,
  { dump, shape }: { readonly dump: string; readonly shape: MatrixShape },
): Promise<void> {
  writeFileSync(join(directory, 'dump.txt'), dump);
  const { index, sizeBytes } = shape;
  const disks = { ours: attach('restored-by-ours', sizeBytes), theirs: attach('restored-by-theirs', sizeBytes) };
  const words = ['restore-md', join(directory, 'dump.txt')];
  const restored = [
    await ours('-', 'v09', disks.ours.loop, index, ...words),
    theirs('-', 'v09', disks.theirs.loop, index, ...words),
  ] as const;
  expect(answer(restored[0], disks.ours)).toEqual(answer(restored[1], disks.theirs));
  expect(restored[0].exitCode).toBe(0);
  expect(contentOf(disks.ours)).toBe(contentOf(disks.theirs));
  expect((await dumpAll(disks, index)) === dump).toBe(true);
}

/** With a minor, so that the former place is remembered. */
async function compareResize(disks: { readonly ours: LoopDisk; readonly theirs: LoopDisk }): Promise<void> {
  const both = async (...words: readonly string[]) =>
    [
      await ours(MINOR, 'v09', disks.ours.loop, 'internal', ...words),
      theirs(MINOR, 'v09', disks.theirs.loop, 'internal', ...words),
    ] as const;
  try {
    for (const { exitCode } of await both('outdate')) expect(exitCode).toBe(0);
    for (const disk of [disks.ours, disks.theirs]) grow(disk, GROWTH_BYTES);
    for (const words of [['check-resize'], ['check-resize'], ['dstate']]) {
      const [mine, original] = await both(...words);
      expect(answer(mine, disks.ours)).toEqual(answer(original, disks.theirs));
      expect(contentOf(disks.ours)).toBe(contentOf(disks.theirs));
    }
    await dumpAll(disks, 'internal');
  } finally {
    rmSync(LAST_KNOWN_OF_THEIRS, { force: true });
  }
}

const stripesOf = ({ alStripes, alStripeSizeKiB }: MatrixShape): readonly string[] => [
  '--al-stripes',
  `${alStripes}`,
  '--al-stripe-size-kB',
  `${alStripeSizeKiB}`,
];

const answer = ({ exitCode, stdout, stderr }: Captured, { loop }: LoopDisk) => ({
  exitCode,
  stdout: stdout.replaceAll(loop, 'DEVICE'),
  stderr: stderr.replaceAll(loop, 'DEVICE'),
});

function nothingOutside({ image }: LoopDisk, layout: MetadataLayout): void {
  const start = Math.min(layout.bitmapOffsetBytes, layout.superblockOffsetBytes);
  const end = Math.max(layout.bitmapOffsetBytes + layout.bitmapSizeBytes, layout.superblockOffsetBytes + 4096);
  for (const { offsetBytes, bytes } of dataBlocks(image)) {
    if (offsetBytes >= start && offsetBytes + bytes.length <= end) continue;
    expect({ offsetBytes, isZero: bytes.every((byte) => byte === 0) }).toEqual({ offsetBytes, isZero: true });
  }
}
