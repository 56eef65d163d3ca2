/** Two nodes with block devices in directories of their own, and what is asked of the kernel about them. */
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestNode } from '../nodes/support/node';
import { Pair, type PairOptions } from '../nodes/support/pair';
import { run, succeeds, testWith } from '../nodes/support/programs';

/** `test`, or a counted skip where this host cannot have devices, or lacks one of the programs. */
export function testWithDevices(...programs: readonly string[]): jest.It {
  const possible = process.getuid?.() === 0 && existsSync('/dev/fuse') && existsSync('/dev/loop-control');
  return possible ? testWith('losetup', 'mount', 'umount', ...programs) : test.skip;
}

export class DevicePair {
  private constructor(readonly pair: Pair) {}

  /** Files and addresses only. Nodes go below each node's directory, unless `deviceDirectory` says otherwise. */
  static async created(options: PairOptions & { readonly deviceDirectory?: string } = {}): Promise<DevicePair> {
    const pair = await Pair.create(options);
    for (const node of pair.nodes) node.env['TSDRBD_DEVICE_DIR'] = options.deviceDirectory ?? deviceDirectory(node);
    return new DevicePair(pair);
  }

  static async running(options: PairOptions = {}): Promise<DevicePair> {
    const devices = await DevicePair.created(options);
    try {
      await devices.pair.start();
      return devices;
    } catch (error) {
      await devices.end().catch(() => undefined);
      throw error;
    }
  }

  get alice(): TestNode {
    return this.pair.alice;
  }

  get bob(): TestNode {
    return this.pair.bob;
  }

  /** A directory to mount on. */
  mountPoint(name: string): string {
    const path = join(this.pair.directory, 'mnt', name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** Ends everything, whatever state a test left it in. */
  async end(): Promise<void> {
    for (const { mountPoint } of mountsBelow(this.pair.directory, 'not tsdrbd'))
      await run('umount', ['-l', mountPoint]);
    await this.pair.end(() => this.cleanUpAfterKill());
  }

  /** What the next engine would do. */
  private async cleanUpAfterKill(): Promise<void> {
    for (const loop of loopsBelow(this.pair.directory)) await run('losetup', ['-d', `/dev/${loop}`]);
    for (const { mountPoint } of mountsBelow(this.pair.directory, 'any')) await run('umount', ['-l', mountPoint]);
  }

  /** Mounts and loop devices that belong to this pair. */
  leftBehind(): string[] {
    const { directory } = this.pair;
    return [...mountsBelow(directory, 'any').map(({ mountPoint }) => mountPoint), ...loopsBelow(directory)];
  }
}

export const deviceDirectory = ({ runDir }: TestNode): string => join(runDir, '../dev');
export const devicePath = (node: TestNode): string => join(deviceDirectory(node), 'drbd0');

/** All names in the device directory. */
export function deviceNames(node: TestNode): string[] {
  const directory = deviceDirectory(node);
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();
}

export async function sizeBytes(node: TestNode): Promise<number> {
  return Number((await succeeds('blockdev', ['--getsize64', devicePath(node)])).trim());
}

function mountsBelow(directory: string, which: 'any' | 'not tsdrbd'): { mountPoint: string; type: string }[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(` ${directory}/`))
    .map((line) => ({ mountPoint: line.split(' ')[4] ?? '', type: line.split(' - ')[1]?.split(' ')[0] ?? '' }))
    .filter(({ type }) => which === 'any' || type !== 'fuse.tsdrbd');
}

function loopsBelow(directory: string): string[] {
  return readdirSync('/sys/block')
    .filter((name) => name.startsWith('loop'))
    .filter((name) => {
      const path = `/sys/block/${name}/loop/backing_file`;
      return existsSync(path) && readFileSync(path, 'utf8').startsWith(`${directory}/`);
    });
}
