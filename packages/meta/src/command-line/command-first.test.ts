/** The command first, for resources of a drbd.conf whose disks are files. */
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCaptured, type Captured } from '../../test/support/run-captured';

const MIB = 1024 * 1024;
let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tsdrbdmeta-'));
  for (const name of ['zero', 'one', 'three']) writeFileSync(path(name), Buffer.alloc(16 * MIB));
  // Two slots of 128 MiB, and one alone on its file.
  writeFileSync(path('slots'), '');
  truncateSync(path('slots'), 256 * MIB);
  writeFileSync(path('flexible'), Buffer.alloc(4 * MIB));
});
afterEach(() => rmSync(directory, { recursive: true }));

const path = (name: string): string => join(directory, name);

const r0 = () => `resource r0 {
  volume 0 { device minor 10; disk ${path('zero')}; meta-disk internal; }
  volume 1 { device minor 11; disk ${path('one')}; meta-disk ${path('slots')}[1]; }
  volume 3 { device minor 13; disk ${path('three')}; meta-disk ${path('flexible')}; }
  volume 4 { device minor 14; disk /dev/none; meta-disk internal; }
  on alice { node-id 0; address 127.0.0.1:7001; volume 4 { disk none; } }
  on bob { node-id 1; address 127.0.0.2:7001; }
  on carol { node-id 2; address 127.0.0.3:7001; }
  connection-mesh { hosts alice bob carol; }
}`;

const other =
  'resource other { on alice { address 127.0.0.1:7002; } on bob { address 127.0.0.2:7002; } device minor 20; disk /dev/other; meta-disk internal; }';

function onAlice(...argv: readonly string[]): Promise<Captured> {
  return runCaptured(directory, argv, { programName: 'tsdrbdmeta' }, { __DRBD_NODE__: 'alice' });
}

async function withConfig(text: string, ...argv: readonly string[]): Promise<Captured> {
  writeFileSync(path('drbd.conf'), text);
  return await onAlice('-c', path('drbd.conf'), ...argv);
}

describe('create-md of a resource', () => {
  test('makes the metadata of every volume that has a disk here, where the configuration says, for its peers', async () => {
    const created = await withConfig(r0(), 'create-md', 'r0');
    expect(created.exitCode).toBe(0);
    expect(created.stdout.match(/successfully created/g)).toHaveLength(3);
    for (const [device, index] of [
      ['zero', 'internal'],
      ['slots', '1'],
      ['flexible', 'flex-external'],
    ] as const) {
      const dump = await onAlice('-', 'v09', path(device), index, 'dump-md');
      expect(dump).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('max-peers 2;') as string });
      // As after tsdrbdadm's create-md.
      expect(dump.stdout).not.toContain('device-uuid 0x0000000000000000;');
    }
    expect(readFileSync(path('one')).every((byte) => byte === 0)).toBe(true);
    expect(
      readFileSync(path('slots'))
        .subarray(0, 128 * MIB)
        .every((byte) => byte === 0),
    ).toBe(true);
  });

  test('of one volume leaves the others alone', async () => {
    expect(await withConfig(r0(), 'create-md', 'r0/3', '--max-peers', '5')).toMatchObject({ exitCode: 0 });
    expect((await onAlice('dump-md', path('flexible'))).stdout).toContain('max-peers 5;');
    expect(readFileSync(path('zero')).every((byte) => byte === 0)).toBe(true);
  });

  test('stops at the first volume that fails', async () => {
    await withConfig(r0(), 'create-md', 'r0/1');
    // What is there may be overwritten after a question only, and nobody is here to answer it.
    const again = await withConfig(r0(), 'create-md', 'r0');
    expect(again.exitCode).toBe(1);
    expect(again.stdout.match(/successfully created/g)).toHaveLength(1);
    expect(readFileSync(path('flexible')).every((byte) => byte === 0)).toBe(true);
  });

  test('with a size agreed on names the peers that have a disk', async () => {
    await withConfig(r0(), 'create-md', 'r0/0', '--effective-size=1000');
    const dump = (await withConfig(r0(), 'dump-md', 'r0/0')).stdout;
    expect(dump).toContain('la-size-sect 1000;');
    expect(dump.match(/# seen/g)).toHaveLength(2);
  });
});

describe('with metadata in place', () => {
  beforeEach(async () => {
    expect(await withConfig(r0(), 'create-md', 'r0')).toMatchObject({ exitCode: 0 });
  });

  test('a command is run for all volumes in order', async () => {
    expect(await onAlice('-c', path('drbd.conf'), 'dstate', 'r0')).toEqual({
      exitCode: 0,
      stdout: 'Inconsistent\n'.repeat(3),
      stderr: '',
    });
  });

  test.each([['r0/1'], ['minor-11'], ['/dev/drbd11']])('%s is the volume', async (name) => {
    const { stdout } = await onAlice('-c', path('drbd.conf'), 'dump-md', name);
    expect(stdout).toContain('md_offset 134217728');
  });

  test('without a name it is the only resource', async () => {
    expect((await onAlice('-c', path('drbd.conf'), 'dstate')).stdout).toBe('Inconsistent\n'.repeat(3));
  });

  test('with two resources a name is needed', async () => {
    expect(await withConfig(r0() + other, 'dstate')).toEqual({
      exitCode: 20,
      stdout: '',
      stderr: 'dstate: which resource, or the path of which device? The configuration has more than one: r0, other.\n',
    });
  });

  test('what is about a peer is shown for each, changed for the one that is named', async () => {
    const gi = (await onAlice('-c', path('drbd.conf'), 'get-gi', 'r0/0')).stdout;
    expect(gi.split('\n')).toHaveLength(3);
    const changed = await onAlice('-c', path('drbd.conf'), '--force', 'set-gi', 'r0/0', 'AA:BB');
    expect(changed).toMatchObject({ exitCode: 10, stderr: 'The set-gi command requires the --node-id option\n' });
    expect(await onAlice('-c', path('drbd.conf'), '--force', '--node-id=2', 'set-gi', 'r0/0', 'AA:BB')).toMatchObject({
      exitCode: 0,
    });
    const after = (await onAlice('-c', path('drbd.conf'), 'get-gi', 'r0/0')).stdout.split('\n');
    expect(after[0]).toMatch(/^00000000000000AA:0000000000000000:/);
    expect(after[1]).toMatch(/^00000000000000AA:00000000000000BB:/);
  });

  test('a peer is forgotten only by its number', async () => {
    expect(await onAlice('-c', path('drbd.conf'), 'forget-peer', 'r0/0')).toMatchObject({
      exitCode: 10,
      stderr: 'The forget-peer command requires the --node-id option\n',
    });
  });

  test('a dump goes back into the volume', async () => {
    const dump = (await onAlice('-c', path('drbd.conf'), 'dump-md', 'r0/3')).stdout;
    writeFileSync(path('dump'), dump.replace('node-id -1;', 'node-id 7;'));
    const restored = await onAlice('-c', path('drbd.conf'), '--force', 'restore-md', 'r0/3', path('dump'));
    expect(restored).toMatchObject({ exitCode: 0 });
    expect((await onAlice('-c', path('drbd.conf'), 'dump-md', 'r0/3')).stdout).toContain('node-id 7;');
  });

  test('the format is what is there', async () => {
    await onAlice('--force', 'create-md', path('flexible'), '--format=v08', '--index=flex-external');
    expect((await onAlice('-c', path('drbd.conf'), 'dump-md', 'r0/3')).stdout).toContain('version "v08";');
  });
});

describe('what cannot be looked up is refused in the words of drbdadm', () => {
  test.each([
    ['r9', 1, "'r9' not defined in your config (for this host).\n"],
    ['minor-77', 1, "'minor-77' not defined in your config (for this host).\n"],
    ['r0/7', 1, "Resource 'r0' has no volume 7\n"],
    ['r0/4', 10, 'The dump-md command requires a local disk, but the configuration gives none.\n'],
    [
      'drbd.conf',
      1,
      "'drbd.conf' not defined in your config (for this host).\nFor the file of this name: ./drbd.conf\n",
    ],
  ])('%s: exit code %d', async (name, exitCode, stderr) => {
    expect(await withConfig(r0(), 'dump-md', name)).toEqual({ exitCode, stdout: '', stderr });
  });

  test('no configuration', async () => {
    expect(await onAlice('-c', path('missing.conf'), 'dump-md', 'r0')).toEqual({
      exitCode: 20,
      stdout: '',
      stderr: `Can not open '${path('missing.conf')}'.\n`,
    });
  });

  test('a configuration with a mistake, with its file and line', async () => {
    const result = await withConfig('resource r0 {\n  volume 0 { disks /dev/sda; }\n}\n', 'create-md', 'r0');
    expect(result).toMatchObject({ exitCode: 10, stdout: '' });
    expect(result.stderr).toContain(`${path('drbd.conf')}:2: Parse error`);
  });

  test('a place beside the configured one', async () => {
    expect(await withConfig(r0(), 'dump-md', 'r0', '--index=internal')).toMatchObject({ exitCode: 20, stdout: '' });
  });
});

test('the usage text shows the short form, except under the original name', async () => {
  expect((await onAlice('--help', 'x', 'y')).stdout).toContain('tsdrbdmeta COMMAND [RESOURCE[/VOLUME] | PATH]');
  expect((await runCaptured(directory, ['--help', 'x', 'y'])).stdout).not.toContain('BY HAND');
});
