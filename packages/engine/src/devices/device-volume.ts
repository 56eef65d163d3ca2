/** A volume as device frontends see it: an exported volume with its place in DRBD's names. */
import type { ExportedVolume } from '../export';

export interface DeviceVolume extends ExportedVolume {
  readonly minor: number;
  readonly resourceName: string;
  readonly volumeNumber: number;
  /** This node may serve applications now: Primary, and not about to step down. */
  readonly isPrimary: boolean;
  /** The data device's path; null without a disk. */
  readonly backingPath: string | null;
}
