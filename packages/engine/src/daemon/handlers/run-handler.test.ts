import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HandlerCall } from '../../core';
import { handlerVariables } from './handler-variables';
import { runHandler, type HandlerRunner } from './run-handler';

const CALL: HandlerCall = { handler: 'before-resync-target', resource: 'r0', peerNodeId: 1, volume: 0, minor: 10 };
const SUBJECT = {
  connection: {
    path: {
      local: { family: 'ipv4', address: '127.0.0.1', port: 7789 },
      peer: { family: 'ipv4', address: '127.0.0.2', port: 7789 },
    },
    state: 'Connected',
  },
  volumes: [
    { volume: 0, minor: 10, backingDevice: '/dev/sdb1' },
    { volume: 1, minor: 11, backingDevice: null },
  ],
} as const;

let directory = '';
beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), 'tsdrbd-handler-'))));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function script(text: string): string {
  const path = join(directory, 'helper');
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

async function run(program: string, call = CALL, environment: NodeJS.ProcessEnv = { PATH: process.env['PATH'] }) {
  const told: (number | null)[] = [];
  const warnings: string[] = [];
  const runner: HandlerRunner = {
    program,
    environment,
    describe: (one) => handlerVariables(one, SUBJECT),
    told: (_, status) => told.push(status),
    warn: (_, text) => warnings.push(text),
  };
  const exitCode = await new Promise<number>((done) => runHandler(runner, call, done));
  return { exitCode, told, warnings };
}

test("the program gets handler and resource, the module's variables, and its exit code counts", async () => {
  const out = join(directory, 'out');
  const program = script(`{ echo "$@"; env | sort; } > ${out}; exit 7`);
  const result = await run(program, CALL, { TSDRBD_RUN_DIR: '/r', __DRBD_NODE__: 'alice', SECRET: 'x', PATH: '/x' });
  expect(result).toEqual({ exitCode: 7, told: [null, 7 << 8], warnings: [] });
  const [argv, ...lines] = readFileSync(out, 'utf8').trim().split('\n');
  expect(argv).toBe('before-resync-target r0');
  expect(lines).toEqual(
    expect.arrayContaining([
      'HOME=/',
      'TERM=linux',
      'TSDRBD_RUN_DIR=/r',
      '__DRBD_NODE__=alice',
      'DRBD_MINOR=10',
      'DRBD_VOLUME=0',
      'DRBD_BACKING_DEV=/dev/sdb1',
      'DRBD_PEER_NODE_ID=1',
      'DRBD_CSTATE=Connected',
      'DRBD_MY_ADDRESS=127.0.0.1',
      'DRBD_MY_AF=ipv4',
      'DRBD_PEER_ADDRESS=127.0.0.2',
      'DRBD_PEER_AF=ipv4',
      expect.stringMatching(/^PATH=\/sbin:\/usr\/sbin:\/bin:\/usr\/bin:.*:\/x$/),
    ]),
  );
  expect(lines.join('\n')).not.toContain('SECRET');
});

test("a script that calls drbdadm gets the installation's own", async () => {
  const [lib, compat] = ['lib', 'compat'].map((name) => join(directory, name)) as [string, string];
  for (const folder of [lib, compat]) mkdirSync(folder);
  const out = join(directory, 'out');
  writeFileSync(join(compat, 'drbdadm'), `#!/bin/sh\necho ours "$@" > ${out}\n`, { mode: 0o755 });
  const program = script('drbdadm status');
  renameSync(program, join(lib, 'helper'));
  expect((await run(join(lib, 'helper'))).exitCode).toBe(0);
  expect(readFileSync(out, 'utf8')).toBe('ours status\n');
});

test('an event of a connection names all volumes', () => {
  expect(handlerVariables({ ...CALL, volume: null, minor: null }, SUBJECT)).toMatchObject({
    DRBD_MINOR_0: '10',
    DRBD_BACKING_DEV_0: '/dev/sdb1',
    DRBD_MINOR_1: '11',
    DRBD_BACKING_DEV_1: '',
  });
});

test('fencing is told who has current data', () => {
  const call = { ...CALL, handler: 'fence-peer', volume: null, minor: null, upToDateNodes: 0x80000001 };
  expect(handlerVariables(call, SUBJECT)).toMatchObject({ UP_TO_DATE_NODES: '0x80000001' });
  expect(handlerVariables({ ...call, upToDateNodes: 1 }, SUBJECT)).toMatchObject({ UP_TO_DATE_NODES: '0x00000001' });
});

test('a signal, or a program that is not there, counts as success; the latter is told', async () => {
  expect(await run(script('kill -9 $$'))).toEqual({ exitCode: 0, told: [null, 0], warnings: [] });
  const missing = await run(join(directory, 'missing'));
  expect(missing.exitCode).toBe(0);
  expect(missing.warnings).toEqual([expect.stringContaining('ENOENT')]);
});

test('switched off, nothing runs and nothing is told', async () => {
  const out = join(directory, 'out');
  script(`touch ${out}`);
  expect(await run('disabled')).toEqual({ exitCode: 0, told: [], warnings: [] });
  expect(existsSync(out)).toBe(false);
});
