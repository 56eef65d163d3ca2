/**
 * A power cut at any moment of any command leaves metadata that an engine can attach, after repair-md and apply-al as
 * tsdrbdadm runs them before each attach, and never one that calls clean what is not.
 */
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  alTransactionBlockOffset,
  createMetadata,
  createSuperblockV08,
  diskBitOf,
  encodeAlTransaction,
  encodeAnySuperblock,
  encodeSuperblock,
  MdFlag,
  metadataLayout,
  PeerMdFlag,
  withFlags,
  type MetadataLayout,
  type Placement,
  type SuperblockV08,
} from '@tsdrbd/engine/metadata';
import { sectors } from '@tsdrbd/engine/units';
import { writeLastKnown } from '../../src/device/last-known';
import type { MetaDevice } from '../../src/device/meta-device';
import { SparseImage } from '../stories/sparse-image';
import { runCaptured, type Captured } from '../support/run-captured';
import { findSilence, storyOf, type DiskStory, type Place } from './judge';
import { RecordedDisk } from './recorded-disk';

const MIB = 1024 * 1024;
const MINOR = 7;
const DISK_BYTES = 64 * MIB;

let directory = '';
beforeEach(() => {
  // Thousands of last-known files are flushed here: in memory, where there is such a place.
  directory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'tsdrbdmeta-cuts-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const INTERNAL: Place = { format: 'v09', placement: 'internal' };
const indexWord = (placement: Placement): string => (typeof placement === 'object' ? `${placement.index}` : placement);

/** One command on a device in memory, `--force`d; `stateDirectory` has the last-known file. */
function command(
  device: MetaDevice,
  place: Place,
  stateDirectory: string,
  words: readonly string[],
): Promise<Captured> {
  const argv = ['--force', '--quiet', `${MINOR}`, place.format, './disk', indexWord(place.placement), ...words];
  return runCaptured(directory, argv, { open: () => device, stateDirectory });
}

/** The story that a node tells after it was up again. */
async function storyAfterRestart(
  image: SparseImage,
  place: Place,
  stateDirectory: string,
): Promise<DiskStory | string> {
  const device = image.asDevice('./disk', 'file');
  for (const word of ['repair-md', 'apply-al']) {
    const { exitCode, stderr } = await command(device, place, stateDirectory, [word]);
    if (exitCode !== 0) return `${word}: exit code ${exitCode}: ${stderr}`;
  }
  return storyOf(image, place);
}

interface Shape {
  readonly deviceSizeBytes?: number;
  readonly placement?: Placement;
  /** The node ids of the peers; each has a slot, and all but the first are behind by some blocks. */
  readonly peerNodes?: readonly number[];
  /** Records of nodes that were never configured should name one generation; here one names another. */
  readonly oddNode?: number;
}

/** A node that was Primary when it died: hot extents in the log, peers behind by some blocks. */
function crashedPrimary({
  deviceSizeBytes = DISK_BYTES,
  placement = 'internal',
  peerNodes = [1, 2],
  oddNode,
}: Shape = {}): SparseImage {
  const image = new SparseImage(deviceSizeBytes);
  const maxPeers = peerNodes.length;
  const { superblock, layout, writes } = createMetadata({ deviceSizeBytes, placement, maxPeers });
  for (const write of writes) if (write.kind === 'bytes') image.write(write.offsetBytes, write.bytes);
  const bitmap = new Uint8Array(layout.bitmapSizeBytes);
  for (let slot = 1; slot < maxPeers; slot++) {
    for (const bit of [3 * slot, 1000, 1001, 9000 + slot]) {
      const diskBit = diskBitOf(slot, bit, maxPeers);
      bitmap[diskBit >>> 3] = (bitmap[diskBit >>> 3] ?? 0) | (1 << (diskBit & 7));
    }
  }
  image.write(layout.bitmapOffsetBytes, bitmap);
  writeLog(image, layout);
  const peerOf = (node: number) => {
    const slot = peerNodes.indexOf(node);
    if (slot >= 0) {
      const bitmapUuid = slot === 0 ? 0n : BigInt(0x40 + node);
      return { bitmapIndex: slot, bitmapUuid, flags: PeerMdFlag.deviceSeen, bitmapDagtag: 0n };
    }
    return { bitmapIndex: -1, bitmapUuid: node === oddNode ? 0x666n : 0x100n, flags: 0, bitmapDagtag: 0n };
  };
  image.write(
    layout.superblockOffsetBytes,
    encodeSuperblock({
      ...superblock,
      currentUuid: 0x1234567890abcdeen,
      nodeId: 0,
      effectiveSizeSectors: sectors(Math.min(layout.usableDataSectors, DISK_BYTES / 512)),
      flags: withFlags(0, MdFlag.consistent | MdFlag.wasUpToDate | MdFlag.primaryInd | MdFlag.crashedPrimary),
      peers: superblock.peers.map((_, node) => peerOf(node)),
      historyUuids: superblock.historyUuids.map((_, i) => (i < 3 ? BigInt(0x100 + i) : 0n)),
    }),
  );
  return image;
}

/** More transactions than the log has blocks: it has been written around once. */
function writeLog(image: SparseImage, layout: MetadataLayout): void {
  const context = { slot: 0, extents: [] };
  for (let number = 0; number < 11; number++) {
    const updates = [{ slot: number % 5, extent: (number * 3) % 15 }];
    const block = encodeAlTransaction({ transactionNumber: number, contextSize: 67, updates, context });
    image.write(layout.alOffsetBytes + alTransactionBlockOffset(number, 1, 8), block);
  }
}

interface Play {
  readonly words: readonly string[];
  readonly place?: Place;
  readonly disk?: SparseImage;
  /** Where it was before: another format is read as such as long as it is there. */
  readonly placeBefore?: Place;
  /** Bytes that the device grows by before the command. */
  readonly growBytes?: number;
  /** What a restart may find besides metadata that tells the truth. */
  readonly mayBeGone?: boolean;
}

/** Cuts the power everywhere, and returns how often. Fails at the first disk that is worse than it may be. */
async function cutEverywhere({
  words,
  place = INTERNAL,
  disk = crashedPrimary(),
  placeBefore = place,
  growBytes = 0,
  mayBeGone = false,
}: Play) {
  const before = await storyAfterRestartOfCopy(disk, placeBefore);
  // Records without a bitmap may be those of before the repair.
  const unrepaired = storyOf(disk, placeBefore);
  const stateBefore = join(directory, 'before');
  writeLastKnown(stateBefore, MINOR, { sizeBytes: disk.sizeBytes, devicePath: './disk', deviceUuid: 0n });
  if (growBytes > 0) disk.resize(disk.sizeBytes + growBytes);

  const recorded = new RecordedDisk(disk);
  const stateDuring = join(directory, 'during');
  cpSync(stateBefore, stateDuring, { recursive: true });
  const outcome = await command(recorded.asDevice('./disk'), place, stateDuring, words);
  expect(outcome).toMatchObject({ exitCode: 0 });
  const after = await storyAfterRestartOfCopy(recorded.image, place);
  const records =
    typeof unrepaired === 'string' ? unrepaired : { ...unrepaired, peers: unrepaired.peers.filter((p) => !p.hasSlot) };
  const truths = [before, after, records].filter((story) => typeof story !== 'string');

  let count = 0;
  for (const { what, image } of recorded.remains()) {
    count++;
    const state = join(directory, `cut-${count}`);
    cpSync(stateBefore, state, { recursive: true });
    const asNow = await storyAfterRestart(image.clone(), place, state);
    const story = typeof asNow === 'string' ? await storyAfterRestart(image, placeBefore, state) : asNow;
    rmSync(state, { recursive: true });
    if (typeof story === 'string') {
      if (mayBeGone && /No valid meta data found/.test(story)) continue;
      throw new Error(`${what}: cannot be attached: ${story}`);
    }
    const silence = findSilence(story, truths);
    if (silence !== null) throw new Error(`${what}: ${silence}`);
  }
  return count;
}

async function storyAfterRestartOfCopy(image: SparseImage, place: Place): Promise<DiskStory | string> {
  const state = mkdtempSync(join(directory, 'state-'));
  return await storyAfterRestart(image.clone(), place, state);
}

describe('on the metadata of a Primary that died', () => {
  test.each<readonly [string, readonly string[]]>([
    ['apply-al', ['apply-al']],
    ['outdate', ['outdate']],
    ['invalidate', ['invalidate']],
    ['set-gi', ['--node-id=2', 'set-gi', 'AAAAAAAAAAAAAAA0:BBBBBBBBBBBBBBB0']],
    ['write-dev-uuid', ['write-dev-uuid', '1122334455667788']],
    ['forget-peer', ['--node-id=2', 'forget-peer']],
    ['repair-md', ['repair-md']],
    ['check-resize', ['check-resize']],
    ['create-md', ['create-md', '2']],
    ['create-md with more peers', ['create-md', '7']],
    ['create-md --uptodate', ['create-md', '2', '--uptodate', '--initial-current-uuid=1234567890ABCDE0']],
    ['create-md without a bitmap', ['create-md', '2', '--initialize-bitmap=skip']],
  ])('%s', async (_name, words) => {
    expect(await cutEverywhere({ words })).toBeGreaterThan(0);
  });
});

describe('after the device has grown', () => {
  test.each<readonly [string, number]>([
    ['beyond the old place', 8 * MIB],
    ['by less than the metadata takes', 8 * 1024],
    ['by one block', 4096],
    ['by less than a block', 512],
  ])('%s, check-resize', async (_how, growBytes) => {
    expect(await cutEverywhere({ words: ['check-resize'], growBytes })).toBeGreaterThan(0);
  });

  test('create-md instead of moving what was there', async () => {
    await cutEverywhere({ words: ['create-md', '2'], growBytes: 8 * 1024 });
  });
});

/** The dump of another node, or another time: other generations, other bits. */
async function writeDump(maxPeers: number): Promise<string> {
  const device = new SparseImage(DISK_BYTES).asDevice('./disk', 'file');
  const state = join(directory, 'dump-state');
  await command(device, INTERNAL, state, ['create-md', `${maxPeers}`, '--effective-size=100000']);
  const dump = (await command(device, INTERNAL, state, ['dump-md'])).stdout
    .replace('current-uuid 0x0000000000000004', 'current-uuid 0xABCDEF0000000010')
    .replace('flags 0x00000080', 'flags 0x00000091')
    .replace('bitmap-uuid 0x0000000000000000', 'bitmap-uuid 0x0000000000000990')
    .replace('bitmap-index -1', 'bitmap-index 0')
    .replace('196 times 0x0000000000000000', '196 times 0x00000000000000F0');
  const path = join(directory, 'dump');
  writeFileSync(path, dump);
  return path;
}

describe('restore-md', () => {
  test.each([[1], [2], [5]])('of %d peers over what is there', async (maxPeers) => {
    const words = ['restore-md', await writeDump(maxPeers)];
    expect(await cutEverywhere({ words })).toBeGreaterThan(0);
  });

  test('over what a resize left behind', async () => {
    await cutEverywhere({ words: ['restore-md', await writeDump(2)], growBytes: 8 * 1024 });
  });

  test('on an empty disk: nothing, or all of it', async () => {
    const words = ['restore-md', await writeDump(2)];
    await cutEverywhere({ words, disk: new SparseImage(DISK_BYTES), mayBeGone: true });
  });
});

/**
 * The first sector of a superblock ends in the record of node 12, the second in that of node 28: what a command changes
 * may be in any of three sectors, and in two at once.
 */
describe('with peers in every sector of the superblock', () => {
  const peerNodes = [1, 12, 20, 28, 31];
  const disk = (oddNode?: number): SparseImage =>
    crashedPrimary({ peerNodes, ...(oddNode === undefined ? {} : { oddNode }) });

  test.each<readonly [string, readonly string[]]>([
    ['outdate', ['outdate']],
    ['invalidate', ['invalidate']],
    ['create-md', ['create-md', '5']],
    ['create-md with fewer peers', ['create-md', '2']],
    ['create-md with more peers', ['create-md', '7', '--initialize-bitmap=skip']],
    ...peerNodes.map(
      (node) =>
        [
          `set-gi towards node ${node}`,
          [`--node-id=${node}`, 'set-gi', 'AAAAAAAAAAAAAAA0:BBBBBBBBBBBBBBB0:CC0:DD0'],
        ] as const,
    ),
    ...peerNodes.map((node) => [`forget-peer of node ${node}`, [`--node-id=${node}`, 'forget-peer']] as const),
  ])('%s', async (_name, words) => {
    expect(await cutEverywhere({ words, disk: disk() })).toBeGreaterThan(0);
  });

  test.each([[5], [12], [13], [30]])('repair-md of the record of node %d', async (oddNode) => {
    const odd = disk(oddNode);
    expect(await cutEverywhere({ words: ['repair-md'], disk: odd })).toBeGreaterThan(0);
  });

  test.each([[8 * 1024], [4096]])('check-resize after the device has grown by %d bytes', async (growBytes) => {
    expect(await cutEverywhere({ words: ['check-resize'], disk: disk(), growBytes })).toBeGreaterThan(0);
  });

  test.each([[1], [5], [7]])('restore-md of %d peers', async (maxPeers) => {
    const words = ['restore-md', await writeDump(maxPeers)];
    expect(await cutEverywhere({ words, disk: disk() })).toBeGreaterThan(0);
  });

  test('wipe-md', async () => {
    await cutEverywhere({ words: ['wipe-md'], disk: disk(), mayBeGone: true });
  });
});

/** The same node with the metadata of DRBD 8. */
function crashedPrimaryV08(): SparseImage {
  const image = new SparseImage(DISK_BYTES);
  const layout = metadataLayout({ deviceSizeBytes: DISK_BYTES, placement: 'internal', maxPeers: 1 });
  const bitmap = new Uint8Array(layout.bitmapSizeBytes);
  for (const bit of [3, 1000, 1001, 9000]) bitmap[bit >>> 3] = (bitmap[bit >>> 3] ?? 0) | (1 << (bit & 7));
  image.write(layout.bitmapOffsetBytes, bitmap);
  writeLog(image, layout);
  const superblock: SuperblockV08 = {
    ...createSuperblockV08(layout),
    currentUuid: 0x1234567890abcdeen,
    bitmapUuid: 0x42n,
    historyUuids: [0x100n, 0x101n],
    effectiveSizeSectors: sectors(layout.usableDataSectors),
    flags: withFlags(0, MdFlag.consistent | MdFlag.wasUpToDate | MdFlag.primaryInd | MdFlag.crashedPrimary),
    state: 'in-use',
  };
  image.write(layout.superblockOffsetBytes, encodeAnySuperblock(superblock));
  return image;
}

describe('on v08', () => {
  const place: Place = { format: 'v08', placement: 'internal' };

  test.each<readonly [readonly string[]]>([
    [['apply-al']],
    [['outdate']],
    [['invalidate']],
    [['set-gi', 'AAAAAAAAAAAAAAA0:BBBBBBBBBBBBBBB0:CC0:DD0']],
    [['write-dev-uuid', '1122334455667788']],
    [['create-md']],
  ])('%j', async (words) => {
    expect(await cutEverywhere({ words, place, disk: crashedPrimaryV08() })).toBeGreaterThan(0);
  });

  test.each([[8 * MIB], [8 * 1024]])('check-resize after the device has grown by %d bytes', async (growBytes) => {
    const disk = crashedPrimaryV08();
    expect(await cutEverywhere({ words: ['check-resize'], place, disk, growBytes })).toBeGreaterThan(0);
  });
});

describe('a superblock that becomes one of another format', () => {
  const TO: Readonly<Record<'v08' | 'v09', Place>> = {
    v08: { format: 'v08', placement: 'internal' },
    v09: { format: 'v09', placement: 'internal' },
  };

  test.each([[1], [12], [31]])('v09 with the peer at node %d becomes v08, or is still v09', async (node) => {
    const disk = crashedPrimary({ peerNodes: [node] });
    await command(disk.asDevice('./disk', 'file'), INTERNAL, join(directory, 'first'), ['apply-al']);
    await cutEverywhere({ words: ['create-md'], disk, place: TO.v08, placeBefore: TO.v09 });
  });

  test('v08 becomes v09, or is still v08', async () => {
    const disk = crashedPrimary({ peerNodes: [12] });
    for (const words of [['apply-al'], ['create-md']]) {
      const place = words[0] === 'apply-al' ? TO.v09 : TO.v08;
      await command(disk.asDevice('./disk', 'file'), place, join(directory, 'first'), words);
    }
    await cutEverywhere({ words: ['create-md', '1'], disk, place: TO.v09, placeBefore: TO.v08 });
  });
});

describe('what may be gone', () => {
  test('wipe-md leaves all of it or nothing', async () => {
    await cutEverywhere({ words: ['wipe-md'], mayBeGone: true });
  });

  test('the first create-md, too, when it says that the data is good', async () => {
    const words = ['create-md', '2', '--uptodate', '--initial-current-uuid=1234567890ABCDE0'];
    await cutEverywhere({ words, disk: new SparseImage(DISK_BYTES), mayBeGone: true });
  });
});

describe('external metadata', () => {
  const onDevice: Place = { format: 'v09', placement: 'flex-external' };
  const inSlot: Place = { format: 'v09', placement: { index: 1 } };

  test.each([[['apply-al']], [['create-md', '2']], [['invalidate']]])('alone on a device: %j', async (words) => {
    const disk = crashedPrimary({ deviceSizeBytes: 2 * MIB, placement: onDevice.placement });
    expect(await cutEverywhere({ words, place: onDevice, disk })).toBeGreaterThan(0);
  });

  // Not create-md: it clears the whole of the slot.
  test.each([[['apply-al']], [['invalidate']]])('in a slot: %j', async (words) => {
    const disk = crashedPrimary({ deviceSizeBytes: 260 * MIB, placement: inSlot.placement });
    expect(await cutEverywhere({ words, place: inSlot, disk })).toBeGreaterThan(0);
  });
});
