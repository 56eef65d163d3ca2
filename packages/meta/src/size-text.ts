/** `N KB`, in larger units once there are five digits; rounded to nearest. Source: metadata.md 7.1. */
export function sizeText(sizeKiB: number): string {
  let value = Math.floor(sizeKiB);
  let unit = 0;
  while (value >= 10000 && unit < UNITS.length - 1) {
    value = Math.floor(value / 1024) + (Math.floor(value / 512) % 2);
    unit++;
  }
  return `${value} ${UNITS[unit] ?? ''}`;
}

const UNITS = ['KB', 'MB', 'GB', 'TB', 'PB', 'EB'];
