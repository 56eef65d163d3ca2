/** What goes wrong around the engine is told clearly, with the original's exit code, and touches no data. */
import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { expectNoTrace } from './support/no-trace';
import { Pair } from './support/pair';
import { PrivateMounts, testWithPrivateMounts } from './support/private-mounts';
import { bundle, run, type Outcome } from './support/programs';

let pair: Pair;
beforeEach(async () => {
  pair = await Pair.create();
});
afterEach(() => pair.end());

const sum = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/** A disk with metadata and some data. */
async function prepareDisk(): Promise<void> {
  await pair.alice.does('create-md', 'r0');
  const disk = readFileSync(pair.alice.diskPath);
  disk.fill(0xd5, 0, 1024 * 1024);
  writeFileSync(pair.alice.diskPath, disk);
}

function expectRefused(outcome: Outcome, code: number, ...texts: (string | RegExp)[]): void {
  expect(outcome.code).toBe(code);
  for (const text of texts) expect(outcome.stderr).toMatch(text);
  expectNoTrace(outcome);
}

describe('a configuration', () => {
  const withText = async (
    change: (text: string) => string,
  ): Promise<{ readonly text: string; readonly up: Outcome }> => {
    const before = readFileSync(pair.configPath, 'utf8');
    const text = change(before);
    expect(text).not.toBe(before);
    writeFileSync(pair.configPath, text);
    return { text, up: await pair.alice.adm('up', 'r0') };
  };

  test.each([
    {
      what: 'a misspelt word',
      change: (text: string) => text.replace(/address/, 'adress'),
      lineOf: 'adress',
      says: "Parse error: 'disk | device | address | meta-disk | flexible-meta-disk | node-id | skip' expected,\n\tbut got 'adress'",
    },
    {
      what: 'a missing semicolon',
      change: (text: string) => text.replace(/(device minor \d+);/, '$1'),
      lineOf: 'on alice',
      says: "Parse error: ';' expected,\n\tbut got 'disk'",
    },
    {
      what: 'a value out of range',
      change: (text: string) => text.replace('connect-int 1;', 'connect-int 100000;'),
      lineOf: 'connect-int',
      says: "Parse error: while parsing value ('100000')\nfor connect-int. Value is too big.",
    },
    {
      what: 'a section that never ends',
      change: (text: string) => text.replace(/\}\n\}\n$/, '\n# the end'),
      lineOf: '# the end',
      says: "Parse error: 'disk | device | address | meta-disk | flexible-meta-disk | node-id | skip' expected,\n\tbut got ''",
    },
  ])('with $what: file, line, and what was expected; no engine is started', async ({ change, lineOf, says }) => {
    const { text, up } = await withText(change);
    const line = text.slice(0, text.indexOf(lineOf)).split('\n').length;
    expectRefused(up, 10, `${pair.configPath}:${line}: ${says}`);
    expect(pair.alice.enginePid()).toBeNull();
  });

  test('without this host: named', async () => {
    const { up } = await withText((text) => text.replace('on alice', 'on carol'));
    expectRefused(up, 1, /^'r0' not defined in your config \(for this host\)\.$/m);
  });

  test('that is not there', async () => {
    const outcome = await pair.alice.program('tsdrbdadm', '-c', join(pair.directory, 'nothing.conf'), 'up', 'r0');
    expectRefused(outcome, 20, /nothing\.conf/);
  });
});

test('an unknown resource gets the messages of DRBD', async () => {
  const { alice } = pair;
  expectRefused(await alice.adm('up', 'nix'), 1, /^'nix' not defined in your config \(for this host\)\.$/m);
  expectRefused(await alice.program('tsdrbdsetup', 'status', 'nix'), 10, /^nix: No such resource$/m);
  expectRefused(await alice.program('tsdrbdsetup', 'primary', 'nix'), 10, /^nix: Failure: \(158\) Unknown resource$/m);
  expectRefused(
    await alice.program('tsdrbdsetup', 'attach', '7', alice.diskPath, alice.diskPath, 'internal'),
    10,
    /^7: Failure: \(127\) Device minor not allocated/m,
  );
});

describe('a backing disk', () => {
  test('that is missing is named, by the metadata tool and by the engine', async () => {
    const { alice } = pair;
    await prepareDisk();
    renameSync(alice.diskPath, `${alice.diskPath}-away`);
    expectRefused(await alice.adm('up', 'r0'), 1, `open(${alice.diskPath}) failed: No such file or directory`);
    expectRefused(await alice.adm('create-md', 'r0'), 20, `open(${alice.diskPath}) failed: No such file or directory`);

    const attach = await alice.program('tsdrbdsetup', 'attach', '0', alice.diskPath, alice.diskPath, 'internal');
    expectRefused(attach, 20, `Can not open device '${alice.diskPath}': No such file or directory\n`);
    renameSync(`${alice.diskPath}-away`, alice.diskPath);
    await alice.does('adjust', 'r0');
    await alice.until('attached', ({ devices }) => devices[0]?.diskState === 'Inconsistent');
    expectNoTrace(alice);
  });

  test('without metadata stays as it is', async () => {
    const { alice } = pair;
    writeFileSync(alice.diskPath, Buffer.alloc(32 * 1024 * 1024, 0x77));
    const before = sum(alice.diskPath);
    expectRefused(await alice.adm('up', 'r0'), 1, /No valid meta data found/);
    const attach = await alice.program('tsdrbdsetup', 'attach', '0', alice.diskPath, alice.diskPath, 'internal');
    expectRefused(attach, 10, /^0: Failure: \(119\) No valid meta-data signature found\.$/m);
    expect(sum(alice.diskPath)).toBe(before);
    expectNoTrace(alice);
  });

  test('that is in use by another engine is refused', async () => {
    const { alice, bob } = pair;
    await prepareDisk();
    await alice.does('up', 'r0');
    writeFileSync(pair.configPath, readFileSync(pair.configPath, 'utf8').replace(bob.diskPath, alice.diskPath));
    const outcome = await bob.adm('up', 'r0');
    expect(outcome.code).not.toBe(0);
    expect(outcome.stderr).toMatch(/in use|busy|exclusive/i);
    expectNoTrace(outcome, alice, bob);
  });

  testWithPrivateMounts()('that is read-only is refused, and stays as it is', async () => {
    const { alice } = pair;
    await prepareDisk();
    const before = sum(alice.diskPath);
    const mounts = await PrivateMounts.create();
    try {
      const storage = join(pair.directory, 'alice/storage');
      await mounts.sh(`mount --bind ${storage} ${storage} && mount -o remount,bind,ro ${storage}`);
      const inside = (program: 'tsdrbdadm' | 'tsdrbdsetup', ...argv: string[]): Promise<Outcome> => {
        const [first = 'nsenter', ...rest] = [...mounts.prefix, process.execPath, bundle(program), ...argv];
        return run(first, rest, { env: alice.env });
      };
      const up = await inside('tsdrbdadm', '-c', pair.configPath, 'up', 'r0');
      expectRefused(up, 1, `open(${alice.diskPath}) failed: Read-only file system`);
      const attach = await inside('tsdrbdsetup', 'attach', '0', alice.diskPath, alice.diskPath, 'internal');
      expectRefused(attach, 20, `Can not open device '${alice.diskPath}': Read-only file system\n`);
      // Past the programs' own check, as after a remount: the engine says it too.
      const request = { command: 'attach', minor: 0, dataDevice: alice.diskPath, metaDevice: alice.diskPath } as const;
      expect(await alice.request({ ...request, metaIndex: 'internal' })).toEqual({
        code: 104,
        messages: [expect.stringMatching(/^cannot open .*disk for writing \(EROFS\)$/)],
      });
      expect(sum(alice.diskPath)).toBe(before);
      expectNoTrace(alice);
    } finally {
      await alice.endEngine('SIGKILL');
      mounts.end();
    }
  });
});

test('a port that another program has: said in the log, tried again, and used when it is free', async () => {
  const { alice, bob, addresses } = pair;
  await Promise.all(pair.nodes.map((node) => node.does('create-md', 'r0')));
  // Both, for either node may be the one that is dialled.
  const squatters = await Promise.all([addresses.alice, addresses.bob].map((host) => squat(host, addresses.port)));
  await Promise.all(pair.nodes.map((node) => node.does('up', 'r0')));
  const { alice: host, port } = addresses;
  await alice.until('told', () => alice.log().includes(`cannot listen on ${host}:${port}: listen EADDRINUSE`));
  await alice.until('waiting', ({ connections }) => connections[0]?.connectionState !== 'StandAlone');
  for (const server of squatters) server.close();
  await alice.until('connected', (_, peer) => peer?.replicationState === 'Established', 15_000);
  expectNoTrace(alice, bob);
});

function squat(host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.on('error', () => undefined).destroy())
      .on('error', reject)
      .listen(port, host, () => resolve(server));
  });
}

test('an engine that was killed: nothing is configured, nothing hangs, and up brings everything back', async () => {
  const { alice } = pair;
  await prepareDisk();
  await alice.does('up', 'r0');
  await alice.does('primary', '--force', 'r0');
  await alice.endEngine('SIGKILL');

  // The sockets are still there, and nobody listens.
  expectRefused(await alice.adm('status', 'r0'), 10, /^r0: No such resource$/m);
  expectRefused(await alice.program('tsdrbdsetup', 'primary', 'r0'), 10, /\(158\) Unknown resource/);
  expect(alice.enginePid()).not.toBeNull(); // Commands that change something start an engine.
  await alice.endEngine('SIGKILL');
  expect(await alice.program('tsdrbdsetup', 'events2', '--now')).toMatchObject({ code: 0, stdout: 'exists -\n' });
  expect(await alice.program('tsdrbdsetup', 'down', 'r0')).toMatchObject({ code: 0, stderr: '' });
  expect(alice.enginePid()).toBeNull();

  await alice.does('up', 'r0');
  const { devices } = await alice.until('UpToDate', (resource) => resource.devices[0]?.diskState === 'UpToDate');
  expect(devices[0]?.backing?.dataDevice).toBe(alice.diskPath);
  expectNoTrace(alice);
});

test('an engine that is killed under those who wait for it: they end', async () => {
  const { alice } = pair;
  await prepareDisk();
  await alice.does('up', 'r0');
  const waiting = [
    alice.program('tsdrbdsetup', 'wait-connect-resource', 'r0'),
    alice.program('tsdrbdsetup', 'wait-sync-resource', 'r0'),
    alice.program('tsdrbdsetup', 'events2', 'r0'),
  ];
  await alice.until('watched', () => true);
  await new Promise((resolve) => setTimeout(resolve, 700));
  await alice.endEngine('SIGKILL');
  for (const outcome of await Promise.all(waiting)) {
    expect(outcome.code).toBeGreaterThanOrEqual(0);
    expectNoTrace(outcome);
  }
});

test('a second engine for the same run directory leaves at once, and harms nothing', async () => {
  const { alice } = pair;
  await prepareDisk();
  await alice.does('up', 'r0');
  const pid = alice.enginePid();
  expect(await alice.program('tsdrbdd')).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(alice.enginePid()).toBe(pid);
  expect((await alice.state())?.resources).toHaveLength(1);
  // Two commands at once, each of which wants one.
  await alice.endEngine('SIGKILL');
  const started = await Promise.all([alice.adm('up', 'r0'), alice.program('tsdrbdsetup', 'new-resource', 'r1', '1')]);
  expect(started.map(({ code }) => code)).toEqual([0, 0]);
  expect((await alice.state())?.resources.map(({ name }) => name).sort()).toEqual(['r0', 'r1']);
  expectNoTrace(alice, ...started);
});
