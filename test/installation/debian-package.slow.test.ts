/** The Debian package is installed, used and purged, by dpkg, on a copy of this machine; and scripts/install without it. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(__dirname, '../..');
const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const NAMESPACES = ['--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc'];

jest.setTimeout(300_000);

let work: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'tsdrbd-debian-'));
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

/** Overlays of the root file system take a real root, and one that the kernel can stack. */
function canOverlayRoot(): boolean {
  if (process.getuid?.() !== 0 || spawnSync('dpkg-deb', ['--version']).status !== 0) return false;
  const script = `mount -t tmpfs none /mnt && mkdir /mnt/u /mnt/w /mnt/r &&
    mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w /mnt/r && chroot /mnt/r true`;
  return spawnSync('unshare', [...NAMESPACES, 'sh', '-c', script]).status === 0;
}
const testWithOverlay = canOverlayRoot() ? test : test.skip;
const testWithDpkg = spawnSync('dpkg-deb', ['--version']).status === 0 ? test : test.skip;

function packed(...options: string[]): string {
  const outcome = spawnSync(join(root, 'scripts/pack'), [...options, '--out', work], { encoding: 'utf8' });
  expect(outcome).toMatchObject({ status: 0, stderr: '' });
  return outcome.stdout.trim().split('\n').at(-1) ?? '';
}

testWithOverlay('dpkg installs it, a resource runs from it, and after the purge nothing is left', () => {
  const packagePath = packed('--deb');
  const script = readFileSync(join(__dirname, 'debian-package-story.sh'), 'utf8');
  const story = spawnSync('unshare', [...NAMESPACES, 'sh', '-c', script, 'story', root, packagePath, work], {
    cwd: '/',
    env: { PATH: SYSTEM_PATH, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
    encoding: 'utf8',
    timeout: 240_000,
  });
  const told = `${story.stdout}\n${story.stderr}`;
  expect(told).toContain('r0 role:Primary');
  expect(told).toContain('resources are in use; unmount or stop what uses them');
  expect(told).toMatch(/== left\n== nothing\n/);
  expect(story.status).toBe(0);
});

testWithDpkg('the package names what it needs, and holds no path of the machine that made it', () => {
  const packagePath = packed('--deb');
  const field = (name: string) => spawnSync('dpkg-deb', ['-f', packagePath, name], { encoding: 'utf8' }).stdout.trim();
  expect(field('Package')).toBe('tsdrbd');
  expect(field('Depends')).toMatch(/^nodejs \(>= 20\.19\), libc6/);
  expect([field('Conflicts'), field('Provides')]).toEqual(['', '']);
  const unpacked = join(work, 'unpacked');
  spawnSync('dpkg-deb', ['-x', packagePath, unpacked]);
  expect(spawnSync('grep', ['-rlF', root, unpacked], { encoding: 'utf8' }).stdout).toBe('');
});

test('scripts/install puts everything below DESTDIR and PREFIX, twice as once, and takes it away again', () => {
  const packagePath = packed();
  const destination = join(work, 'dest');
  const install = (...options: string[]) =>
    spawnSync(join(root, 'scripts/install'), options, {
      env: { PATH: process.env['PATH'], DESTDIR: destination, PREFIX: '/opt/drbd' },
      encoding: 'utf8',
    });
  expect(install('--uninstall')).toMatchObject({ status: 1, stderr: expect.stringContaining('nothing is installed') });
  expect(install('--package', packagePath)).toMatchObject({ status: 0, stderr: '' });
  const once = below(destination);
  expect(install('--package', packagePath)).toMatchObject({ status: 0, stderr: '' });
  expect(below(destination)).toEqual(once);
  expect(once).toEqual(
    expect.arrayContaining([
      'etc/tsdrbd.ini',
      'opt/drbd/lib/ocf/resource.d/tsdrbd/drbd',
      'opt/drbd/lib/systemd/system/tsdrbd@.service',
      'opt/drbd/lib/tsdrbd/compat/drbdsetup',
      'opt/drbd/sbin/tsdrbdadm',
      'opt/drbd/share/man/man8/tsdrbdadm.8',
    ]),
  );
  expect(once.every((path) => statSync(join(destination, path)).isFile())).toBe(true);
  const unit = readFileSync(join(destination, 'opt/drbd/lib/systemd/system/tsdrbd@.service'), 'utf8');
  expect(unit).toContain('\nExecStart=/opt/drbd/sbin/tsdrbdadm adjust %I\n');
  for (const program of ['sbin/tsdrbdadm', 'lib/tsdrbd/compat/drbdadm']) {
    const version = spawnSync(join(destination, 'opt/drbd', program), ['--version'], { encoding: 'utf8' });
    expect(version).toMatchObject({ status: 0, stdout: expect.stringContaining('DRBDADM_VERSION') });
  }
  // Settings that somebody changed stay.
  writeFileSync(join(destination, 'etc/tsdrbd.ini'), '[log]\nlevel = warn\n');
  expect(install('--uninstall')).toMatchObject({ status: 0, stderr: '' });
  expect(below(destination)).toEqual(['etc/tsdrbd.ini']);
  expect(existsSync(join(destination, 'opt'))).toBe(false);
});

const below = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();
