import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  connectionState,
  deviceState,
  peerDeviceState,
  resourceState,
  syncDetails,
  NO_GENERATION,
} from '@tsdrbd/engine/control/testing';
import { SetupSession } from '../test/support/setup-session';

let session: SetupSession;
beforeEach(() => (session = new SetupSession()));
afterEach(() => session.end());

const healthy = resourceState({
  devices: [deviceState()],
  connections: [connectionState({ peerDevices: [peerDeviceState()] })],
});

describe('a resource is brought up by commands', () => {
  test('as drbdadm gives them, and status tells of it', async () => {
    await session.start();
    writeFileSync(join(session.runDir, 'disk'), '');
    for (const line of [
      'new-resource r0 0 --quorum=majority',
      'new-minor r0 0 0',
      'new-peer r0 1 --_name=bob --protocol=c --ping-int 3',
      'new-path r0 1 ipv4:127.0.0.1:7000 127.0.0.2',
      'attach 0 disk disk internal --size=1M --al-extents=6007',
      'connect r0 1',
      'primary --force r0',
    ]) {
      expect(await session.run(line)).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    }
    const disk = join(session.runDir, 'disk');
    expect(session.backend.requests).toEqual([
      { command: 'new-resource', resource: 'r0', nodeId: 0, options: { quorum: 'majority' } },
      { command: 'new-minor', resource: 'r0', minor: 0, volume: 0, options: {} },
      { command: 'new-peer', resource: 'r0', peerNodeId: 1, options: { _name: 'bob', protocol: 'C', 'ping-int': 3 } },
      {
        command: 'new-path',
        resource: 'r0',
        peerNodeId: 1,
        local: { family: 'ipv4', address: '127.0.0.1', port: 7000 },
        peer: { family: 'ipv4', address: '127.0.0.2', port: 7788 },
      },
      {
        command: 'attach',
        minor: 0,
        dataDevice: disk,
        metaDevice: disk,
        metaIndex: 'internal',
        options: { size: 2048, 'al-extents': 6007 },
      },
      { command: 'connect', resource: 'r0', peerNodeId: 1, tentative: false, discardMyData: false },
      { command: 'primary', resource: 'r0', force: true },
    ]);
    expect((await session.run('status')).stdout).toBe(
      'r0 role:Primary\n  disk:UpToDate open:no\n  bob connection:Connecting\n\n',
    );
    expect((await session.run('role r0')).stdout).toBe('Primary\n');
    expect((await session.run('r0 role')).stdout).toBe('Primary\n');
    expect((await session.run('cstate r0 1')).stdout).toBe('Connecting\n');
    expect((await session.run('dstate /dev/drbd0')).stdout).toBe('UpToDate/DUnknown\n');
    expect((await session.run('show r0')).stdout).toContain('_remote_host ipv4 127.0.0.2:7788;');
    expect(await session.run('down r0')).toMatchObject({ exitCode: 0, stderr: '' });
    expect((await session.run('status')).stdout).toBe('# No currently configured DRBD found.\n');
  });

  test('down all takes down every resource', async () => {
    await session.start([healthy, resourceState({ name: 'r1' })]);
    expect(await session.run('down all')).toMatchObject({ exitCode: 0 });
    expect(session.backend.snapshot()).toEqual({ resources: [] });
  });
});

describe('links to the configuration, which tsdrbdadm leaves in the run directory', () => {
  const LINKS = [
    'drbd-minor-0.conf',
    'drbd-minor-1.conf',
    'drbd-minor-2.conf',
    'drbd-resource-r0.conf',
    'drbd-resource-r1.conf',
  ];
  const left = (): string[] =>
    readdirSync(session.runDir)
      .filter((name) => name.endsWith('.conf'))
      .sort();

  beforeEach(async () => {
    const devices = [deviceState(), deviceState({ volume: 1, minor: 1 })];
    const other = resourceState({ name: 'r1', devices: [deviceState({ minor: 2 })] });
    await session.start([resourceState({ devices }), other]);
    for (const name of LINKS) symlinkSync('/etc/drbd.conf', join(session.runDir, name));
  });

  test('down takes those of the resource and of its minors', async () => {
    expect(await session.run('down r0')).toMatchObject({ exitCode: 0 });
    expect(left()).toEqual(['drbd-minor-2.conf', 'drbd-resource-r1.conf']);
  });

  test('del-minor takes that of the minor, del-resource that of the resource', async () => {
    expect(await session.run('del-minor 2')).toMatchObject({ exitCode: 0 });
    expect(left()).toEqual(LINKS.filter((name) => name !== 'drbd-minor-2.conf'));
    expect(await session.run('del-resource r1')).toMatchObject({ exitCode: 0 });
    expect(left()).toEqual(['drbd-minor-0.conf', 'drbd-minor-1.conf', 'drbd-resource-r0.conf']);
  });

  test('a command that failed takes none', async () => {
    expect(await session.run('del-resource r0')).toMatchObject({ exitCode: 10 });
    expect(await session.run('del-minor 7')).toMatchObject({ exitCode: 10 });
    expect(left()).toEqual(LINKS);
  });
});

describe('what goes wrong is said in DRBD’s words', () => {
  beforeEach(() => session.start([resourceState({ devices: [deviceState({ diskState: 'Inconsistent' })] })]));

  test.each([
    ['primary r9', 10, 'r9: Failure: (158) Unknown resource\nadditional info from kernel:\nunknown resource\n'],
    ['primary r0', 17, 'r0: State change failed: (-2) Need access to UpToDate data\n'],
    [
      'connect r0 1',
      10,
      'r0: Failure: (162) Invalid configuration request\nadditional info from kernel:\nunknown connection\n',
    ],
    [
      'detach /dev/drbd7',
      10,
      '/dev/drbd7: Failure: (127) Device minor not allocated\nadditional info from kernel:\nunknown minor\n',
    ],
    ['status r9', 10, 'r9: No such resource\n'],
    ['role r9', 10, 'r9: Unknown resource\n'],
    ['cstate r9 1', 10, 'r9: Failure: (158) Unknown resource\nr9: No such connection\n'],
    ['cstate r0 1', 10, 'r0: No such connection\n'],
    ['dstate 9', 10, '9: No such device\n'],
    ['get-gi r0 1 0', 10, 'r0: No such peer device\n'],
    ['dstate foo', 20, "Cannot determine minor device number of device 'foo'\n"],
    ['primary r0 x y', 20, 'Excess arguments: x y\n'],
    ['down r0 x', 20, 'Excess arguments: x\n'],
    ['down r0 x y', 132, ''],
    ['net-options r0 1 --protocol=Z', 20, "Option --protocol: invalid argument 'Z'\n"],
    ['primary r0 --force=maybe', 20, "Option --force: invalid argument 'maybe'\n"],
    ['net-options r0 1 --timeout=5x', 20, '5x is not a valid unit\n'],
    ['net-options r0 1 --timeout=abc', 20, 'abc is not a valid number\n'],
    ['net-options r0 1 --timeout=', 100, 'missing number argument\n'],
    ['new-path r0 1 ipv6:fd00 127.0.0.1', 20, 'unexpected ipv6 format: fd00\n'],
    [
      'attach 0 /nonexistent /nonexistent internal',
      20,
      "Can not open device '/nonexistent': No such file or directory\n",
    ],
    ['attach 0 / / internal', 20, '/ is not a block device!\n'],
    ['wait-sync-resource r9', 0, 'r9: Failure: (158) Unknown resource\n'],
    ['wait-sync-resource r0 --wfc-timeout=400000', 20, 'wfc_timeout => 400000 out of range [0..300000]\n'],
  ])('%s', async (line, exitCode, stderr) => {
    const outcome = await session.run(line);
    expect(outcome).toMatchObject({ exitCode, stderr });
  });

  test('a missing word: its number or name, and the usage', async () => {
    expect(await session.run('primary')).toMatchObject({
      exitCode: 20,
      stderr: 'Missing argument 1 to command\n',
      stdout: expect.stringContaining('USAGE: tsdrbdsetup primary {resource}\n    [--force={yes|no}]\n'),
    });
    expect(await session.run('attach 0')).toMatchObject({
      exitCode: 20,
      stderr: "Missing argument 'lower_dev' to command\n",
    });
  });

  test('a bad resource name', async () => {
    expect(await session.run(['role', ''])).toMatchObject({ exitCode: 1, stderr: 'Resource name is empty.\n' });
    expect((await session.run(['role', 'a\tb'])).exitCode).toBe(1);
    expect(await session.run('role all')).toMatchObject({
      exitCode: 20,
      stderr: "command does not accept argument 'all'\n",
    });
  });

  test('unknown commands and options print the usage', async () => {
    expect(await session.run('explode r0')).toMatchObject({
      exitCode: 20,
      stdout: expect.stringMatching(/\nCommands:\n {4}primary - [^]*\n\n\ninvalid command\n$/),
      stderr: '',
    });
    expect(await session.run('primary r0 --explode')).toMatchObject({
      exitCode: 20,
      stdout: expect.stringContaining('\nCommands:\n'),
      stderr: "primary: unrecognized option '--explode'\n",
    });
    expect(await session.run('help primary')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await session.run('primary --help')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await session.run('help')).toMatchObject({ exitCode: 20 });
    expect(await session.run('')).toMatchObject({ exitCode: 20, stdout: expect.stringContaining('USAGE:') });
  });

  test('a wrong colour', async () => {
    expect(await session.run('status --color=red')).toMatchObject({
      exitCode: 20,
      stderr: 'unknown --color argument\n',
    });
  });
});

describe('options', () => {
  beforeEach(() => session.start([healthy]));

  test('a beginning is enough, numbers take units, out of range is accepted, --name no is a word', async () => {
    await session.run('resource-options r0 --set-def --peer-ack-w=4k --twopc-timeout=9999');
    expect(session.backend.requests).toEqual([
      {
        command: 'resource-options',
        resource: 'r0',
        setDefaults: true,
        options: { 'peer-ack-window': 8, 'twopc-timeout': 9999 },
      },
    ]);
    expect(await session.run('primary r0 --force no')).toMatchObject({
      exitCode: 20,
      stderr: 'Excess arguments: no\n',
    });
    expect((await session.run('disk-options 0 --al')).stderr).toContain('is ambiguous');
  });

  test('the old names of flags', async () => {
    await session.run('primary r0 --overwrite-data-of-peer');
    await session.run('connect r0 1 --dry-run');
    expect(session.backend.requests).toEqual([
      { command: 'primary', resource: 'r0', force: true },
      { command: 'connect', resource: 'r0', peerNodeId: 1, tentative: true, discardMyData: false },
    ]);
  });
});

describe('without a daemon', () => {
  test.each([
    ['status', 0, '# No currently configured DRBD found.\n', ''],
    ['status r0', 10, '# No currently configured DRBD found.\n', 'r0: No such resource\n'],
    ['status --json', 0, '[\n]\n\n', ''],
    ['show', 0, '# No currently configured DRBD found.\n', ''],
    ['show --json r0', 0, '[\n]\n', ''],
    ['events2 --now', 0, 'exists -\n', ''],
    ['down r0', 0, '', ''],
    ['down all', 0, '', ''],
    ['secondary r0', 0, '', ''],
    ['disconnect r0 1', 0, '', ''],
    ['detach 0', 0, '', ''],
  ])('%s is answered as if nothing were configured', async (line, exitCode, stdout, stderr) => {
    expect(await session.run(line)).toEqual({ exitCode, stdout, stderr });
  });

  test('a command that needs one says so if it cannot be started', async () => {
    const outcome = await session.run('new-resource r0 0');
    expect(outcome.exitCode).toBe(20);
    expect(outcome.stderr).toMatch(/^r0: cannot run \/nonexistent\/tsdrbdd/);
  });

  test('a run directory that is none', async () => {
    const file = join(session.runDir, 'file');
    writeFileSync(file, '');
    const env = { TSDRBD_RUN_DIR: file, TSDRBDD: '/nonexistent/tsdrbdd' };
    const outcome = await session.run('new-resource r0 0', { env });
    expect(outcome.exitCode).toBe(20);
    expect(outcome.stderr).not.toContain('    at ');
  });
});

describe('waits', () => {
  const peer = (changes: Parameters<typeof peerDeviceState>[0]) =>
    resourceState({
      devices: [deviceState()],
      connections: [connectionState({ peerDevices: [peerDeviceState(changes)] })],
    });
  const off = peer({ replicationState: 'Off' });

  test('what is reached already is not waited for', async () => {
    await session.start([healthy]);
    expect(await session.run('wait-connect-resource r0')).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(await session.run('wait-sync-volume r0 1 0')).toMatchObject({ exitCode: 0 });
    expect(await session.run('wait-sync-connection r0 7')).toMatchObject({ exitCode: 0 });
  });

  test('connecting ends wait-connect; only being in sync ends wait-sync', async () => {
    await session.start([off]);
    const done: string[] = [];
    const connected = session.run('wait-connect-resource r0').then(() => done.push('connect'));
    const inSync = session.run('wait-sync-resource r0').then(() => done.push('sync'));
    await subscribers(2);
    session.backend.put(peer({ replicationState: 'SyncTarget' }));
    await connected;
    expect(done).toEqual(['connect']);
    session.backend.put(peer({ replicationState: 'Established' }));
    await inSync;
    expect(done).toEqual(['connect', 'sync']);
  });

  test('nobody comes: exit 5 after the timeout, with the notes on the other timeouts', async () => {
    await session.start([off]);
    expect(await session.run('wait-connect-resource r0 --wfc-timeout=1')).toEqual({
      exitCode: 5,
      stdout: '',
      stderr: [
        'degr-wfc-timeout has to be shorter than wfc-timeout',
        'degr-wfc-timeout implicitly set to wfc-timeout (1s)',
        'outdated-wfc-timeout has to be shorter than degr-wfc-timeout',
        'outdated-wfc-timeout implicitly set to degr-wfc-timeout (1s)',
        '',
      ].join('\n'),
    });
  });

  test('an outdated peer has the shortest timeout', async () => {
    await session.start([peer({ replicationState: 'Off', generation: { ...NO_GENERATION, peerOutdated: true } })]);
    const outcome = await session.run('wait-connect-resource r0 -t 9 -d 5 -o 1');
    expect(outcome).toEqual({ exitCode: 5, stdout: '', stderr: '' });
  });

  test('StandAlone ends a wait with success, unless told otherwise', async () => {
    const [bob = connectionState()] = off.connections;
    await session.start([{ ...off, connections: [{ ...bob, connectionState: 'StandAlone' }] }]);
    expect(await session.run('wait-connect-resource r0')).toMatchObject({ exitCode: 0, stderr: '' });
    const outcome = await session.run('wait-connect-connection r0 1 --wait-after-sb -t 1 -d 1 -o 1');
    expect(outcome).toMatchObject({
      exitCode: 5,
      stderr:
        "\ndrbd r0 connection to peer-id 1 ('bob') is StandAlone, but I'm configured to wait anways (--wait-after-sb)\n",
    });
  });

  test('a terminal sees how far the resync is', async () => {
    const halfway = peer({
      replicationState: 'SyncTarget',
      sync: syncDetails({ totalSectors: 800, mark1Ms: 1000, mark1Sectors: 200 }),
      statistics: { receivedSectors: 0, sentSectors: 0, outOfSyncSectors: 400, pendingCount: 0, unackedCount: 0 },
    });
    await session.start([halfway]);
    const waiting = session.run('wait-sync-resource r0', { isTTY: true });
    await new Promise((resolve) => setTimeout(resolve, 700));
    session.backend.put(peer({ replicationState: 'Established' }));
    const { stdout } = await waiting;
    expect(stdout).toContain('\rr0/0 SyncTarget bob [=========>..........] 50.00% (0.10 MiB/s, 2 s left)');
    expect(stdout.endsWith('\n')).toBe(true);
  });
});

describe('events2', () => {
  test('--now prints what exists, --timestamps when', async () => {
    await session.start([healthy]);
    const { stdout } = await session.run('events2 --now --statistics --timestamps r0', { now: () => 1_000_000 });
    expect(stdout).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d exists resource name:r0 role:Secondary /,
    );
    expect(stdout).toMatch(/ exists -\n$/);
    expect((await session.run('events2 --now r9')).stdout).toBe('exists -\n');
  });

  test('follows changes; --poll tells what was not reported, and ends with stdin', async () => {
    await session.start([healthy]);
    const { promise: poll, resolve: goOn } = deferred();
    async function* stdin(): AsyncGenerator<string> {
      await poll;
      yield 'n\n';
    }
    const following = session.run('events2 --poll --full', { stdin: stdin() });
    await subscribers(1);
    session.backend.put({ ...healthy, role: 'Primary' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    // A counter went up without an event.
    const written = deviceState({ statistics: { ...deviceState().statistics, writtenSectors: 64 } });
    session.backend.snapshot = () => ({ resources: [{ ...healthy, role: 'Primary', devices: [written] }] });
    goOn();
    const { exitCode, stdout } = await following;
    expect(exitCode).toBe(0);
    const changes = stdout.split('\n').slice(stdout.split('\n').indexOf('exists -') + 1);
    expect(changes[0]).toMatch(/^change resource name:r0 role:Primary /);
    expect(changes[1]).toMatch(/^change device name:r0 .* written:32 /);
  });

  test('the daemon ends: exit 121', async () => {
    await session.start([healthy]);
    const following = session.run('events2');
    await subscribers(1);
    await session.stop();
    expect(await following).toMatchObject({ exitCode: 121, stderr: 'all: module unloaded\n' });
  });
});

describe('check-resize', () => {
  test('records size and name of the backing device, and forgets them for external metadata', async () => {
    const disk = join(session.runDir, 'disk');
    writeFileSync(disk, Buffer.alloc(8192));
    const records = join(session.runDir, 'lkbd');
    mkdirSync(records);
    const backing = { dataDevice: disk, metaDevice: disk, metaIndex: 'internal' as const };
    await session.start([resourceState({ devices: [deviceState({ backing })] })]);
    const env = { TSDRBD_RUN_DIR: session.runDir, DRBD_LAST_KNOWN_DIR: records };
    expect(await session.run('check-resize 0', { env })).toMatchObject({ exitCode: 0, stderr: '' });
    const { readFileSync, existsSync } = await import('node:fs');
    const record = join(records, 'drbd-minor-0.lkbd');
    expect(readFileSync(record, 'utf8')).toBe(`8192\t${disk}\n`);
    session.backend.put(resourceState({ devices: [deviceState({ backing: { ...backing, metaIndex: 'flexible' } })] }));
    await session.run('check-resize 0', { env });
    expect(existsSync(record)).toBe(false);
  });
});

test('outdate takes the minor alone, and as drbdadm says it', async () => {
  await session.start([healthy]);
  const asked: unknown[] = [];
  session.backend.execute = async (request) => {
    asked.push(request);
    return { code: 1, messages: [] };
  };
  expect(await session.run('outdate 7')).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  expect(await session.run('outdate r0 7')).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  expect(asked).toEqual([
    { command: 'outdate', minor: 7 },
    { command: 'outdate', minor: 7 },
  ]);
});

test('a request in transit is repeated until it is decided', async () => {
  await session.start([healthy]);
  const codes = [-18, -18, 1];
  session.backend.execute = async () => ({ code: codes.shift() ?? 0, messages: [] });
  expect(await session.run('outdate 0')).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  expect(codes).toEqual([]);
});

async function subscribers(count: number): Promise<void> {
  while (session.backend.subscriberCount < count) await new Promise((resolve) => setTimeout(resolve, 2));
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
