/**
 * The units under a real systemd: they start the engine and bring resources up, also after the engine was killed; and a
 * host that is shut down with a file system mounted loses nothing of it.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HostRootGuest, ROOT, TIMEOUT_MS, describeInGuest } from './host-root-guest';
import { resourceConfig } from './resource';

jest.setTimeout(TIMEOUT_MS);

const DISK_BYTES = 200 * 1024 * 1024;
const installation = mkdtempSync(join(tmpdir(), 'tsdrbd-systemd-'));
let machine: HostRootGuest | undefined;
afterEach(() => machine?.end());
afterAll(() => rmSync(installation, { recursive: true }));

describeInGuest(
  'systemd',
  [
    ['systemctl', 'systemd'],
    ['nbd-client', 'nbd-client'],
    ['debugfs', 'e2fsprogs'],
  ],
  () => {
    beforeAll(() => {
      const env = { ...process.env, DESTDIR: installation, PREFIX: '/usr' };
      execFileSync(join(ROOT, 'scripts/install'), { env, stdio: 'ignore' });
    }, TIMEOUT_MS);

    /** With resource r0 brought up by the unit. */
    async function booted(label: string, modules: readonly string[]): Promise<HostRootGuest> {
      machine = await HostRootGuest.boot(label, [DISK_BYTES], 'systemd');
      for (const name of [...modules, 'ext4']) await machine.loadModule(name);
      await machine.guest.putFile('/etc/drbd.conf', resourceConfig('r0', 0));
      await machine.does(`cp -a '${installation}/.' /
        systemctl daemon-reload
        tsdrbdadm create-md --force r0
        systemctl start tsdrbd`);
      return machine;
    }

    /** Until a command gives what it should. */
    const until = (command: string): string =>
      `for _ in $(seq 100); do ${command} && break; sleep 0.5; done; ${command}`;

    test('the units start the engine and bring the resource up, again after the engine was killed; stop takes it down', async () => {
      const guest = await booted('systemd-units', ['nbd']);
      expect(await guest.does('systemctl is-active tsdrbd tsdrbdd; tsdrbdadm role r0')).toBe(
        'active\nactive\nSecondary\n',
      );

      await guest.does(`systemctl kill --signal=KILL --kill-whom=main tsdrbdd
        ${until('[ "$(systemctl show --property=NRestarts --value tsdrbdd)" = 1 ]')}
        ${until('[ "$(tsdrbdadm role r0)" = Secondary ]')}`);
      expect(await guest.does('systemctl is-active tsdrbd tsdrbdd')).toBe('active\nactive\n');

      await guest.does('systemctl stop tsdrbd tsdrbdd');
      expect(await guest.does('tsdrbdsetup status')).toBe('# No currently configured DRBD found.\n');
      // As an agent or a login does it.
      await guest.does(`tsdrbdadm up r0
        systemctl is-active tsdrbdd
        tsdrbdadm down r0
        systemctl start tsdrbd@r0.target
        [ "$(tsdrbdadm role r0)" = Secondary ]
        systemctl stop tsdrbd@r0.target tsdrbdd`);
      expect(await guest.does('cat /run/tsdrbd/control.sock 2>&1 || true')).toContain('No such file');
    });

    test.each([
      ['nbd', ['nbd']],
      ['fuse', ['fuse', 'loop']],
    ])('a host that goes down with a file system mounted, by %s', async (frontend, modules) => {
      const guest = await booted(`systemd-off-${frontend}`, modules);
      const digest = await guest.does(`tsdrbdadm primary --force r0
        mkfs.ext4 -q /dev/drbd0
        mkdir /mnt/r0
        mount -o commit=600 /dev/drbd0 /mnt/r0
        sync -f /mnt/r0
        head -c 8M /dev/urandom >/mnt/r0/file
        sha256sum </mnt/r0/file`);
      await guest.powerOff();

      const disk = guest.guest.diskPath(0);
      const file = execFileSync('debugfs', ['-R', 'cat file', disk], {
        maxBuffer: DISK_BYTES,
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      expect(`${createHash('sha256').update(file).digest('hex')}  -\n`).toBe(digest);
      // Unmounted, so that its journal is empty; and left as a node that stopped, not as one that crashed.
      execFileSync('e2fsck', ['-f', '-n', disk], { stdio: 'ignore' });
      expect(execFileSync('dumpe2fs', ['-h', disk], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })).toMatch(
        /^Filesystem state: +clean$/m,
      );
      const meta = join(ROOT, 'packages/meta/dist/tsdrbdmeta.cjs');
      const identifiers = execFileSync(
        process.execPath,
        [meta, '-', 'v09', disk, 'internal', 'get-gi', '--node-id=1'],
        {
          encoding: 'utf8',
        },
      );
      expect(identifiers).toMatch(/:1:1:0:/);
      expect(readFileSync(guest.guest.consoleLogPath, 'utf8')).not.toContain('I/O error');
    });
  },
);
