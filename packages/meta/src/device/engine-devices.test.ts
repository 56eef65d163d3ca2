/** tsdrbdmeta beside an engine: what is attached is not changed, by whatever name it is called. */
import { linkSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeviceState } from '@tsdrbd/engine/control';
import { startControlServer, type ControlServer } from '@tsdrbd/engine/control/server';
import { deviceState, FakeBackend, resourceState } from '@tsdrbd/engine/control/testing';
import { runCaptured, type Captured } from '../../test/support/run-captured';

const MIB = 1024 * 1024;
let directory = '';
let server: ControlServer | null = null;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tsdrbdmeta-'));
  for (const name of ['slots', 'disk']) {
    writeFileSync(path(name), '');
    truncateSync(path(name), 256 * MIB);
  }
  await meta('3', 'v09', 'slots', '1', 'create-md', '1');
  await meta('4', 'v09', 'disk', 'internal', 'create-md', '1');
});
afterEach(async () => {
  await server?.close();
  server = null;
  rmSync(directory, { recursive: true });
});

const path = (name: string): string => join(directory, name);
const meta = (...argv: readonly string[]): Promise<Captured> => runCaptured(directory, argv);

async function startEngine(...devices: readonly Partial<DeviceState>[]): Promise<void> {
  const states = devices.map((changes, volume) => deviceState({ volume, ...changes }));
  const backend = new FakeBackend([resourceState({ devices: states })]);
  server = await startControlServer({ runDir: directory }, { backend });
}

const inSlot1 = () => ({ dataDevice: '/dev/none', metaDevice: path('slots'), metaIndex: 1 }) as const;
const MODIFYING = [
  'create-md 1',
  'restore-md',
  'apply-al',
  'wipe-md',
  'outdate',
  'invalidate',
  'check-resize',
  'repair-md',
];

test.each(MODIFYING)('%s is refused for a minor that is attached, and --force does not help', async (command) => {
  await startEngine({ minor: 3, diskState: 'UpToDate', backing: inSlot1() });
  const before = readFileSync(path('slots'));
  const refused = { exitCode: 20, stdout: '', stderr: "Device '/dev/drbd3' is configured!\n" };
  expect(await meta('--force', '/dev/drbd3', 'v09', 'slots', '1', ...command.split(' '))).toEqual(refused);
  expect(readFileSync(path('slots')).equals(before)).toBe(true);
});

test.each(['set-gi AA', 'forget-peer', 'write-dev-uuid AA'])('so is %s', async (command) => {
  await startEngine({ minor: 3, diskState: 'UpToDate', backing: inSlot1() });
  const nodeId = command.startsWith('write') ? [] : ['--node-id=1'];
  const answer = await meta('--force', ...nodeId, '3', 'v09', 'slots', '1', ...command.split(' '));
  expect(answer).toEqual({ exitCode: 20, stdout: '', stderr: "Device '3' is configured!\n" });
});

test.each(['Attaching', 'Failed', 'Negotiating', 'Inconsistent', 'Outdated', 'Consistent'] as const)(
  'in the state %s too',
  async (diskState) => {
    await startEngine({ minor: 4, diskState });
    expect(await meta('4', 'v09', 'disk', 'internal', 'outdate')).toMatchObject({ exitCode: 20 });
  },
);

test('a slot of a shared device is known without its minor, and under another name of the file', async () => {
  await startEngine({ minor: 3, diskState: 'UpToDate', backing: inSlot1() });
  linkSync(path('slots'), path('also-slots'));
  const refused = { exitCode: 20, stdout: '', stderr: "Device '3' is configured!\n" };
  expect(await meta('--force', '-', 'v09', 'slots', '1', 'wipe-md')).toEqual(refused);
  expect(await meta('--force', '9', 'v09', './also-slots', '1', 'create-md', '1')).toEqual(refused);
});

test('the slot beside it is free', async () => {
  await startEngine({ minor: 3, diskState: 'UpToDate', backing: inSlot1() });
  expect(await meta('9', 'v09', 'slots', '0', 'create-md', '1')).toMatchObject({ exitCode: 0 });
});

test('a slot within a disk that is attached as a whole is not free', async () => {
  const backing = { dataDevice: path('disk'), metaDevice: path('disk'), metaIndex: 'internal' } as const;
  await startEngine({ minor: 4, diskState: 'UpToDate', backing });
  const refused = { exitCode: 20, stdout: '', stderr: "Device '4' is configured!\n" };
  expect(await meta('--force', '9', 'v09', 'disk', '0', 'create-md', '1')).toEqual(refused);
  expect(await meta('--force', '-', 'v09', 'disk', 'flex-external', 'create-md', '1')).toEqual(refused);
});

test('nor is one within the data of a volume that has its metadata elsewhere', async () => {
  await startEngine({ minor: 3, diskState: 'UpToDate', backing: { ...inSlot1(), dataDevice: path('disk') } });
  expect(await meta('--force', '-', 'v09', 'disk', '0', 'create-md', '1')).toMatchObject({ exitCode: 20 });
});

test('reading goes on, and says that it may be stale', async () => {
  await startEngine({ minor: 3, diskState: 'UpToDate', backing: inSlot1() });
  const stale = '# Output might be stale, since minor 3 is attached\n';
  expect(await meta('3', 'v09', 'slots', '1', 'dstate')).toEqual({
    exitCode: 0,
    stdout: 'Inconsistent\n',
    stderr: stale,
  });
  expect(await meta('-', 'v09', 'slots', '1', 'dstate')).toMatchObject({ exitCode: 0, stderr: stale });
});

test('a minor without a disk is not in the way', async () => {
  await startEngine({ minor: 4, diskState: 'Diskless' });
  expect(await meta('4', 'v09', 'disk', 'internal', 'outdate')).toMatchObject({ exitCode: 5 });
  expect(await meta('4', 'v09', 'disk', 'internal', 'apply-al')).toMatchObject({ exitCode: 0 });
});

test('an engine that has ended is not in the way', async () => {
  // As a killed one leaves it.
  writeFileSync(path('control.sock'), '');
  expect(await meta('4', 'v09', 'disk', 'internal', 'apply-al')).toMatchObject({ exitCode: 0 });
});
