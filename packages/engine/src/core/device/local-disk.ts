/**
 * An attached backing disk with its metadata: superblock, activity log and bitmaps on stable storage.
 *
 * Invariants:
 * - One superblock write is under way at a time; `commit` reports when one that holds all earlier updates is stable.
 * - Bitmap blocks are written only after the data behind cleared bits is stable: a cleared bit is a claim.
 * - After a metadata error nothing is written any more, and `onMetadataError` ran once.
 */
import {
  MdFlag,
  alTransactionBlockOffset,
  decodeSuperblock,
  encodeAlTransaction,
  encodeSuperblock,
  extractSlotWords,
  findProblem,
  insertSlotWords,
  isMetadataError,
  layoutOfSuperblock,
  metadataLayout,
  slotWordsOfBlock,
  superblockOffset,
  withoutFlags,
  type AlTransactionInput,
  type MetadataLayout,
  type PeerMd,
  type Placement,
  type SuperblockV09,
} from '../../metadata';
import { sectors } from '../../units';
import { Bitmap, PAGE_BITS } from '../bitmap/bitmap';
import type { BlockDevice, DiskError } from '../host';
import { TimedDevice, type DeviceWatch } from './timed-device';
import { moveMetadata, needingFullSync, type MetadataMoveIo } from './metadata-move';

const BLOCK_BYTES = 4096;
const READ_CHUNK_BYTES = 1024 * 1024;
/** Bitmap blocks that are copied at a time: the bitmap of a large disk is not in memory twice. */
const BLOCKS_PER_BATCH = 1024;

export type AttachFailure =
  | { readonly kind: 'io'; readonly error: DiskError }
  /** `no-magic`: there is none at all, or it was not made by this. */
  | { readonly kind: 'no-metadata'; readonly why: 'no-magic' | 'inconsistent'; readonly message: string }
  | { readonly kind: 'unclean' }
  | { readonly kind: 'too-small'; readonly message: string };

export interface LocalDiskOptions {
  readonly data: BlockDevice;
  /** The same object as `data` for internal metadata. */
  readonly meta: BlockDevice;
  readonly placement: Placement;
  /** Disk option `size`; 0: none. */
  readonly sizeSectors: number;
  readonly mdFlushes: boolean;
}

export interface AlStriping {
  readonly alStripes: number;
  readonly alStripeSize4k: number;
}

export class LocalDisk {
  readonly data: TimedDevice;
  private readonly meta: TimedDevice;
  private readonly mdFlushes: boolean;
  private where: MetadataLayout;
  private readonly placement: Placement;
  bitmaps: Bitmap[] = [];
  onMetadataError: (error: DiskError) => void = () => undefined;
  /** Bitmap blocks written: `bm-writes` of the statistics. */
  bmWriteCount = 0;
  /** What the metadata could not be written for. */
  metadataError: DiskError | null = null;
  private failed = false;
  /** Activity log and bitmap on disk are not what the superblock says: a crash now takes a full sync to mend. */
  private isMoving = false;
  private superblockWriting = false;
  private superblockWaiters: ((ok: boolean) => void)[] = [];
  /** A data write completed since the last data flush began; or an engine before this one was killed after such a write. */
  private dataDirty = true;
  private flushRunning = false;
  private readonly bitmapWrites: (() => void)[] = [];
  private flushWaiters: ((error: DiskError | null) => void)[] = [];

  private constructor(
    options: LocalDiskOptions,
    layout: MetadataLayout,
    private sb: SuperblockV09,
  ) {
    this.data = new TimedDevice(options.data);
    this.meta = options.meta === options.data ? this.data : new TimedDevice(options.meta);
    this.mdFlushes = options.mdFlushes;
    this.placement = options.placement;
    this.where = layout;
  }

  /** Reads superblock and bitmaps of a disk whose activity log is clean. */
  static open(options: LocalDiskOptions, done: (result: LocalDisk | AttachFailure) => void): void {
    const { meta, placement } = options;
    const offset = superblockOffset(placement, meta.sizeBytes);
    if (offset < 0 || offset + BLOCK_BYTES > meta.sizeBytes) {
      done({ kind: 'too-small', message: `${meta.name}: ${meta.sizeBytes} bytes leave no room for metadata` });
      return;
    }
    const block = new Uint8Array(BLOCK_BYTES);
    meta.read(offset, block, (error) => {
      if (error !== null) return done({ kind: 'io', error });
      const sb = decodeSuperblock(block);
      if (isMetadataError(sb)) {
        const why = sb.code === 'no-magic' ? 'no-magic' : 'inconsistent';
        return done({ kind: 'no-metadata', why, message: `${meta.name}: ${sb.message}` });
      }
      const layout = layoutOfSuperblock(sb, { placement, superblockOffsetBytes: offset });
      const problem = findProblem(sb, { placement, deviceSizeBytes: meta.sizeBytes });
      if (problem !== null)
        return done({ kind: 'no-metadata', why: 'inconsistent', message: `${meta.name}: ${problem.message}` });
      if ((sb.flags & MdFlag.alClean) === 0) return done({ kind: 'unclean' });
      const disk = new LocalDisk(options, layout, sb);
      disk.readBitmaps((readError) => done(readError === null ? disk : { kind: 'io', error: readError }));
    });
  }

  get layout(): MetadataLayout {
    return this.where;
  }

  /** Sectors that the metadata leaves for data. */
  get maxSectors(): number {
    return this.maxSectorsOf(this.where);
  }

  maxSectorsOf(layout: MetadataLayout): number {
    return Math.min(Math.floor(this.data.sizeBytes / 512), layout.usableDataSectors);
  }

  /** Where the metadata belongs, now that the device may have grown, or with another activity log. */
  layoutNow(al: AlStriping = this.sb): MetadataLayout {
    this.data.lookAtSize?.();
    this.meta.lookAtSize?.();
    return metadataLayout({
      deviceSizeBytes: this.meta.sizeBytes,
      placement: this.placement,
      maxPeers: this.sb.bmMaxPeers,
      bytesPerBit: this.sb.bmBytesPerBit,
      alStripes: al.alStripes,
      alStripeSizeKiB: al.alStripeSize4k * 4,
    });
  }

  get superblock(): SuperblockV09 {
    return this.sb;
  }

  update(patch: Partial<Omit<SuperblockV09, 'kind'>>): void {
    this.sb = { ...this.sb, ...patch };
  }

  peer(nodeId: number): PeerMd {
    const record = this.sb.peers[nodeId];
    if (record === undefined) throw new Error(`node id ${nodeId}`);
    return record;
  }

  updatePeer(nodeId: number, patch: Partial<PeerMd>): void {
    this.update({ peers: this.sb.peers.map((peer, id) => (id === nodeId ? { ...peer, ...patch } : peer)) });
  }

  /** The peer's bitmap slot, taken for it if it has none yet; null: all slots belong to others. */
  bitmapOf(nodeId: number): Bitmap | null {
    let index = this.peer(nodeId).bitmapIndex;
    if (index === -1) {
      const used = new Set(this.sb.peers.map((peer) => peer.bitmapIndex));
      index = this.bitmaps.findIndex((_, slot) => !used.has(slot));
      if (index === -1) return null;
      this.updatePeer(nodeId, { bitmapIndex: index });
    }
    return this.bitmaps[index] ?? null;
  }

  /** Makes all updates so far stable. `ok` false: the disk is gone. */
  commit(done: (ok: boolean) => void = () => undefined): void {
    this.superblockWaiters.push(done);
    this.writeSuperblock();
  }

  private writeSuperblock(): void {
    if (this.superblockWriting || this.superblockWaiters.length === 0) return;
    const waiters = this.superblockWaiters;
    this.superblockWaiters = [];
    if (this.failed) return waiters.forEach((waiter) => waiter(false));
    this.superblockWriting = true;
    const content = this.isMoving ? needingFullSync(this.sb) : this.sb;
    const bytes = encodeSuperblock({ ...content, flags: withoutFlags(content.flags, 0x80000000) });
    this.writeMeta(this.layout.superblockOffsetBytes, [bytes], (ok) => {
      this.superblockWriting = false;
      for (const waiter of waiters) waiter(ok);
      this.writeSuperblock();
    });
  }

  writeAlTransaction(transaction: AlTransactionInput, done: (ok: boolean) => void): void {
    // What makes the log count after a crash, the flag of a Primary, is stable before it.
    if (this.superblockWriting || this.superblockWaiters.length > 0) {
      this.superblockWaiters.push((ok) => (ok ? this.writeAlTransaction(transaction, done) : done(false)));
      return;
    }
    const { alStripes, alStripeSize4k } = this.sb;
    const offset = alTransactionBlockOffset(transaction.transactionNumber, alStripes, alStripeSize4k);
    this.writeMeta(this.layout.alOffsetBytes + offset, [encodeAlTransaction(transaction)], done);
  }

  /** Makes the bitmap blocks of all bits that changed stable, or only those in the pages of `pages`. */
  writeBitmap(pages: ReadonlySet<number> | null, done: (ok: boolean) => void): void {
    // One at a time: a page that an earlier call is still writing is clean in memory, but not yet on disk.
    this.bitmapWrites.push(() => {
      this.writeBitmapNow(pages, (ok) => {
        done(ok);
        this.bitmapWrites.shift();
        this.bitmapWrites[0]?.();
      });
    });
    if (this.bitmapWrites.length === 1) this.bitmapWrites[0]?.();
  }

  private writeBitmapNow(pages: ReadonlySet<number> | null, done: (ok: boolean) => void): void {
    const blocks = new Set<number>();
    const slotCount = this.bitmaps.length;
    this.bitmaps.forEach((bitmap, slot) => {
      for (const page of bitmap.dirtyPages) {
        if (pages !== null && !pages.has(page)) continue;
        bitmap.dirtyPages.delete(page);
        const firstWord = (page * PAGE_BITS) / 32;
        const lastWord = Math.min(firstWord + PAGE_BITS / 32, bitmap.words.length) - 1;
        const firstBlock = Math.floor(((firstWord * slotCount + slot) * 4) / BLOCK_BYTES);
        const lastBlock = Math.floor(((lastWord * slotCount + slot) * 4) / BLOCK_BYTES);
        for (let block = firstBlock; block <= lastBlock; block++) blocks.add(block);
      }
    });
    if (blocks.size === 0) return done(!this.failed);
    const sorted = [...blocks].sort((a, b) => a - b);
    const writeFrom = (at: number, ok: boolean): void => {
      if (!ok || at >= sorted.length) return done(ok);
      // The words as they are now: what changes later makes its page dirty again. Behind each cleared bit is a flush.
      const batch = sorted.slice(at, at + BLOCKS_PER_BATCH).map((block) => ({ block, bytes: this.encodeBlock(block) }));
      this.flushData((error) => {
        if (error !== null) return done(false);
        this.writeBlocks(batch, (written) => writeFrom(at + batch.length, written));
      });
    };
    writeFrom(0, true);
  }

  /** All data writes completed before are stable on success. Concurrent callers share one flush. */
  flushData(done: (error: DiskError | null) => void): void {
    if (!this.dataDirty && !this.flushRunning) return done(null);
    this.flushWaiters.push(done);
    this.startFlush();
  }

  noteDataWritten(): void {
    this.dataDirty = true;
  }

  /**
   * Puts the metadata to another place; the caller keeps I/O away from the activity log. `done(false)`: the disk is lost.
   * `resizeBitmaps` runs on the way, the agreed size of the device changes with the last superblock.
   */
  move(to: MetadataLayout, sizeSectors: number, resizeBitmaps: () => void, done: (ok: boolean) => void): void {
    const io: MetadataMoveIo = {
      from: this.where,
      writeMeta: (offset, pieces, written) => this.writeMeta(offset, pieces, written),
      resizeBitmaps: () => {
        resizeBitmaps();
        for (const bitmap of this.bitmaps) bitmap.dirtyPages.clear();
        const usedBytes = (this.bitmaps[0]?.words.length ?? 0) * 4 * this.bitmaps.length;
        return Array.from({ length: Math.ceil(usedBytes / BLOCK_BYTES) }, (_, block) => this.encodeBlock(block));
      },
      writeSuperblock: (content, written) => {
        this.where = to;
        this.isMoving = content === 'needs-full-sync';
        this.update(geometryOf(to));
        if (!this.isMoving) this.setEffectiveSize(sizeSectors);
        this.commit(written);
      },
    };
    // As one of the bitmap writes: none may go to the old place any more.
    this.bitmapWrites.push(() => {
      const settle = (ok: boolean): void => {
        done(ok);
        this.bitmapWrites.shift();
        this.bitmapWrites[0]?.();
      };
      this.flushData((error) => (error === null ? moveMetadata(to, io, settle) : settle(false)));
    });
    if (this.bitmapWrites.length === 1) this.bitmapWrites[0]?.();
  }

  close(done: () => void): void {
    this.failed = true;
    const { data, meta } = this;
    data.close(() => (meta === data ? done() : meta.close(() => done())));
  }

  /** Nothing is written any more: the disk failed or is being let go by force. */
  abandon(): void {
    this.failed = true;
  }

  /** disk-timeout, from now on. */
  watchFor(watch: DeviceWatch): void {
    this.data.watchFor(watch);
    if (this.meta !== this.data) this.meta.watchFor(watch);
  }

  /** The disk does not answer: everything that waits for it goes on with `error`. */
  giveUpRequests(error: DiskError): void {
    this.failed = true;
    this.data.giveUp(error);
    if (this.meta !== this.data) this.meta.giveUp(error);
  }

  private startFlush(): void {
    if (this.flushRunning || this.flushWaiters.length === 0) return;
    const waiters = this.flushWaiters;
    this.flushWaiters = [];
    this.flushRunning = true;
    this.dataDirty = false;
    this.data.flush((error) => {
      this.flushRunning = false;
      if (error !== null) this.dataDirty = true;
      for (const waiter of waiters) waiter(error);
      this.startFlush();
    });
  }

  private encodeBlock(block: number): Uint8Array {
    const bytes = new Uint8Array(BLOCK_BYTES);
    const slotCount = this.bitmaps.length;
    this.bitmaps.forEach((bitmap, slot) => {
      const at = { blockNumber: block, slot, slotCount };
      insertSlotWords(bytes, at, bitmap.words, slotWordsOfBlock(block, slot, slotCount).firstWord);
    });
    return bytes;
  }

  private writeBlocks(blocks: readonly { block: number; bytes: Uint8Array }[], done: (ok: boolean) => void): void {
    let pending = 1;
    let allOk = true;
    const finished = (ok: boolean): void => {
      allOk &&= ok;
      if (--pending === 0) this.flushMeta(allOk, done);
    };
    for (let i = 0; i < blocks.length;) {
      const first = blocks[i]!;
      const pieces: Uint8Array[] = [];
      while (i < blocks.length && blocks[i]!.block === first.block + pieces.length) pieces.push(blocks[i++]!.bytes);
      pending++;
      this.bmWriteCount += pieces.length;
      const offset = this.layout.bitmapOffsetBytes + first.block * BLOCK_BYTES;
      this.writeMetaUnflushed(offset, pieces, finished);
    }
    finished(true);
  }

  private writeMeta(offsetBytes: number, pieces: readonly Uint8Array[], done: (ok: boolean) => void): void {
    this.writeMetaUnflushed(offsetBytes, pieces, (ok) => this.flushMeta(ok, done));
  }

  private writeMetaUnflushed(offset: number, pieces: readonly Uint8Array[], done: (ok: boolean) => void): void {
    if (this.failed) return done(false);
    this.meta.write(offset, pieces, (error) => {
      if (error !== null) this.metadataFailed(error);
      done(error === null && !this.failed);
    });
  }

  private flushMeta(ok: boolean, done: (ok: boolean) => void): void {
    if (!ok || this.failed || !this.mdFlushes) return done(ok && !this.failed);
    this.meta.flush((error) => {
      if (error !== null) this.metadataFailed(error);
      done(error === null && !this.failed);
    });
  }

  private metadataFailed(error: DiskError): void {
    if (this.failed) return;
    this.failed = true;
    this.metadataError = error;
    this.onMetadataError(error);
  }

  private readBitmaps(done: (error: DiskError | null) => void): void {
    const slotCount = this.sb.bmMaxPeers;
    const sizeSectors = this.sb.effectiveSizeSectors === 0 ? this.maxSectors : this.sb.effectiveSizeSectors;
    const bitCount = Math.ceil(Math.min(sizeSectors, this.maxSectors) / 8);
    this.bitmaps = Array.from({ length: slotCount }, () => new Bitmap(bitCount));
    const totalBytes = Math.ceil((Math.ceil(bitCount / 64) * 8 * slotCount) / BLOCK_BYTES) * BLOCK_BYTES;
    const chunk = new Uint8Array(Math.min(READ_CHUNK_BYTES, Math.max(totalBytes, BLOCK_BYTES)));
    const scratch = new Uint32Array(BLOCK_BYTES / 4);
    const next = (offset: number): void => {
      if (offset >= totalBytes) return done(null);
      const part = chunk.subarray(0, Math.min(chunk.length, totalBytes - offset));
      this.meta.read(this.layout.bitmapOffsetBytes + offset, part, (error) => {
        if (error !== null) return done(error);
        if (!isZero(part)) {
          for (let at = 0; at < part.length; at += BLOCK_BYTES) {
            const block = part.subarray(at, at + BLOCK_BYTES);
            if (!isZero(block)) this.loadBlock((offset + at) / BLOCK_BYTES, block, scratch);
          }
        }
        next(offset + part.length);
      });
    };
    next(0);
  }

  private loadBlock(blockNumber: number, block: Uint8Array, scratch: Uint32Array): void {
    this.bitmaps.forEach((bitmap, slot) => {
      const at = { blockNumber, slot, slotCount: this.bitmaps.length };
      const count = extractSlotWords(block, at, scratch, 0);
      bitmap.load(slotWordsOfBlock(blockNumber, slot, this.bitmaps.length).firstWord, scratch.subarray(0, count));
    });
  }

  setEffectiveSize(sizeSectors: number): void {
    this.update({ effectiveSizeSectors: sectors(sizeSectors) });
  }
}

const geometryOf = (layout: MetadataLayout) => ({
  mdSizeSectors: layout.mdSizeSectors,
  alOffsetSectors: layout.alOffsetSectors,
  bmOffsetSectors: layout.bmOffsetSectors,
  alStripes: layout.alStripes,
  alStripeSize4k: layout.alStripeSize4k,
});

function isZero(bytes: Uint8Array): boolean {
  const view = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  for (let i = 0; i < view.length; i++) if (view[i] !== 0) return false;
  return true;
}
