/** What udev's rules for DRBD call a volume, below `/dev`. Sources: setup.md 1.4 (`udev`), config.md 9 (`sh-udev`). */

export const deviceName = (minor: number): string => `drbd${minor}`;

export const byResourceName = (resourceName: string, volume: number): string => `drbd/by-res/${resourceName}/${volume}`;

/** Only a leading `/dev/` goes: `/srv/img` becomes `drbd/by-disk//srv/img`, which as a path is `drbd/by-disk/srv/img`. */
export const byDiskName = (backingPath: string): string => `drbd/by-disk/${backingPath.replace(/^\/dev\//, '')}`;
