/**
 * `drbdN` and the links `drbd/by-res/<resource>/<volume>` and `drbd/by-disk/<backing disk>` in the device directory, as
 * udev makes them for the kernel's DRBD (setup.md 1.4, `udev`).
 *
 * On a Secondary the node is there and cannot be opened, whatever for: its number, 0:0, is no driver's (ENXIO); or, where a frontend
 * can ask the engine, a link to where it is asked. Nodes are replaced by rename, so that at no moment there is none.
 *
 * What was made is written down in the run directory; the next engine removes what a killed one left.
 */
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { byDiskName, byResourceName, deviceName } from '../control';
import { decodeDeviceNumber, type DeviceNumber } from './device-numbers';
import { deviceSystemCalls } from './system-calls';

export interface DeviceNodesOptions {
  /** `/dev`, unless the host's settings say otherwise. */
  readonly directory: string;
  /** Where is noted what was made. */
  readonly noteFile: string;
  /** Group of the nodes. */
  readonly gid: number;
}

/** No driver has it. */
export const NO_DEVICE: DeviceNumber = { major: 0, minor: 0 };
const NODE_MODE = 0o660;

export class DeviceNodes {
  /** Paths below the directory. */
  private readonly made = new Set<string>();

  constructor(private readonly options: DeviceNodesOptions) {}

  path(minor: number): string {
    return join(this.options.directory, nodeName(minor));
  }

  /** Of a killed engine. */
  removeStale(): void {
    for (const name of readNote(this.options.noteFile)) this.remove(name);
    this.note();
  }

  put(minor: number, deviceNumber: DeviceNumber): void {
    this.replace(nodeName(minor), (fresh) => {
      deviceSystemCalls().makeBlockNode(fresh, deviceNumber, NODE_MODE);
      chownSync(fresh, 0, this.options.gid);
      // Whatever the umask is.
      chmodSync(fresh, NODE_MODE);
    });
  }

  /** The node is somewhere else: a link with its name leads there. */
  putDoor(minor: number, doorPath: string): void {
    this.replace(nodeName(minor), (fresh) => symlinkSync(doorPath, fresh));
  }

  /** Replaces an older link. */
  link(name: string, minor: number): void {
    this.replace(name, (fresh) => symlinkSync(this.linkText(name, minor), fresh));
  }

  removeNode(minor: number): void {
    this.remove(nodeName(minor));
    this.note();
  }

  /** Only while it leads to this minor: another volume may have taken the name since. */
  removeLink(name: string, minor: number): void {
    const leadsTo = this.target(name);
    if (leadsTo !== null && leadsTo !== this.linkText(name, minor)) return;
    this.remove(name);
    this.note();
  }

  /** `make` makes it under a name beside, which then takes the place of the old one. */
  private replace(name: string, make: (freshPath: string) => void): void {
    const path = join(this.options.directory, name);
    mkdirSync(dirname(path), { recursive: true });
    const fresh = `${path}.new`;
    rmSync(fresh, { force: true });
    make(fresh);
    this.noteMade(name);
    renameSync(fresh, path);
  }

  private linkText(name: string, minor: number): string {
    return relative(dirname(join(this.options.directory, name)), this.path(minor));
  }

  private target(name: string): string | null {
    try {
      return readlinkSync(join(this.options.directory, name));
    } catch {
      return null; // Somebody removed it.
    }
  }

  private noteMade(name: string): void {
    if (this.made.has(name)) return;
    this.made.add(name);
    this.note();
  }

  private note(): void {
    mkdirSync(dirname(this.options.noteFile), { recursive: true });
    writeFileSync(this.options.noteFile, [...this.made].map((name) => `${name}\n`).join(''));
  }

  private remove(name: string): void {
    this.made.delete(name);
    const path = join(this.options.directory, name);
    rmSync(`${path}.new`, { force: true });
    const stats = lstatSync(path, { throwIfNoEntry: false, bigint: true });
    if (stats === undefined) return;
    // A name that became the module's meanwhile is not ours to take away.
    if (stats.isBlockDevice() && decodeDeviceNumber(stats.rdev).major === DRBD_MAJOR) return;
    if (!stats.isBlockDevice() && !stats.isSymbolicLink()) return;
    rmSync(path, { force: true });
    this.removeEmptyDirectories(dirname(name));
  }

  private removeEmptyDirectories(name: string): void {
    for (let at = name; at !== '.' && at !== '/'; at = dirname(at)) {
      try {
        rmdirSync(join(this.options.directory, at));
      } catch {
        return; // Others have links there.
      }
    }
  }
}

/** The kernel's DRBD; devices.txt of the kernel's documentation. */
export const DRBD_MAJOR = 147;

export const nodeName = deviceName;
export const byResourceLink = byResourceName;
/** As a path: each link is noted under one name. */
export const byDiskLink = (backingPath: string): string => normalize(byDiskName(backingPath));

function readNote(path: string): string[] {
  try {
    const names = readFileSync(path, 'utf8').split('\n');
    return names.filter((name) => /^drbd/.test(name) && !name.split('/').includes('..'));
  } catch {
    return []; // No engine made any here.
  }
}
