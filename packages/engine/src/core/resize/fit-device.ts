/**
 * A volume gets another size, and its metadata the place that belongs to the size of the backing disk.
 *
 * Invariants:
 * - While the metadata moves no write of an application is under way or admitted, and the activity log is empty.
 * - The new size is on disk only after the bits of the new area are.
 *
 * Source: behaviour.md 11.4 (local procedure), metadata.md 11.1.
 */
import type { Device } from '../device/device';
import type { AlStriping, LocalDisk } from '../device/local-disk';
import { isSamePlace } from '../device/metadata-move';

export interface Fit {
  /** Sectors, from what the disk could hold at most. */
  readonly sizeOf: (maxSectors: number) => number;
  /** Blocks that were not part of the device before. */
  readonly newArea: 'out-of-sync' | 'clean';
  /** During a handshake it stays: the size that goes with it was told already. */
  readonly place: 'stays' | 'follows-the-disk';
  /** Absent: as it is. */
  readonly al?: AlStriping;
}

export interface Fitted {
  readonly sizeSectors: number;
  readonly grew: boolean;
}

/** `done` runs within the call unless metadata has to move; with null if the disk was lost on the way. */
export function fitDevice(device: Device, fit: Fit, done: (fitted: Fitted | null) => void): void {
  if (device.isMovingMetadata) return device.afterMove(() => fitDevice(device, fit, done));
  const { disk } = device;
  if (disk === null) return done(null);
  const layout = fit.place === 'stays' ? disk.layout : disk.layoutNow(fit.al);
  const sizeSectors = fit.sizeOf(disk.maxSectorsOf(layout));
  const fitted: Fitted = { sizeSectors, grew: device.sizeSectors > 0 && sizeSectors > device.sizeSectors };
  const resizeBitmaps = (): void => resizeBitmapsOf(disk, sizeSectors, device.sizeSectors > 0 ? fit.newArea : 'clean');
  if (isSamePlace(layout, disk.layout)) {
    const changes = sizeSectors !== device.sizeSectors || sizeSectors !== disk.superblock.effectiveSizeSectors;
    if (changes) {
      resizeBitmaps();
      device.setSize(sizeSectors);
      disk.writeBitmap(null, (ok) => {
        if (!ok || device.sizeSectors !== sizeSectors) return;
        disk.setEffectiveSize(sizeSectors);
        disk.commit();
      });
    }
    return done(fitted);
  }
  device.log('info', `metadata moves to byte ${layout.superblockOffsetBytes}`);
  device.beginMove();
  const finished = (ok: boolean): void => {
    const lives = ok && device.disk === disk;
    if (lives) {
      device.startActivityLog();
      disk.update({ alNrExtents: device.activityLog?.slotCount ?? disk.superblock.alNrExtents });
      device.setSize(sizeSectors);
    }
    device.endMove();
    done(lives ? fitted : null);
  };
  device.whenQuiet(() => disk.move(layout, sizeSectors, resizeBitmaps, finished));
}

function resizeBitmapsOf(disk: LocalDisk, sizeSectors: number, newArea: Fit['newArea']): void {
  const bitCount = Math.ceil(sizeSectors / 8);
  for (const bitmap of disk.bitmaps) {
    const before = bitmap.bitCount;
    if (before === bitCount) continue;
    bitmap.resize(bitCount);
    if (newArea === 'out-of-sync') bitmap.set(before, bitCount);
  }
}
