/** What the kernel's own DRBD has: two drivers must not fight for a name in /dev. */
import { existsSync, lstatSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DRBD_MAJOR, byResourceLink, nodeName } from './device-nodes';
import type { DeviceVolume } from './device-volume';
import { decodeDeviceNumber } from './device-numbers';

export type DeviceName = Pick<DeviceVolume, 'minor' | 'resourceName' | 'volumeNumber'>;

/** Null: minor and name are free. Else why one is not, and what helps. */
export function ownedByKernelDrbd(
  { minor, resourceName, volumeNumber }: DeviceName,
  deviceDirectory: string,
  root = '/',
): string | null {
  const advice = `take it down there (drbdadm down), unload the module (rmmod drbd), or use another minor here`;
  if (existsSync(join(root, 'sys/block', nodeName(minor))))
    return `minor ${minor} is in use by the kernel's DRBD (/sys/block/${nodeName(minor)}): ${advice}`;
  // A link to the device where the volume has no number of its own, else the directory of its volumes.
  const link = join(deviceDirectory, byResourceLink(resourceName, volumeNumber));
  const taken = [link, dirname(link)].find(leadsToKernelDrbd);
  if (taken !== undefined) {
    return `resource ${resourceName} is in use by the kernel's DRBD (${taken}): take it down there (drbdadm down), or use another name here`;
  }
  const path = join(deviceDirectory, nodeName(minor));
  const stats = lstatSync(path, { throwIfNoEntry: false, bigint: true });
  if (stats?.isBlockDevice() !== true || decodeDeviceNumber(stats.rdev).major !== DRBD_MAJOR) return null;
  return existsSync(join(root, 'sys/module/drbd')) || existsSync(join(root, 'proc/drbd'))
    ? `${path} is a device of the kernel's DRBD (major ${DRBD_MAJOR}), which is loaded: ${advice}`
    : `${path} has the major number of the kernel's DRBD (${DRBD_MAJOR}), which is not loaded: remove the node if nobody needs it`;
}

function leadsToKernelDrbd(path: string): boolean {
  try {
    const stats = statSync(path, { bigint: true });
    return stats.isBlockDevice() && decodeDeviceNumber(stats.rdev).major === DRBD_MAJOR;
  } catch {
    return false; // Nothing there, or not as a directory.
  }
}
