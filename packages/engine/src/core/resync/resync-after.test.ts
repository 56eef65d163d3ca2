import { Conn, Disk } from '../../wire';
import { mayResync, resyncAfterProblem, type DependentDevice } from './resync-after';

function device(minor: number, resyncAfterMinor: number, conn: number = Conn.Connected, flags = {}): DependentDevice {
  const peerDevice = { conn, userIsp: false, peerIsp: false, aftrIsp: false, ...flags };
  return { minor, diskState: Disk.UpToDate, diskOptions: { resyncAfterMinor }, peerDevices: [peerDevice] };
}

const lookup = (devices: readonly DependentDevice[]) => (minor: number) => devices.find((one) => one.minor === minor);

describe('a device may resync', () => {
  test.each([
    ['alone', [device(1, -1, Conn.SyncTarget)], true],
    ['after one that is done', [device(1, 0), device(0, -1)], true],
    ['not while the earlier one is a target', [device(1, 0), device(0, -1, Conn.SyncTarget)], false],
    ['not while the earlier one is a source', [device(1, 0), device(0, -1, Conn.SyncSource)], false],
    ['not while the earlier one is paused', [device(1, 0), device(0, -1, Conn.PausedSyncT)], false],
    ['while the earlier one exchanges bitmaps', [device(1, 0), device(0, -1, Conn.WFBitMapT)], true],
    ['not while one further up resyncs', [device(2, 1), device(1, 0), device(0, -1, Conn.SyncTarget)], false],
    [
      'not after one that an administrator paused',
      [device(1, 0), device(0, -1, Conn.Connected, { userIsp: true })],
      false,
    ],
    ['after one that does not exist', [device(1, 7)], true],
  ])('%s', (_, devices, expected) => {
    const [first] = devices;
    expect(first && mayResync(first, lookup(devices))).toBe(expected);
  });

  test('after one without a disk, whatever is beyond', () => {
    const devices = [device(2, 1), { ...device(1, 0), diskState: Disk.Diskless }, device(0, -1, Conn.SyncTarget)];
    expect(mayResync(devices[0] as DependentDevice, lookup(devices))).toBe(true);
  });
});

test.each([
  ['nothing', -1, 101],
  ['a minor that does not exist', 9, 101],
  ['one that waits for others', 1, 101],
  ['below -1', -2, 132],
  ['itself', 2, 133],
  ['one that waits for it', 3, 133],
])('the option names %s', (_, value, code) => {
  const devices = [device(0, -1), device(1, 0), device(2, -1), device(3, 2)];
  expect(resyncAfterProblem(2, value, lookup(devices))).toBe(code);
});
