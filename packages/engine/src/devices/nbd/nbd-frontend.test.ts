/** The driver is played by a stand-in: a directory as /sys/block, and nbd-client that marks a device there as connected. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunTool } from '../run-tool';
import { testVolume } from '../test-volume';
import { NbdFrontend } from './nbd-frontend';

let directory: string;
let sysBlock: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'nbd-frontend-'));
  sysBlock = join(directory, 'sys');
  for (const [name, number] of [
    ['nbd0', '43:0'],
    ['nbd1', '43:32'],
    ['nbd10', '43:320'],
    ['sda', '8:0'],
  ] as const) {
    mkdirSync(join(sysBlock, name), { recursive: true });
    writeFileSync(join(sysBlock, name, 'dev'), `${number}\n`);
  }
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const connectAs = (name: string) => writeFileSync(join(sysBlock, name, 'pid'), '4711\n');

function standIn(): { readonly run: RunTool; readonly calls: string[] } {
  const calls: string[] = [];
  return {
    calls,
    run: (program, argv) => {
      calls.push([program, ...argv].join(' ').replaceAll(directory, '@'));
      const device = argv.find((word) => word.startsWith('/dev/'))?.slice('/dev/'.length) ?? '';
      if (argv[0] === '-d') rmSync(join(sysBlock, device, 'pid'), { force: true });
      else connectAs(device);
      return Promise.resolve({ exitCode: 0, stdout: '', stderr: '' });
    },
  };
}

const frontendWith = (run: RunTool, used: () => void = () => undefined) =>
  new NbdFrontend({ socketDirectory: join(directory, 'socket'), sysBlock }, { run, onUse: used });

test('the first free device is connected to a socket of its own, and disconnected again', async () => {
  connectAs('nbd0');
  const { run, calls } = standIn();
  const frontend = frontendWith(run);
  const attached = await frontend.attach(testVolume({ minor: 5 }));
  expect(attached).toMatchObject({ kernelName: 'nbd1', deviceNumber: { major: 43, minor: 32 } });
  expect(attached.isAttached()).toBe(true);
  expect(existsSync(join(directory, 'socket/5.sock'))).toBe(true);
  const second = await frontend.attach(testVolume({ minor: 6 }));
  expect(second.kernelName).toBe('nbd10');
  await expect(frontend.attach(testVolume({ minor: 7 }))).rejects.toThrow('all nbd devices are in use');
  expect(await attached.detach('if unused')).toBe('detached');
  await second.detach('forced');
  expect(attached.isAttached()).toBe(false);
  expect(existsSync(join(directory, 'socket/5.sock'))).toBe(false);
  expect(calls).toEqual([
    'nbd-client -unix @/socket/5.sock /dev/nbd1 -name r0/0 -block-size 512',
    'nbd-client -unix @/socket/6.sock /dev/nbd10 -name r0/0 -block-size 512',
    'nbd-client -d /dev/nbd1',
    'nbd-client -d /dev/nbd10',
  ]);
});

test('what a killed engine left connected is disconnected, unless somebody else has connected it since', async () => {
  const killed = frontendWith(standIn().run);
  const left = [await killed.attach(testVolume({ minor: 1 })), await killed.attach(testVolume({ minor: 2 }))];
  writeFileSync(join(sysBlock, 'nbd1/pid'), '4712\n');
  connectAs('nbd10');
  const { run, calls } = standIn();
  await frontendWith(run).start();
  await frontendWith(run).start();
  expect(calls).toEqual(['nbd-client -d /dev/nbd0']);
  // Their sockets are this process's.
  for (const device of left) await device.detach('forced');
});

test('the driver is told a new size by netlink', async () => {
  const { run } = standIn();
  const sent: Buffer[] = [];
  const family = Buffer.from('1c0000001000000000000000000000000102000006000100' + '1d000000', 'hex');
  const acknowledged = Buffer.alloc(20);
  acknowledged.writeUInt16LE(2, 4);
  const frontend = new NbdFrontend(
    { socketDirectory: join(directory, 'socket'), sysBlock },
    { run, onUse: () => undefined, exchange: (message) => (sent.push(message) === 1 ? family : acknowledged) },
  );
  const attached = await frontend.attach(testVolume({ minor: 5, sizeBytes: 4096 }));
  await attached.resize();
  expect(sent[1]?.readUInt16LE(4)).toBe(0x1d);
  expect(sent[1]?.readBigUInt64LE(32)).toBe(4096n);
  await attached.detach('forced');
});

// Where a real driver is loaded it would be used.
const hasNbdClient = spawnSync('nbd-client', ['-V'], { env: { PATH: '/usr/sbin:/usr/bin' } }).error === undefined;
const testWithoutDriver = hasNbdClient && !existsSync('/sys/module/nbd') ? test : test.skip;

testWithoutDriver(
  'the real nbd-client takes the command and agrees with our server; only the driver is missing',
  async () => {
    const outcomes: string[] = [];
    const { runTool } = await import('../run-tool');
    const frontend = frontendWith(async (program, argv) => {
      const outcome = await runTool(program, argv);
      outcomes.push(outcome.stdout + outcome.stderr);
      return outcome;
    });
    await expect(frontend.attach(testVolume({ minor: 5, sizeBytes: 64 * 1024 * 1024 }))).rejects.toThrow(/netlink|nbd/);
    expect(outcomes.join('\n')).toContain('size = 64MB');
    expect(existsSync(join(directory, 'socket/5.sock'))).toBe(false);
  },
);

test('a client of that socket does not count as an open; its requests do; none is served on a Secondary', async () => {
  const { run } = standIn();
  let uses = 0;
  const volume = testVolume({ minor: 5 });
  const attached = await frontendWith(run, () => (uses += 1)).attach(volume);
  const client = connect(join(directory, 'socket/5.sock'));
  await new Promise((resolve) => client.once('data', resolve));
  expect([volume.openCount, uses]).toEqual([0, 0]);
  client.destroy();
  await attached.detach('forced');
  expect(readFileSync(join(sysBlock, 'nbd0/dev'), 'utf8')).toBe('43:0\n');
});
