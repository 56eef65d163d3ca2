import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { byDiskName } from '../control';
import { DeviceNodes, NO_DEVICE, byDiskLink, byResourceLink } from './device-nodes';
import { ownedByKernelDrbd } from './kernel-drbd';
import { decodeDeviceNumber } from './device-numbers';
import { deviceSystemCalls } from './system-calls';

/** Making device nodes takes root. */
const testAsRoot = process.getuid?.() === 0 ? test : test.skip;

let directory: string;
let nodes: DeviceNodes;
const made = () =>
  new DeviceNodes({ directory: join(directory, 'dev'), noteFile: join(directory, 'run/note'), gid: 0 });
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'device-nodes-'));
  nodes = made();
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const numberOf = (minor: number) => decodeDeviceNumber(lstatSync(nodes.path(minor), { bigint: true }).rdev);
const left = () => readdirSync(join(directory, 'dev'));

test("names are those of udev's rules for DRBD", () => {
  expect(byResourceLink('r0', 1)).toBe('drbd/by-res/r0/1');
  expect(byDiskLink('/dev/vg0/r0')).toBe('drbd/by-disk/vg0/r0');
  // As drbdadm prints it, and as the file system has it.
  expect(byDiskName('/srv/disk')).toBe('drbd/by-disk//srv/disk');
  expect(byDiskLink('/srv/disk')).toBe('drbd/by-disk/srv/disk');
});

testAsRoot('a node changes its number in one step, and goes with its links and their directories', () => {
  nodes.put(7, NO_DEVICE);
  nodes.link('drbd/by-res/r0/0', 7);
  expect(numberOf(7)).toEqual(NO_DEVICE);
  expect(lstatSync(nodes.path(7)).mode & 0o777).toBe(0o660);
  nodes.put(7, { major: 7, minor: 300 });
  expect(numberOf(7)).toEqual({ major: 7, minor: 300 });
  expect(readlinkSync(join(directory, 'dev/drbd/by-res/r0/0'))).toBe('../../../drbd7');
  nodes.removeLink('drbd/by-res/r0/0', 7);
  nodes.removeNode(7);
  expect(left()).toEqual([]);
});

testAsRoot('a link that leads to another volume by now is left', () => {
  nodes.put(1, NO_DEVICE);
  nodes.put(2, NO_DEVICE);
  nodes.link('drbd/by-res/r0/0', 1);
  nodes.link('drbd/by-res/r0/0', 2);
  nodes.removeLink('drbd/by-res/r0/0', 1);
  expect(readlinkSync(join(directory, 'dev/drbd/by-res/r0/0'))).toBe('../../../drbd2');
});

testAsRoot('what a killed engine left is removed by the next, and nothing else', () => {
  nodes.put(3, NO_DEVICE);
  nodes.link('drbd/by-res/r3/0', 3);
  deviceSystemCalls().makeBlockNode(join(directory, 'dev/drbd4'), NO_DEVICE, 0o600);
  made().removeStale();
  expect(left()).toEqual(['drbd4']);
  expect(readFileSync(join(directory, 'run/note'), 'utf8')).toBe('');
});

testAsRoot("a node that became the kernel's DRBD's meanwhile is not removed", () => {
  nodes.put(5, NO_DEVICE);
  rmSync(nodes.path(5));
  deviceSystemCalls().makeBlockNode(nodes.path(5), { major: 147, minor: 5 }, 0o600);
  nodes.removeNode(5);
  expect(existsSync(nodes.path(5))).toBe(true);
});

testAsRoot("a minor or a name of the kernel's DRBD is refused, with the reason", () => {
  const dev = join(directory, 'dev');
  const ownerOf = (minor: number, resourceName = 'r0', root = directory): string | null =>
    ownedByKernelDrbd({ minor, resourceName, volumeNumber: 0 }, dev, root);
  nodes.put(0, NO_DEVICE);
  nodes.link('drbd/by-res/r0/0', 0);
  expect(ownerOf(0)).toBeNull();
  deviceSystemCalls().makeBlockNode(join(dev, 'drbd6'), { major: 147, minor: 6 }, 0o600);
  expect(ownerOf(6)).toContain(`${dev}/drbd6 has the major number of the kernel's DRBD (147)`);
  expect(ownerOf(6, 'r0', '/')).toContain('147');
  // With and without volume numbers.
  symlinkSync('../../drbd6', join(dev, 'drbd/by-res/r1'));
  expect(ownerOf(0, 'r1')).toContain(`resource r1 is in use by the kernel's DRBD (${dev}/drbd/by-res/r1)`);
  mkdirSync(join(dev, 'drbd/by-res/r2'));
  symlinkSync('../../../drbd6', join(dev, 'drbd/by-res/r2/0'));
  expect(ownerOf(0, 'r2')).toContain(`(${dev}/drbd/by-res/r2/0)`);
});
