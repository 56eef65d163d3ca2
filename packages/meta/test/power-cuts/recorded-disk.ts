/**
 * A disk that remembers what was written to it and when that became stable, and all the disks that a power cut could
 * have left instead.
 *
 * Between two flushes the sectors of all writes are on their way. Tried are: each sector boundary (everything before
 * it has arrived, nothing behind), each sector lost alone although everything else has arrived, and where few sectors
 * change (a superblock) any of them without any others.
 */
import type { MetaDevice } from '../../src/device/meta-device';
import { SparseImage } from '../stories/sparse-image';

const SECTOR_BYTES = 512;

/** 2^n disks are tried. */
const SUBSET_SECTORS_MAX = 4;

interface Sector {
  readonly offsetBytes: number;
  readonly bytes: Uint8Array;
}

export interface Remains {
  /** Where the cut was, for the reader of a failure. */
  readonly what: string;
  readonly image: SparseImage;
}

export class RecordedDisk {
  private readonly before: SparseImage;
  /** Each holds the sectors written between two flushes, in order. */
  private readonly windows: Sector[][] = [[]];

  constructor(readonly image: SparseImage) {
    this.before = image.clone();
  }

  asDevice(path: string): MetaDevice {
    const device = this.image.asDevice(path, 'file');
    return {
      ...device,
      write: (offset, bytes) => {
        this.record(offset, bytes);
        device.write(offset, bytes);
      },
      writeZeroes: (offset, length) => {
        this.record(offset, new Uint8Array(length));
        device.writeZeroes(offset, length);
      },
      flush: () => void this.windows.push([]),
    };
  }

  *remains(): Generator<Remains> {
    const stable = this.before.clone();
    for (const [number, window] of this.windows.entries()) {
      const started = stable.clone();
      const changed: Sector[] = [];
      for (const [i, { offsetBytes, bytes }] of window.entries()) {
        // What was there already makes no difference to anybody.
        if (stable.read(offsetBytes, bytes.length).equals(bytes)) continue;
        changed.push({ offsetBytes, bytes });
        stable.write(offsetBytes, bytes);
        yield { what: `after sector ${i + 1} of ${window.length} of window ${number}`, image: stable.clone() };
      }
      for (const [i, { offsetBytes, bytes }] of window.entries()) {
        const lost = started.read(offsetBytes, bytes.length);
        if (lost.equals(stable.read(offsetBytes, bytes.length))) continue;
        const image = stable.clone();
        image.write(offsetBytes, lost);
        yield { what: `window ${number} without its sector ${i + 1}, at byte ${offsetBytes}`, image };
      }
      if (changed.length <= SUBSET_SECTORS_MAX) yield* subsets(started, changed, number);
    }
    yield { what: 'at the end', image: stable };
  }

  private record(offset: number, bytes: Uint8Array): void {
    if (offset % SECTOR_BYTES !== 0) throw new Error(`a write at byte ${offset} is not at a sector`);
    const window = this.windows.at(-1);
    for (let at = 0; at < bytes.length; at += SECTOR_BYTES) {
      window?.push({ offsetBytes: offset + at, bytes: bytes.slice(at, at + SECTOR_BYTES) });
    }
  }
}

function* subsets(started: SparseImage, changed: readonly Sector[], number: number): Generator<Remains> {
  for (let mask = 0; mask < 1 << changed.length; mask++) {
    const arrived = changed.filter((_, i) => (mask & (1 << i)) !== 0);
    const image = started.clone();
    for (const { offsetBytes, bytes } of arrived) image.write(offsetBytes, bytes);
    const where = arrived.map(({ offsetBytes }) => offsetBytes).join(', ');
    yield { what: `window ${number}, of which only the sectors at bytes [${where}] arrived`, image };
  }
}
