/**
 * Whether somebody uses a block device. The kernel counts openers and tells nobody, so this looks where users show:
 * mounts (of each mount namespace), devices stacked on it, swap, and descriptors of processes.
 *
 * Not all can be seen: a process of another process namespace, say. Who must know for sure asks the kernel to detach
 * the device, which it refuses while somebody has it open.
 */
import { constants, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { parseMountInfo } from './mounts';
import type { DeviceNumber } from './device-numbers';

export interface UsedDevice {
  readonly kernelName: string;
  readonly deviceNumber: DeviceNumber;
  /** Its node in the device directory, and other names that it is opened by. */
  readonly paths: readonly string[];
}

/** Processes looked at between two turns of the event loop. */
const PROCESSES_AT_ONCE = 8;

/** The users, for people: `mounted on /srv`, `process 4711`. At most one: whether there is any is what counts. */
export async function findUser(device: UsedDevice): Promise<string | null> {
  const holder = holders(device)[0];
  if (holder !== undefined) return `part of ${holder}`;
  const names = new Set([`/dev/${device.kernelName}`, ...device.paths.flatMap((path) => [path, `${path} (deleted)`])]);
  const number = `${device.deviceNumber.major}:${device.deviceNumber.minor}`;
  const mountedHere = mountPoint('self', number, names);
  if (mountedHere !== null) return `mounted on ${mountedHere}`;
  if (isSwap(names)) return 'swap';
  const namespacesSeen = new Set([linkOf('/proc/self/ns/mnt')]);
  const self = String(process.pid);
  for (const [i, pid] of processes().entries()) {
    if (i % PROCESSES_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
    if (pid === self) continue;
    const namespace = linkOf(`/proc/${pid}/ns/mnt`);
    if (namespace !== null && !namespacesSeen.has(namespace)) {
      namespacesSeen.add(namespace);
      const mounted = mountPoint(pid, number, names);
      if (mounted !== null) return `mounted on ${mounted} by process ${pid}`;
    }
    if (holdsOpen(pid, names)) return `process ${pid}`;
  }
  return null;
}

/**
 * Whether something in the kernel has claimed the device: a file system that is being unmounted is mounted nowhere any
 * more, and still writes. Claims it itself for a moment, so this is not for every second.
 */
export async function isClaimed({ kernelName }: Pick<UsedDevice, 'kernelName'>): Promise<boolean> {
  try {
    // Not in this thread, which may have to serve what the open reads.
    const handle = await open(`/dev/${kernelName}`, constants.O_RDONLY | constants.O_EXCL | constants.O_NONBLOCK);
    await handle.close();
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EBUSY';
  }
}

const processes = (): string[] => readdirSync('/proc').filter((name) => /^\d+$/.test(name));

function holders({ kernelName }: UsedDevice): string[] {
  try {
    return readdirSync(`/sys/block/${kernelName}/holders`);
  } catch {
    return []; // The device has just gone.
  }
}

/** By number; or by name, where a file system has a number of its own (btrfs). */
function mountPoint(pid: string, number: string, names: ReadonlySet<string>): string | null {
  try {
    const mounts = parseMountInfo(readFileSync(`/proc/${pid}/mountinfo`, 'utf8'));
    return mounts.find((mount) => mount.deviceNumber === number || names.has(mount.source))?.mountPoint ?? null;
  } catch {
    return null; // The process has just ended.
  }
}

const isSwap = (names: ReadonlySet<string>): boolean => {
  try {
    return readFileSync('/proc/swaps', 'utf8')
      .split('\n')
      .some((line) => names.has(line.split(/\s/)[0] ?? ''));
  } catch {
    return false; // A kernel without swap.
  }
};

function holdsOpen(pid: string, names: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => names.has(linkOf(`/proc/${pid}/fd/${fd}`) ?? ''));
  } catch {
    return false; // The process has just ended.
  }
}

function linkOf(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null; // Closed or ended meanwhile.
  }
}
