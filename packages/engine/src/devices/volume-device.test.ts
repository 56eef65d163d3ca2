import type { AttachedDevice, DeviceFrontend } from './frontend';
import { testVolume, type TestVolume } from './test-volume';
import { VolumeDevice } from './volume-device';

/** A kernel that attaches at once, and remembers what it was asked for. */
class TestFrontend implements DeviceFrontend {
  readonly kind = 'fuse';
  readonly asked: string[] = [];
  attachedCount = 0;
  /** What a polite detach finds. */
  inUse = false;
  failure: Error | null = null;
  /** Runs while an attach is under way. */
  duringAttach: () => void = () => undefined;

  start = () => Promise.resolve();
  stop = () => Promise.resolve();
  add = () => undefined;
  remove = () => undefined;
  door: string | null = null;
  doorPath = () => this.door;

  async attach(volume: TestVolume): Promise<AttachedDevice> {
    this.asked.push('attach');
    await Promise.resolve();
    this.duringAttach();
    if (this.failure !== null) throw this.failure;
    this.attachedCount += 1;
    let attached = true;
    const gone = (): void => {
      if (attached) this.attachedCount -= 1;
      attached = false;
    };
    return {
      kernelName: 'loop9',
      deviceNumber: { major: 7, minor: 9 },
      isAttached: () => (this.inUse ? attached : (gone(), false)),
      detach: (mode) => {
        this.asked.push(`detach ${mode}`);
        if (mode === 'if unused' && this.inUse) return Promise.resolve('in use');
        gone();
        return Promise.resolve(this.inUse ? 'in use' : 'detached');
      },
      resize: () => {
        this.asked.push(`resize ${volume.size}`);
        return Promise.resolve();
      },
    };
  }
}

function setUp() {
  const volume = testVolume({ minor: 5 });
  volume.isPrimary = false;
  const frontend = new TestFrontend();
  const names = new Map<string, string>();
  const log: string[] = [];
  let user: string | null = null;
  let claimed = false;
  const nodes = {
    path: (minor: number) => `/dev/drbd${minor}`,
    put: (minor: number, number: { major: number; minor: number }) =>
      void names.set(`drbd${minor}`, `${number.major}:${number.minor}`),
    putDoor: (minor: number, path: string) => void names.set(`drbd${minor}`, `-> ${path}`),
    link: (name: string, minor: number) => void names.set(name, `-> drbd${minor}`),
    removeNode: (minor: number) => void names.delete(`drbd${minor}`),
    removeLink: (name: string) => void names.delete(name),
  };
  const device = new VolumeDevice(volume, {
    frontend,
    nodes,
    log: (_level, _subject, text) => void log.push(text),
    findUser: () => Promise.resolve(user),
    isClaimed: () => Promise.resolve(claimed),
  });
  return {
    volume,
    frontend,
    device,
    log,
    names: () => Object.fromEntries(names),
    usedBy: (who: string | null) => (user = who),
    claimed: (is: boolean) => (claimed = is),
    promote: () => {
      volume.isPrimary = true;
      return device.changed();
    },
    demote: async () => {
      await device.beforeDemotion('if unused');
      if (volume.openCount === 0) volume.isPrimary = false;
      await device.afterDemotion();
    },
  };
}

test('a Secondary has a node without a driver, a Primary the attached device; links follow the disk', async () => {
  const { volume, device, promote, demote, names, frontend } = setUp();
  await device.changed();
  expect(names()).toEqual({ drbd5: '0:0', 'drbd/by-res/r0/0': '-> drbd5' });
  volume.backingPath = '/dev/vg/r0';
  await promote();
  expect(names()).toEqual({
    drbd5: '7:9',
    'drbd/by-res/r0/0': '-> drbd5',
    'drbd/by-disk/vg/r0': '-> drbd5',
  });
  volume.backingPath = null;
  await demote();
  expect(names()).toEqual({ drbd5: '0:0', 'drbd/by-res/r0/0': '-> drbd5' });
  expect(frontend.attachedCount).toBe(0);
  await device.withdraw();
  expect(names()).toEqual({});
});

test('a role that is lost while the device is being attached takes it away again', async () => {
  const { volume, frontend, promote, device, names } = setUp();
  frontend.duringAttach = () => {
    volume.isPrimary = false;
    void device.changed();
  };
  await promote();
  expect(frontend.asked).toEqual(['attach', 'detach forced']);
  expect(names()).toMatchObject({ drbd5: '0:0' });
});

test('a withdrawal is not lost, in whichever moment of another change it comes', async () => {
  for (let moment = 0; moment < 20; moment++) {
    const { device, names, promote } = setUp();
    const settled = promote();
    for (let turn = 0; turn < moment; turn++) await Promise.resolve();
    await device.withdraw();
    await settled;
    expect([moment, names()]).toEqual([moment, {}]);
  }
});

test('a device in use is kept, and counts as open, so that the demotion fails', async () => {
  const { volume, promote, demote, usedBy, frontend, log } = setUp();
  await promote();
  usedBy('mounted on /srv');
  await demote();
  expect([volume.isPrimary, volume.openCount, frontend.attachedCount]).toEqual([true, 1, 1]);
  expect(log).toEqual(['/dev/drbd5 is held open: mounted on /srv']);
  usedBy(null);
  await demote();
  expect([volume.isPrimary, volume.openCount, frontend.attachedCount]).toEqual([false, 0, 0]);
});

test('a file system that is being unmounted is a user, though it is mounted nowhere', async () => {
  const { volume, device, promote, demote, claimed, frontend } = setUp();
  await promote();
  claimed(true);
  expect(await device.lastUser()).toBe('a file system that is being unmounted');
  await demote();
  expect([volume.isPrimary, frontend.asked]).toEqual([true, ['attach']]);
  claimed(false);
  await demote();
  expect([volume.isPrimary, frontend.attachedCount]).toEqual([false, 0]);
});

test('the last user is gone when no request came since it was asked for', async () => {
  const { device, promote } = setUp();
  expect(await device.lastUser()).toBeNull();
  await promote();
  device.used();
  expect(await device.lastUser()).toBe('requests');
  expect(await device.lastUser()).toBeNull();
});

test('a user that only the kernel sees is found out, and after the last close the device is attached anew', async () => {
  const { volume, device, promote, demote, frontend } = setUp();
  await promote();
  frontend.inUse = true;
  await demote();
  expect([volume.isPrimary, volume.openCount]).toEqual([true, 1]);
  expect(device.needsLook).toBe(true);
  frontend.inUse = false;
  await device.look();
  expect([volume.openCount, frontend.attachedCount]).toEqual([0, 1]);
  expect(frontend.asked).toEqual(['attach', 'detach if unused', 'attach']);
});

test('a forced demotion asks nobody', async () => {
  const { volume, device, promote, usedBy, frontend, names, log } = setUp();
  await promote();
  usedBy('mounted on /srv');
  device.used();
  expect(volume.openCount).toBe(1);
  frontend.inUse = true;
  await device.beforeDemotion('forced');
  expect(frontend.asked).toEqual(['attach', 'detach forced']);
  expect(volume.openCount).toBe(0);
  expect(names()).toMatchObject({ drbd5: '0:0' });
  expect(log.join()).toContain('whoever has it open gets I/O errors');
});

test('open from the first request until nobody was seen for two looks', async () => {
  const { volume, device, promote, usedBy } = setUp();
  await promote();
  expect([volume.openCount, device.needsLook]).toEqual([0, false]);
  device.used();
  usedBy('process 1');
  expect(volume.openCount).toBe(1);
  for (let n = 0; n < 3; n++) await device.look();
  expect(volume.openCount).toBe(1);
  usedBy(null);
  await device.look();
  expect(volume.openCount).toBe(1);
  device.used();
  await device.look();
  await device.look();
  expect(volume.openCount).toBe(1);
  await device.look();
  expect([volume.openCount, device.needsLook]).toEqual([0, false]);
});

test('the kernel is told a new size', async () => {
  const { volume, device, promote, frontend } = setUp();
  await promote();
  volume.size = 131072;
  await device.changed();
  await device.changed();
  expect(frontend.asked).toEqual(['attach', 'resize 131072']);
});

test('a failure costs the device, is told once, and is tried again', async () => {
  const { device, promote, frontend, names, log } = setUp();
  frontend.failure = new Error('losetup: no free loop device');
  await promote();
  await device.changed();
  expect(log).toEqual(['device: losetup: no free loop device']);
  expect(names()).toEqual({ drbd5: '0:0', 'drbd/by-res/r0/0': '-> drbd5' });
  frontend.failure = null;
  await device.changed();
  expect(names()).toMatchObject({ drbd5: '7:9' });
  await device.withdraw();
});
