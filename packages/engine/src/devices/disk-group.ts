/** The group that owns block devices: `disk`, as udev's rules have it; root where there is none. */
import { readFileSync } from 'node:fs';

export function diskGroupId(groupFile = '/etc/group'): number {
  try {
    const line = readFileSync(groupFile, 'utf8')
      .split('\n')
      .find((each) => each.startsWith('disk:'));
    const gid = Number(line?.split(':')[2]);
    return Number.isInteger(gid) ? gid : 0;
  } catch {
    return 0; // A container without groups.
  }
}
