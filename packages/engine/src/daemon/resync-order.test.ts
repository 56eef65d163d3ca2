/** Who is looked at when something changes. The rule itself: core/resync/resync-after.test.ts. */
import type { Device } from '../core';
import { Conn, Disk } from '../wire';
import { ResyncOrder } from './resync-order';

interface FakePeerDevice {
  conn: number;
  userIsp: boolean;
  peerIsp: boolean;
  aftrIsp: boolean;
}

let looks = 0;
const devices = new Map<number, Device>();
const order = (): ResyncOrder =>
  new ResyncOrder((minor) => {
    looks += 1;
    return devices.get(minor);
  });

/** What ResyncOrder touches of a device. */
function device(
  minor: number,
  resyncAfterMinor: number,
): { device: Device; peer: FakePeerDevice; after(minor: number): void } {
  const peer: FakePeerDevice = { conn: Conn.Connected, userIsp: false, peerIsp: false, aftrIsp: false };
  const fake = {
    minor,
    diskState: Disk.UpToDate,
    diskOptions: { resyncAfterMinor },
    peerDevices: [peer],
    resource: { states: { force: (of: FakePeerDevice, change: { aftrIsp: boolean }) => Object.assign(of, change) } },
  };
  // Only the fields above are used.
  const made = fake as unknown as Device;
  devices.set(minor, made);
  return { device: made, peer, after: (other) => void (fake.diskOptions = { resyncAfterMinor: other }) };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

beforeEach(() => {
  devices.clear();
  looks = 0;
});

test('without the option a change costs nothing', async () => {
  const orders = order();
  for (let minor = 0; minor < 200; minor++) orders.noteOptions(device(minor, -1).device);
  for (let change = 0; change < 100; change++) orders.noteChange();
  await turn();
  expect(looks).toBe(0);
});

test('a device with the option waits, and goes on when the option is taken back', async () => {
  const orders = order();
  const first = device(0, -1);
  const second = device(1, 0);
  orders.noteOptions(second.device);
  await turn();
  expect(second.peer.aftrIsp).toBe(false);

  first.peer.conn = Conn.SyncSource;
  orders.noteChange();
  await turn();
  expect(second.peer.aftrIsp).toBe(true);

  second.after(-1);
  orders.noteOptions(second.device);
  await turn();
  expect(second.peer.aftrIsp).toBe(false);
  looks = 0;
  orders.noteChange();
  await turn();
  expect(looks).toBe(0);
});

test('a device that is gone is not looked at', async () => {
  const orders = order();
  const gone = device(1, 0);
  device(0, -1).peer.conn = Conn.SyncSource;
  orders.noteOptions(gone.device);
  orders.noteRemoved(gone.device);
  await turn();
  expect(gone.peer.aftrIsp).toBe(false);
});
