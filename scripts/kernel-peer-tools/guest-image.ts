/** The guest: Debian's kernel, and an initramfs of busybox, drbd-utils and the modules that DRBD needs. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { cacheDirectory, cached, keyOf } from './cache';
import { CpioArchive } from './cpio';
import { fetchPackages, kernelPackage, withFreshLists } from './debian-packages';
import { modulesInLoadOrder } from './kernel-modules';

export interface GuestImage {
  readonly kernelPath: string;
  readonly initramfsPath: string;
}

/** Module and parameters, as loaded by the guest's /init. */
const MODULES: readonly (readonly [name: string, parameters: string])[] = [
  ['crc32c_generic', ''],
  ['virtio_pci', ''],
  ['virtio_console', ''],
  ['virtio_net', ''],
  ['virtio_blk', ''],
  ['loop', ''],
  ['drbd', 'usermode_helper=/sbin/drbd-helper'],
];

/** From drbd-utils: what works with drbd.ko 8.4, where the programs look for it. */
const DRBD_PROGRAMS: readonly string[] = [
  'sbin/drbdadm',
  'sbin/drbdsetup',
  'sbin/drbdmeta',
  'lib/drbd/drbdadm-84',
  'lib/drbd/drbdsetup-84',
];

/**
 * Loaded instead of those, where the guest's file system is the host's. What a test loads itself, in the order of these
 * lists, is there too: `insmod /etc/guest/modules/NAME.ko`.
 */
const HOST_ROOT_MODULES: readonly (readonly [name: string, parameters: string])[] = [
  ['crc32c_generic', ''],
  ['virtio_pci', ''],
  ['virtio_console', ''],
  ['virtio_net', ''],
  ['virtio_blk', ''],
  ['9p', ''],
  ['9pnet_virtio', ''],
  ['overlay', ''],
];
const MODULES_TO_LOAD: readonly string[] = ['loop', 'fuse', 'nbd', 'ext4', 'xfs', 'drbd'];

/** Tools of the host that the guest gets too. */
const HOST_PROGRAMS: readonly string[] = ['/usr/bin/fio'];

const SCRIPTS = ['guest-init.sh', 'guest-commands.sh', 'guest-host-root.sh'] as const;

const file = (name: string): Buffer => readFileSync(join(__dirname, name));

/** Built once; `fresh` fetches the packages again and builds anew. */
export async function guestImage(mode: 'cached' | 'fresh' = 'cached'): Promise<GuestImage> {
  const inputs = [...SCRIPTS, 'guest-helper.sh', 'guest-image.ts', 'kernel-modules.ts', 'cpio.ts'].map(file);
  const name = `guest-${keyOf(inputs)}`;
  if (mode === 'fresh') rmSync(join(cacheDirectory(), name), { recursive: true, force: true });
  const directory = await cached(name, build);
  return { kernelPath: join(directory, 'vmlinuz'), initramfsPath: join(directory, 'initramfs') };
}

async function build(directory: string): Promise<void> {
  const packages = await withFreshLists(async () =>
    fetchPackages([await kernelPackage(), 'busybox-static', 'drbd-utils'], directory),
  );
  const tree = join(directory, 'tree');
  const kernel = readdirSync(join(tree, 'boot')).find((name) => name.startsWith('vmlinuz-'));
  if (kernel === undefined) throw new Error('the kernel package has no boot/vmlinuz-*');
  copyFileSync(join(tree, 'boot', kernel), join(directory, 'vmlinuz'));
  writeFileSync(join(directory, 'initramfs'), initramfs(tree, kernel.slice('vmlinuz-'.length)).bytes());
  writeFileSync(join(directory, 'packages'), `${packages.join('\n')}\n`);
  rmSync(tree, { recursive: true });
  rmSync(join(directory, 'deb'), { recursive: true });
}

function initramfs(tree: string, kernelVersion: string): CpioArchive {
  const archive = new CpioArchive();
  for (const name of ['dev', 'etc', 'proc', 'root', 'run', 'sys', 'tmp', 'var/run']) archive.directory(name);
  archive.file('init', file('guest-init.sh'), 'program');
  for (const script of SCRIPTS) archive.file(script, file(script));
  archive.file('sbin/drbd-helper', file('guest-helper.sh'), 'program');
  archive.file('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\n');

  const directory = join(tree, 'lib/modules', kernelVersion);
  addModules(archive, directory, MODULES, 'load');
  addModules(archive, directory, HOST_ROOT_MODULES, 'load-host-root');
  for (const name of MODULES_TO_LOAD) addModules(archive, directory, [[name, '']], `load-${name}`);

  for (const program of DRBD_PROGRAMS) addProgram(archive, join(tree, program), program);
  for (const program of HOST_PROGRAMS) addProgram(archive, program, `bin/${basename(program)}`);

  const busybox = [join(tree, 'bin/busybox'), join(tree, 'usr/bin/busybox')].find((path) => existsSync(path));
  if (busybox === undefined) throw new Error('the package busybox-static has no busybox');
  archive.file('bin/busybox', readFileSync(busybox), 'program');
  for (const applet of execFileSync(busybox, ['--list'], { encoding: 'utf8' }).trim().split('\n')) {
    if (applet !== 'busybox') archive.link(`bin/${applet}`, '/bin/busybox');
  }
  return archive;
}

/** Those modules with what they depend on, and a list of them in the order to load them. */
function addModules(
  archive: CpioArchive,
  directory: string,
  wanted: readonly (readonly [name: string, parameters: string])[],
  list: string,
): void {
  const modules = modulesInLoadOrder(
    directory,
    wanted.map(([name]) => name),
  );
  for (const module of modules) archive.file(`modules/${module.name}.ko`, module.bytes);
  const parameters = new Map(wanted);
  archive.file(`modules/${list}`, modules.map(({ name }) => `${name} ${parameters.get(name) ?? ''}\n`).join(''));
}

/** A program with the shared libraries that it needs, which are the host's: both are of the same distribution. */
function addProgram(archive: CpioArchive, path: string, as: string): void {
  archive.file(as, readFileSync(path), 'program');
  for (const line of execFileSync('ldd', [path], { encoding: 'utf8' }).split('\n')) {
    const library = /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1];
    if (library !== undefined) archive.file(library, readFileSync(library), 'program');
    else if (line.includes('not found')) throw new Error(`${as}: ${line.trim()}`);
  }
}
