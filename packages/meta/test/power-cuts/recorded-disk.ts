/**
 * A disk that remembers what was written to it and when that became stable, and all the disks that a power cut could
 * have left instead.
 *
 * Between two flushes the sectors of all writes are on their way. Tried are: each sector boundary (everything before
 * it has arrived, nothing behind), and each sector lost alone although everything else has arrived.
 */
import type { MetaDevice } from '../../src/device/meta-device';
import { SparseImage } from '../stories/sparse-image';

const SECTOR_BYTES = 512;

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
      for (const [i, { offsetBytes, bytes }] of window.entries()) {
        // What was there already makes no difference to anybody.
        if (stable.read(offsetBytes, bytes.length).equals(bytes)) continue;
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
