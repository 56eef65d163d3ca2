/**
 * A disk with a volatile cache, in simulated time.
 *
 * A killed process loses nothing that the disk had accepted. A power cut loses what was not flushed: of every
 * unflushed write each sector may or may not have reached the medium, in any order.
 */
import type { BlockDevice, DiskDone, DiskError } from '../core';
import type { SimClock } from './clock';
import type { SimRandom } from './random';

const SECTOR_BYTES = 512;

/** For tests that need thousands of disks, one after the other: the same memory again, with what the last one left. */
export interface SimDiskMemory {
  readonly cache: Uint8Array;
  readonly medium: Uint8Array;
  readonly versions: Uint32Array;
}

export function simDiskMemory(sizeBytes: number): SimDiskMemory {
  return {
    cache: new Uint8Array(sizeBytes),
    medium: new Uint8Array(sizeBytes),
    versions: new Uint32Array(sizeBytes / SECTOR_BYTES),
  };
}

export class SimDisk {
  /** What a read sees. */
  private cache: Uint8Array;
  /** What survives a power cut. */
  private medium: Uint8Array;
  private readonly unflushed = new Set<number>();
  /** Counts the writes to each sector, so that a flush knows which were written again meanwhile. */
  private versions: Uint32Array;
  private generation = 0;
  private broken = false;
  /** What waits for a disk that hangs. */
  private hanging: (() => void)[] | null = null;

  constructor(
    readonly name: string,
    private bytes: number,
    private readonly clock: SimClock,
    private readonly random: SimRandom,
    memory: SimDiskMemory = simDiskMemory(bytes),
  ) {
    ({ cache: this.cache, medium: this.medium, versions: this.versions } = memory);
  }

  get sizeBytes(): number {
    return this.bytes;
  }

  /** The device under the disk grew; open handles see it at once. */
  grow(sizeBytes: number): void {
    this.bytes = sizeBytes;
    const grown = <T extends Uint8Array | Uint32Array>(next: T, old: T): T => (next.set(old), next);
    this.cache = grown(new Uint8Array(sizeBytes), this.cache);
    this.medium = grown(new Uint8Array(sizeBytes), this.medium);
    this.versions = grown(new Uint32Array(sizeBytes / SECTOR_BYTES), this.versions);
  }

  peek(offsetBytes: number, lengthBytes: number): Uint8Array {
    return this.cache.subarray(offsetBytes, offsetBytes + lengthBytes);
  }

  poke(offsetBytes: number, bytes: Uint8Array): void {
    this.cache.set(bytes, offsetBytes);
    this.medium.set(bytes, offsetBytes);
  }

  /** Nobody hears of requests under way; those not yet executed are not. */
  killProcess(): void {
    this.generation++;
  }

  cutPower(): void {
    this.generation++;
    for (const sector of this.unflushed) {
      const at = sector * SECTOR_BYTES;
      if (this.random.chance(0.5)) this.medium.set(this.cache.subarray(at, at + SECTOR_BYTES), at);
      else this.cache.set(this.medium.subarray(at, at + SECTOR_BYTES), at);
    }
    this.unflushed.clear();
  }

  /** From now on nothing is carried out, and nobody is answered. */
  hang(): void {
    this.hanging ??= [];
  }

  /** What waited is carried out after all, with the bytes that are in memory by now. */
  recover(): void {
    const waiting = this.hanging ?? [];
    this.hanging = null;
    for (const carryOut of waiting) carryOut();
  }

  /** From now on every request fails; of writes, some are carried out all the same. */
  breakDown(): void {
    this.broken = true;
  }

  /** It works again, with what it held: a cable was loose. */
  repair(): void {
    this.broken = false;
  }

  get isBroken(): boolean {
    return this.broken;
  }

  /** A handle of one process: dead after the next kill or cut. */
  open(): BlockDevice {
    const { generation } = this;
    const later = (minMs: number, spreadMs: number, run: () => DiskError | null, done: DiskDone): void => {
      const carryOut = (): void => {
        if (generation !== this.generation) return;
        if (this.hanging !== null) this.hanging.push(carryOut);
        else if (this.broken) {
          if (this.random.chance(0.3)) run();
          done({ code: 'EIO', message: `${this.name} is broken` });
        } else done(run());
      };
      this.clock.schedule(minMs + this.random.fraction() * spreadMs, carryOut);
    };
    const put = (offset: number, pieces: readonly Uint8Array[]): null => {
      let at = offset;
      for (const piece of pieces) {
        this.cache.set(piece, at);
        at += piece.length;
      }
      for (let sector = offset / SECTOR_BYTES; sector < at / SECTOR_BYTES; sector++) {
        this.unflushed.add(sector);
        this.versions[sector] = (this.versions[sector] ?? 0) + 1;
      }
      return null;
    };
    const size = (): number => this.bytes;
    return {
      name: this.name,
      get sizeBytes() {
        return size();
      },
      logicalBlockSizeBytes: SECTOR_BYTES,
      physicalBlockSizeBytes: SECTOR_BYTES,
      discardSupported: false,
      read: (offset, into, done) =>
        later(0.05, 1, () => (into.set(this.cache.subarray(offset, offset + into.length)), null), done),
      write: (offset, pieces, done) => {
        if (this.hanging !== null) return later(0.05, 2, () => put(offset, pieces), done);
        const copies = pieces.map((piece) => new Uint8Array(piece));
        later(0.05, 2, () => put(offset, copies), done);
      },
      flush: (done) => {
        // Covers the writes completed before this call, not those that complete meanwhile.
        const covered = [...this.unflushed];
        const versions = covered.map((sector) => this.versions[sector]);
        const contents = new Uint8Array(covered.length * SECTOR_BYTES);
        covered.forEach((sector, i) => {
          const at = sector * SECTOR_BYTES;
          contents.set(this.cache.subarray(at, at + SECTOR_BYTES), i * SECTOR_BYTES);
        });
        later(
          0.5,
          6,
          () => {
            covered.forEach((sector, i) => {
              this.medium.set(contents.subarray(i * SECTOR_BYTES, (i + 1) * SECTOR_BYTES), sector * SECTOR_BYTES);
              if (this.versions[sector] === versions[i]) this.unflushed.delete(sector);
            });
            return null;
          },
          done,
        );
      },
      discard: (offset, length, done) => later(0.05, 2, () => put(offset, [new Uint8Array(length)]), done),
      writeZeroes: (offset, length, done) => later(0.05, 2, () => put(offset, [new Uint8Array(length)]), done),
      close: (done) => later(0, 0.1, () => null, done),
    };
  }
}
