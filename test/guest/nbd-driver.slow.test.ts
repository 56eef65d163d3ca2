/** Devices by the kernel's real nbd driver: names, file systems, growth, failover, and the death of the engine. */
import { HostRootGuest, TIMEOUT_MS, describeInGuest } from './host-root-guest';
import { resourceConfig } from './resource';

jest.setTimeout(TIMEOUT_MS);

const MIB = 1024 * 1024;
const TREE = '/usr/include/linux';

describeInGuest(
  "the kernel's nbd driver",
  [
    ['nbd-client', 'nbd-client'],
    ['mkfs.xfs', 'xfsprogs'],
    ['mkfs.ext4', 'e2fsprogs'],
  ],
  () => {
    let machine: HostRootGuest;
    beforeAll(async () => {
      machine = await HostRootGuest.boot('nbd-driver', [400 * MIB, 400 * MIB]);
      for (const name of ['nbd', 'ext4', 'xfs']) await machine.loadModule(name);
      await machine.guest.putFile('/etc/drbd.conf', resourceConfig('r0', 0));
      await machine.does('mkdir -p /mnt/alice /mnt/bob');
      for (const node of ['alice', 'bob'] as const) {
        await machine.startEngine(node);
        await machine.does(`${node === 'bob' ? 'bob' : ''} tsdrbdadm create-md --force r0`);
        await machine.bringUp(node, 'r0');
      }
      await machine.does(`tsdrbdsetup wait-connect-resource r0
        tsdrbdsetup new-current-uuid --clear-bitmap 0`);
    }, TIMEOUT_MS);
    afterAll(() => machine?.end());

    const connected = async (): Promise<string[]> =>
      (await machine.does('cd /sys/block; ls -d nbd*/pid 2>/dev/null || true'))
        .split('\n')
        .filter((line) => line !== '');

    test('auto chooses it; names and sizes are those of the volume, on the Primary alone', async () => {
      expect(await machine.does('cat /run/tsdrbd/*.log')).toContain('block devices by nbd, in /dev');
      expect(await connected()).toEqual([]);
      expect((await machine.run('blockdev --getsize64 /dev/drbd0')).stderr).toContain('No such device or address');
      await machine.does('tsdrbdsetup primary r0');
      expect(await connected()).toEqual(['nbd0/pid']);
      const names = await machine.does('readlink -f /dev/drbd/by-res/r0/0 /dev/drbd/by-disk/vda');
      expect(names).toBe('/dev/drbd0\n/dev/drbd0\n');
      const [device, status] = (
        await machine.does(`blockdev --getsize64 /dev/drbd0
          tsdrbdsetup status r0 --statistics --verbose | grep -o ' size:[0-9]*' | tr -dc 0-9`)
      ).split('\n');
      expect(Number(device)).toBe(Number(status) * 1024);
    });

    test('ext4: made, mounted, filled, checked; a mounted device is not demoted', async () => {
      await machine.does(`mkfs.ext4 -q /dev/drbd0
        mount /dev/drbd0 /mnt/alice
        cp -a ${TREE} /mnt/alice/
        sync -f /mnt/alice`);
      expect(await machine.run('tsdrbdsetup secondary r0')).toMatchObject({
        exitCode: 11,
        stderr: expect.stringContaining('State change failed: (-12) Device is held open by someone'),
      });
      await machine.does('umount /mnt/alice; fsck.ext4 -f -n /dev/drbd0');
    });

    test('xfs grows while mounted, and the peer has it whole after the engine was killed below it', async () => {
      await machine.does(`mkfs.xfs -q -f /dev/drbd0
        mount /dev/drbd0 /mnt/alice`);
      const before = Number(await machine.does('blockdev --getsize64 /dev/drbd0'));
      for (const disk of [0, 1]) await machine.guest.growDisk(disk, 480 * MIB);
      await machine.does('tsdrbdsetup resize 0 --assume-clean');
      // Frozen once: before Linux 6.13 XFS cannot recover a log that has the growth in it.
      await machine.does(`until [ "$(blockdev --getsize64 /dev/drbd0)" -gt ${before + 70 * MIB} ]; do sleep 1; done
        xfs_growfs /mnt/alice
        xfs_freeze -f /mnt/alice
        xfs_freeze -u /mnt/alice
        cp -a ${TREE} /mnt/alice/
        sync -f /mnt/alice`);

      await machine.does('kill -KILL "$(cat /run/tsdrbd/engine-pid)"');
      const write = await machine.run('timeout 60 dd if=/dev/zero of=/mnt/alice/lost bs=4k count=1 conv=fsync');
      expect(write).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('Input/output error') });
      await machine.does('timeout 60 umount /mnt/alice');
      // The driver does not let go of it by itself.
      expect(await connected()).toEqual(['nbd0/pid']);

      await machine.does(`until bob tsdrbdsetup primary r0; do sleep 1; done
        mount /dev/bob/drbd0 /mnt/bob
        diff -r ${TREE} /mnt/bob/linux
        umount /mnt/bob
        xfs_repair -n /dev/bob/drbd0`);
      expect(await connected()).toEqual(['nbd0/pid', 'nbd1/pid']);
      await machine.startEngine('alice');
      expect(await connected()).toEqual(['nbd1/pid']);
      expect(await machine.does('ls -d /dev/drbd* 2>/dev/null || true')).toBe('');
    });

    test('down takes the names and the device away', async () => {
      await machine.does('bob tsdrbdsetup down r0');
      expect(await connected()).toEqual([]);
      expect(await machine.does('ls /dev/bob')).toBe('');
    });
  },
);
