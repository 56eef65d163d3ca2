/** What the kernel's own DRBD has: two drivers must not fight for a name in /dev. */
import { existsSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { DRBD_MAJOR, nodeName } from './device-nodes';
import { decodeDeviceNumber } from './device-numbers';

/** Null: the minor is free. Else why it is not, and what helps. */
export function ownedByKernelDrbd(minor: number, deviceDirectory: string, root = '/'): string | null {
  const advice = `take it down there (drbdadm down), unload the module (rmmod drbd), or use another minor here`;
  if (existsSync(join(root, 'sys/block', nodeName(minor))))
    return `minor ${minor} is in use by the kernel's DRBD (/sys/block/${nodeName(minor)}): ${advice}`;
  const path = join(deviceDirectory, nodeName(minor));
  const stats = lstatSync(path, { throwIfNoEntry: false, bigint: true });
  if (stats?.isBlockDevice() !== true || decodeDeviceNumber(stats.rdev).major !== DRBD_MAJOR) return null;
  return existsSync(join(root, 'sys/module/drbd')) || existsSync(join(root, 'proc/drbd'))
    ? `${path} is a device of the kernel's DRBD (major ${DRBD_MAJOR}), which is loaded: ${advice}`
    : `${path} has the major number of the kernel's DRBD (${DRBD_MAJOR}), which is not loaded: remove the node if nobody needs it`;
}
