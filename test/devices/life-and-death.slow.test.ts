/** When a device is there, who can open it, what counts as open, and that nothing stays behind. Source: behaviour.md 8.5. */
import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { expectNoTrace } from '../nodes/support/no-trace';
import type { TestNode } from '../nodes/support/node';
import { run, succeeds } from '../nodes/support/programs';
import { DevicePair, deviceNames, devicePath, testWithDevices } from './device-pair';

jest.setTimeout(300_000);

const EROFS = -30;
const EMEDIUMTYPE = -124;
/** <linux/sched.h>; proc(5) calls the word `flags`. */
const PF_MEMALLOC_NOIO = 0x00080000;

let devices: DevicePair | null = null;
beforeEach(async () => {
  devices = null;
});
afterEach(async () => {
  await devices?.end();
});
const running = async (): Promise<DevicePair> => (devices = await DevicePair.running());

const errorOf = (act: () => unknown): number | undefined => {
  try {
    act();
    return undefined;
  } catch (error) {
    return typeof error === 'object' && error !== null && 'errno' in error ? Number(error.errno) : NaN;
  }
};
const openable = (node: TestNode, flags: string): number | undefined =>
  errorOf(() => closeSync(openSync(devicePath(node), flags)));
const until = async (what: string, holds: () => boolean): Promise<void> => {
  const deadline = performance.now() + 60_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

/** Threads of the engine with PF_MEMALLOC_NOIO, what PR_SET_IO_FLUSHER sets: short of memory they do not wait for the device. */
function ioFlushers(node: TestNode): number[] {
  const tasks = `/proc/${node.enginePid()}/task`;
  const flagsOf = (task: string): number => {
    const [, ...rest] = readFileSync(`${tasks}/${task}/stat`, 'utf8').split(') ');
    return Number(rest.join(') ').split(' ')[6]);
  };
  return readdirSync(tasks)
    .filter((task) => (flagsOf(task) & PF_MEMALLOC_NOIO) !== 0)
    .map(Number);
}

/** CAP_SYS_RESOURCE, which containers often lack. */
function mayBecomeIoFlusher(node: TestNode): boolean {
  const [, capabilities = '0'] =
    /^CapEff:\s*(\S+)/m.exec(readFileSync(`/proc/${node.enginePid()}/status`, 'utf8')) ?? [];
  return ((BigInt(`0x${capabilities}`) >> 24n) & 1n) === 1n;
}

testWithDevices()('the device is there from new-minor to del-minor, and can be opened on a Primary alone', async () => {
  const { alice, bob } = await running();
  const diskLink = (node: TestNode): string => `drbd/by-disk${node.diskPath}`;
  for (const node of [alice, bob]) {
    expect(deviceNames(node)).toEqual([diskLink(node), 'drbd/by-res/r0/0', 'drbd0'].sort());
    expect(statSync(devicePath(node)).isBlockDevice()).toBe(true);
    expect(statSync(devicePath(node)).mode & 0o777).toBe(0o660);
  }
  if (mayBecomeIoFlusher(alice)) {
    // The event loop, FUSE's thread, and those of the disk.
    expect(ioFlushers(alice)).toContain(alice.enginePid());
    expect(ioFlushers(alice).length).toBeGreaterThan(2);
  } else expect(alice.log()).toContain('the host may wait for writes to its own devices: EPERM');
  expect(openable(alice, 'r+')).toBeUndefined();
  expect(openable(bob, 'r')).toBe(EMEDIUMTYPE);
  expect(openable(bob, 'r+')).toBe(EROFS);

  await alice.does('secondary', 'r0');
  expect(openable(alice, 'r')).toBe(EMEDIUMTYPE);
  expect(devices?.leftBehind().filter((name) => name.startsWith('loop'))).toEqual([]);
  await bob.does('primary', 'r0');
  expect(openable(bob, 'r+')).toBeUndefined();
  await bob.does('secondary', 'r0');

  await alice.does('detach', 'r0');
  expect(deviceNames(alice)).toEqual(['drbd/by-res/r0/0', 'drbd0']);
  for (const node of [alice, bob]) {
    await node.does('down', 'r0');
    expect(deviceNames(node)).toEqual([]);
    await node.endEngine('SIGTERM');
    expectNoTrace(node);
  }
  expect(devices?.leftBehind()).toEqual([]);
});

testWithDevices('dd')('a device in use cannot be demoted or taken down; what was written is on the peer', async () => {
  const { alice, bob } = await running();
  const device = devicePath(alice);
  const holder = spawn('dd', [`of=${device}`, 'bs=512', 'iflag=fullblock', 'oflag=direct', 'status=none'], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  try {
    // Open, and not a byte written yet: the status cannot know, the demotion finds out.
    await until('dd has it open', () => isOpenAt(holder.pid, device));
    const inUse = {
      code: 11,
      stderr: expect.stringContaining('State change failed: (-12) Device is held open by someone'),
    };
    expect(await alice.adm('secondary', 'r0')).toMatchObject(inUse);
    expect(await alice.adm('down', 'r0')).toMatchObject(inUse);
    expect((await alice.state())?.resources[0]).toMatchObject({ role: 'Primary', devices: [{ open: 'yes' }] });
    const ended = new Promise((resolve) => holder.once('exit', resolve));
    holder.stdin.end(Buffer.alloc(512, 'x'));
    await ended;
  } finally {
    holder.kill('SIGKILL');
  }
  await alice.does('secondary', 'r0');
  await bob.does('primary', 'r0');
  expect(await succeeds('dd', [`if=${devicePath(bob)}`, 'bs=512', 'count=1', 'status=none'])).toBe('x'.repeat(512));
  expect((await bob.state())?.resources[0]?.role).toBe('Primary');
});

testWithDevices('mkfs.ext4')('an open begins with the first request and ends after the last close', async () => {
  const { alice } = await running();
  expect((await alice.state())?.resources[0]?.devices[0]?.open).toBe('no');
  const mountPoint = devices?.mountPoint('alice') ?? '';
  await succeeds('mkfs.ext4', ['-q', devicePath(alice)]);
  await succeeds('mount', [devicePath(alice), mountPoint]);
  await alice.until('open', (resource) => resource.devices[0]?.open === 'yes');
  expect(await alice.adm('secondary', 'r0')).toMatchObject({ code: 11 });
  await succeeds('umount', [mountPoint]);
  await alice.until('closed', (resource) => resource.devices[0]?.open === 'no');
});

testWithDevices('dd')('suspended I/O waits, and finishes when it is resumed', async () => {
  const { alice } = await running();
  await alice.program('tsdrbdsetup', 'suspend-io', '0');
  let finished = false;
  const writer = run('dd', ['if=/dev/zero', `of=${devicePath(alice)}`, 'bs=64k', 'count=4', 'oflag=direct']).then(
    (outcome) => {
      finished = true;
      return outcome;
    },
  );
  await alice.until('blocked', ({ devices: [device] }) => device?.open === 'yes');
  expect(finished).toBe(false);
  await alice.program('tsdrbdsetup', 'resume-io', '0');
  expect(await writer).toMatchObject({ code: 0 });
});

/** What an open is for is read there. */
const testWithSyscalls = existsSync('/proc/self/syscall') ? testWithDevices : () => test.skip;

testWithSyscalls('dd', 'mkfs.ext4')(
  'opening the device for writing promotes where auto-promote applies, and closing it demotes',
  async () => {
    const { alice, bob } = await running();
    await succeeds('mkfs.ext4', ['-q', devicePath(alice)]);
    await alice.does('secondary', 'r0');
    // Looking promotes nobody.
    expect(statSync(devicePath(bob)).isBlockDevice()).toBe(true);
    expect((await bob.state())?.resources[0]?.role).toBe('Secondary');
    const mountPoint = devices?.mountPoint('bob') ?? '';
    await succeeds('mount', ['-t', 'ext4', devicePath(bob), mountPoint]);
    expect((await bob.state())?.resources[0]).toMatchObject({ role: 'Primary', devices: [{ open: 'yes' }] });
    // In use there, it cannot be had here.
    const refused = await run('dd', ['if=/dev/zero', `of=${devicePath(alice)}`, 'bs=4k', 'count=1']);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('Read-only file system') });
    await succeeds('umount', [mountPoint]);
    await bob.until('Secondary again', (resource) => resource.role === 'Secondary');
    await alice.program('tsdrbdsetup', 'resource-options', 'r0', '--auto-promote=no');
    expect(openable(alice, 'r+')).toBe(EROFS);
  },
);

testWithDevices('dd')('opening the file promotes where auto-promote applies, and closing it demotes', async () => {
  const { alice, bob } = await running();
  await alice.does('secondary', 'r0');
  const file = join(bob.runDir, 'volumes/0');
  expect(await run('dd', [`if=${file}`, 'of=/dev/null', 'bs=4k', 'count=1'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Wrong medium type'),
  });
  await succeeds('dd', ['if=/dev/zero', `of=${file}`, 'bs=4k', 'count=16', 'conv=notrunc,fsync']);
  await bob.until('Secondary again', (resource) => resource.role === 'Secondary');
  expect(bob.log()).toContain('role( Secondary -> Primary )');
});

testWithDevices('mkfs.ext4')('a killed engine leaves nothing that the next one does not remove', async () => {
  const { alice, bob } = await running();
  const mountPoint = devices?.mountPoint('alice') ?? '';
  await succeeds('mkfs.ext4', ['-q', devicePath(alice)]);
  await succeeds('mount', [devicePath(alice), mountPoint]);
  await alice.endEngine('SIGKILL');
  // Another engine, while the dead device is still mounted.
  await alice.does('up', 'r0');
  expect(openable(alice, 'r')).toBe(EMEDIUMTYPE);
  await succeeds('umount', [mountPoint]);
  await alice.untilInSync();
  await alice.does('primary', 'r0');
  await succeeds('mount', [devicePath(alice), mountPoint]);
  // And one that ends in good order, with a file system mounted, since it was told twice: it errors out, nothing hangs.
  await toldToStop(alice);
  await alice.endEngine('SIGTERM');
  await succeeds('umount', [mountPoint]);
  await bob.endEngine('SIGTERM');
  await until('the kernel has let go', () => devices?.leftBehind().length === 0);
  for (const node of [alice, bob]) {
    expect(deviceNames(node)).toEqual([]);
    expectNoTrace(node);
  }
});

testWithDevices('mkfs.ext4')(
  'an engine that is told to stop serves a mounted device until it is unmounted',
  async () => {
    const { alice, bob } = await running();
    const mountPoint = devices?.mountPoint('alice') ?? '';
    await succeeds('mkfs.ext4', ['-q', devicePath(alice)]);
    await succeeds('mount', [devicePath(alice), mountPoint]);
    await toldToStop(alice);
    // Not yet on any disk when the file system is unmounted.
    const content = Buffer.alloc(4 * 1024 * 1024, 'as the host goes down');
    writeFileSync(join(mountPoint, 'file'), content);
    const pid = alice.enginePid();
    await succeeds('umount', [mountPoint]);
    await until('the engine has ended', () => !existsSync(`/proc/${pid}`));
    expect(alice.log()).not.toContain('gets I/O errors from now on');
    await until('the kernel has let go', () => deviceNames(alice).length === 0);

    const mountedAtBob = devices?.mountPoint('bob') ?? '';
    await bob.does('primary', 'r0');
    await succeeds('mount', ['-t', 'ext4', devicePath(bob), mountedAtBob]);
    expect(readFileSync(join(mountedAtBob, 'file')).equals(content)).toBe(true);
    await succeeds('umount', [mountedAtBob]);
  },
);

/** Told, but it waits: its device is in use. */
async function toldToStop(node: TestNode): Promise<void> {
  const pid = node.enginePid();
  if (pid === null) throw new Error(`${node.name} has no engine`);
  process.kill(pid, 'SIGTERM');
  const waits = `waiting, since ${devicePath(node)} is in use (mounted on `;
  await until('the engine waits', () => node.log().includes(waits));
}

testWithDevices('unshare', 'mkfs.ext4')(
  'a loop device of an engine that was killed with its mount namespace is detached by the next one, and no other',
  async () => {
    devices = await DevicePair.created();
    const { alice } = devices;
    const { directory } = devices.pair;
    const program = join(directory, 'in-a-namespace');
    const engine = alice.env['TSDRBDD'] ?? '';
    writeFileSync(
      program,
      `#!/bin/sh\nexec unshare --mount --propagation private ${process.execPath} '${engine}' "$@"\n`,
      { mode: 0o755 },
    );
    alice.env['TSDRBDD'] = program;
    await alice.does('create-md', 'r0');
    await alice.does('up', 'r0');
    await alice.does('primary', '--force', 'r0');
    const mine = loopName(devicePath(alice));
    // Somebody else's, with a name as an engine of another run directory would give it.
    const image = join(directory, `0.loop1.${'0123456789abcdef'.repeat(2)}`);
    writeFileSync(image, Buffer.alloc(1024 * 1024));
    let left = '';
    const others = basename((await succeeds('losetup', ['--find', '--show', image])).trim());
    try {
      await alice.endEngine('SIGKILL');
      left = backingFile(mine) ?? '';
      expect(left).toMatch(/\/0\.loop1\.[0-9a-f]{32}$/);
      // Its file system is mounted nowhere, and yet it is there.
      await until('the namespace is gone', () => backingFile(mine) === `/${basename(left)}`);
      left = `/${basename(left)}`;
      alice.env['TSDRBDD'] = engine;
      await alice.does('up', 'r0');
      expect(backingFile(mine)).not.toBe(left);
      expect(backingFile(others)).toBe(image);

      await alice.does('primary', 'r0');
      await succeeds('mkfs.ext4', ['-q', devicePath(alice)]);
      await alice.does('secondary', 'r0');
      await alice.does('down', 'r0');
      await alice.endEngine('SIGTERM');
      expect(readFileSync(join(alice.runDir, 'loop-tokens'), 'utf8')).toBe('');
      expect(backingFile(others)).toBe(image);
    } finally {
      await run('losetup', ['--detach', `/dev/${others}`]);
      if (left !== '' && backingFile(mine) === left) await run('losetup', ['--detach', `/dev/${mine}`]);
    }
  },
);

/** `loop3`, of a node with its number. */
function loopName(path: string): string {
  const { rdev } = statSync(path);
  const minor = (rdev & 0xff) | ((rdev >> 12) & 0xfff00);
  return basename(readlinkSync(`/sys/dev/block/7:${minor}`));
}

function backingFile(loop: string): string | null {
  const path = `/sys/block/${loop}/loop/backing_file`;
  return existsSync(path) ? readFileSync(path, 'utf8').trimEnd() : null;
}

/** Whether the process has this node open. */
function isOpenAt(pid: number | undefined, path: string): boolean {
  return errorOf(() => readlinkSync(`/proc/${pid}/fd/1`)) === undefined && readlinkSync(`/proc/${pid}/fd/1`) === path;
}
