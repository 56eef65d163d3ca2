/** --json on every command that reports: what the text says, as JSON. */
import type { ResourceState } from '@tsdrbd/engine/control';
import {
  connectionState,
  deviceState,
  pathState,
  peerDeviceState,
  resourceState,
} from '@tsdrbd/engine/control/testing';
import { SetupSession } from './support/setup-session';

const session = new SetupSession();
const resource: ResourceState = resourceState({
  name: '12',
  role: 'Primary',
  devices: [deviceState({ backing: { dataDevice: '/dev/a disk', metaDevice: '/dev/a disk', metaIndex: 'internal' } })],
  connections: [connectionState({ paths: [pathState()], peerDevices: [peerDeviceState()] })],
});
beforeAll(() => session.start([resource]));
afterAll(() => session.end());

async function json(line: string): Promise<unknown> {
  const { exitCode, stdout, stderr } = await session.run(line);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return JSON.parse(stdout);
}

test('one fact each', async () => {
  expect(await json('role --json 12')).toEqual({ name: '12', role: 'Primary' });
  expect(await json('peer-role -j 12 1')).toEqual({ name: '12', 'peer-node-id': 1, 'peer-role': 'Secondary' });
  expect(await json('cstate --json 12 1')).toEqual({ name: '12', 'peer-node-id': 1, 'connection-state': 'Connected' });
  expect(await json('dstate --json 0')).toEqual({
    minor: 0,
    'disk-state': 'UpToDate',
    'peer-disk-states': ['UpToDate'],
  });
  expect(await json('udev --json 0')).toEqual({
    DEVICE: 'drbd0',
    SYMLINK_BY_RES: 'drbd/by-res/12/0',
    SYMLINK_BY_DISK: 'drbd/by-disk/a disk',
  });
  const identifiers = await json('get-gi --json 12 1 0');
  expect(identifiers).toMatchObject({ 'current-uuid': 'A1B2C3D4E5F60788', consistent: false, 'device-seen': false });
  expect(await json('show-gi --json 12 1 0')).toEqual(identifiers);
});

test('the longer ones', async () => {
  expect(await json('status --json')).toMatchObject([{ name: '12', role: 'Primary' }]);
  expect(await json('show --json')).toMatchObject([{ resource: '12' }]);
  expect(await json('proc --json')).toMatchObject([
    { minor: 0, cs: 'Connected', ro: ['Primary', 'Secondary'], protocol: 'C', oos: 0, progress: null },
  ]);
  expect((await session.run('proc')).stdout).toContain(
    '\n 0: cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate C r-----\n',
  );
});

test('what is not there is told as without it', async () => {
  expect(await session.run('role --json r9')).toEqual({ exitCode: 10, stdout: '', stderr: 'r9: Unknown resource\n' });
});

test('events2: an object a line, with the keys and values of the text', async () => {
  const { stdout } = await session.run('events2 --now --json --timestamps 12', { now: () => 0 });
  const events = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(events.map(({ event, object }) => `${String(event)} ${String(object)}`)).toEqual([
    'exists resource',
    'exists connection',
    'exists device',
    'exists peer-device',
    'exists path',
    'exists -',
  ]);
  expect(events[0]).toEqual({
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:00\.000000[+-]\d\d:\d\d$/),
    event: 'exists',
    object: 'resource',
    name: '12',
    role: 'Primary',
    suspended: 'no',
    'force-io-failures': 'no',
    may_promote: 'no',
    promotion_score: 10102,
  });
  expect(events[2]).toMatchObject({ volume: 0, backing_dev: '/dev/a disk', open: 'no' });
  expect(events[4]).toMatchObject({ local: 'ipv4:10.0.0.1:7000', established: 'yes' });
});

test('proc without an engine says that there is none', async () => {
  const alone = new SetupSession();
  expect(await alone.run('proc')).toEqual({ exitCode: 10, stdout: '', stderr: 'proc: no engine is running\n' });
  await alone.end();
});
