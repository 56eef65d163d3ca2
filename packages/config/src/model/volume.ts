import type { OptionList } from './option-list';
import type { Position } from './position';

/** A `meta-disk` statement. `internal` keeps the metadata on the disk itself; `flexible` uses all of its own device. */
export type MetaDisk =
  | { readonly kind: 'internal' }
  | { readonly kind: 'flexible'; readonly device: string }
  /** One of the old fixed slots of 128 MiB; the number keeps its text. */
  | { readonly kind: 'indexed'; readonly device: string; readonly index: string };

/** A volume as a section of the configuration states it; what is undefined may come from the resource. */
export interface VolumeSection {
  readonly vnr: number;
  /** Made by `device`, `disk` or `meta-disk` outside a `volume` section; its number is 0. */
  implicit: boolean;
  readonly position: Position;
  /** Device name as written, with `/dev/` in front. */
  device: string | undefined;
  minor: number | undefined;
  /** `none` until the configuration is expanded, when "no disk" becomes undefined. */
  disk: string | undefined;
  metaDisk: MetaDisk | undefined;
  /** `tiebreaker yes|no`. */
  tiebreaker: boolean | undefined;
  diskOptions: OptionList;
  peerDeviceOptions: OptionList;
  deviceOptions: OptionList;
  /** Where statements of this section stand, if they do; `dump` prints those. A `disk { }` counts as `disk`. */
  readonly written: { device?: Position; disk?: Position; metaDisk?: Position };
}

export function findVolume(volumes: readonly VolumeSection[], vnr: number): VolumeSection | undefined {
  for (let at = 0; at < volumes.length; at += 1) {
    const volume = volumes[at];
    if (volume?.vnr === vnr) return volume;
  }
  return undefined;
}

/** By number. Nearly all are in order already. */
export function sortVolumes(volumes: VolumeSection[]): void {
  for (let at = 1; at < volumes.length; at += 1) {
    if ((volumes[at - 1]?.vnr ?? 0) <= (volumes[at]?.vnr ?? 0)) continue;
    volumes.sort((a, b) => a.vnr - b.vnr);
    return;
  }
}

/** Not yet so for a volume that takes its disk from the resource. */
export function hasDisk<Volume extends Pick<VolumeSection, 'disk'>>(
  volume: Volume,
): volume is Volume & { readonly disk: string } {
  return volume.disk !== undefined && volume.disk !== 'none';
}

/** What tells metadata areas of one host apart; undefined for internal ones, which their disks tell apart. */
export function metaDiskKey(metaDisk: MetaDisk): string | undefined {
  switch (metaDisk.kind) {
    case 'internal':
      return undefined;
    case 'flexible':
      return `${metaDisk.device}[flexible]`;
    case 'indexed':
      return `${metaDisk.device}[${metaDisk.index}]`;
  }
}

export function copyVolume(volume: VolumeSection): VolumeSection {
  const { deviceOptions, diskOptions, peerDeviceOptions, written } = volume;
  return {
    ...volume,
    diskOptions: [...diskOptions],
    peerDeviceOptions: [...peerDeviceOptions],
    deviceOptions: [...deviceOptions],
    written: { ...written },
  };
}
