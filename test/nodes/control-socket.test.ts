/** Whatever comes in through the control socket of a running engine: it is refused with a reason, and the engine lives. */
import { randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { CONTROL_COMMANDS } from '../../packages/engine/src/control';
import { expectNoTrace } from './support/no-trace';
import { Pair } from './support/pair';

let pair: Pair;
let enginePid: number | null;
beforeAll(async () => {
  pair = await Pair.create();
  await pair.alice.does('create-md', 'r0');
  await pair.alice.does('up', 'r0');
  await pair.alice.does('primary', '--force', 'r0');
  enginePid = pair.alice.enginePid();
});
afterAll(() => pair.end());
afterEach(async () => {
  expect(pair.alice.enginePid()).toBe(enginePid);
  const { resources } = (await pair.alice.state()) ?? { resources: [] };
  expect(resources).toMatchObject([{ name: 'r0', role: 'Primary', devices: [{ diskState: 'UpToDate' }] }]);
  expectNoTrace(pair.alice);
});

const controlPath = (): string => join(pair.alice.runDir, 'control.sock');

interface Answer {
  readonly status: number;
  readonly body: string;
}

function http(
  method: string,
  path: string,
  body: string | Uint8Array,
  headers: Record<string, string>,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ socketPath: controlPath(), method, path, headers, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

const JSON_TYPE = { 'content-type': 'application/json' };
const post = (command: string, body: unknown): Promise<Answer> =>
  http('POST', `/v1/commands/${command}`, JSON.stringify(body), JSON_TYPE);

/** 4xx with a reason. */
function expectMalformed({ status, body }: Answer): void {
  expect({ status: Math.floor(status / 100), body }).toEqual({
    status: 4,
    body: expect.stringMatching(/"error":"[^"]+/),
  });
  expect(body).not.toMatch(/internal error|\bat .*:\d+:\d+/);
}

test('bodies that are no request', async () => {
  for (const body of ['', '{', 'null', '[]', '42', '"primary"', '{"command":"primary"', '\u0000', '[[[[[[[[[['])
    expectMalformed(await http('POST', '/v1/commands/primary', body, JSON_TYPE));
  expectMalformed(await http('POST', '/v1/commands/primary', randomBytes(512), JSON_TYPE));
  expectMalformed(
    await http('POST', '/v1/commands/primary', '{"__proto__":{"a":1},"command":"primary","resource":"r0"}', JSON_TYPE),
  );
  expectMalformed(await http('POST', '/v1/commands/primary', 'command=primary', { 'content-type': 'text/plain' }));
  expectMalformed(await http('POST', '/v1/commands/primary', '<primary/>', { 'content-type': 'application/xml' }));
  expectMalformed(await http('POST', '/v1/commands/primary', '['.repeat(30_000), JSON_TYPE));
  expectMalformed(
    await http('POST', '/v1/commands/primary', JSON.stringify({ resource: 'r'.repeat(100_000) }), JSON_TYPE),
  );
});

test('paths and methods that are not there', async () => {
  for (const [method, path] of [
    ['GET', '/'],
    ['GET', '/v1/commands/primary'],
    ['DELETE', '/v1/state'],
    ['POST', '/v1/commands/format-everything'],
    ['POST', '/v1/commands/../../etc/passwd'],
    ['GET', `/v1/state?resource=${'x'.repeat(300)}`],
    ['GET', '/v1/state?colour=red'],
    ['GET', '/v1/events?resource='],
    ['GET', '/%ff%fe'],
  ] as const) {
    expectMalformed(await http(method, path, method === 'POST' ? '{}' : '', method === 'POST' ? JSON_TYPE : {}));
  }
});

test('every command without its fields, with wrong ones, and with too many', async () => {
  const wrong: readonly unknown[] = [
    null,
    true,
    -1,
    1.5,
    1e21,
    '',
    ' ',
    '../..',
    'a'.repeat(5000),
    [],
    {},
    [['x']],
    { toString: 1 },
  ];
  const fields = [
    'resource',
    'minor',
    'volume',
    'peerNodeId',
    'nodeId',
    'options',
    'local',
    'peer',
    'newName',
    'force',
  ];
  for (const command of CONTROL_COMMANDS) {
    expectMalformed(await post(command, {}));
    expectMalformed(await post(command, { command }));
    expectMalformed(await post(command, { command, resource: 'r0', minor: 0, surprise: 1 }));
  }
  for (const command of CONTROL_COMMANDS) {
    for (const value of wrong) {
      const request = Object.fromEntries(fields.map((field) => [field, value]));
      expectMalformed(await post(command, { command, ...request }));
    }
  }
});

test('what fits the schema and makes no sense is refused by number, not by an error', async () => {
  const requests: readonly (readonly [string, Record<string, unknown>])[] = [
    ['attach', { minor: 0, dataDevice: '/dev/null', metaDevice: '/dev/null', metaIndex: 'internal' }],
    ['attach', { minor: 99, dataDevice: '/x', metaDevice: '/x', metaIndex: 'internal' }],
    ['new-minor', { resource: 'r0', minor: 0, volume: 0 }],
    ['new-minor', { resource: 'nix', minor: 3, volume: 0 }],
    ['new-resource', { resource: 'r0', nodeId: 32 }],
    ['new-peer', { resource: 'r0', peerNodeId: 0 }],
    ['connect', { resource: 'r0', peerNodeId: 17 }],
    ['del-minor', { minor: 0 }],
    ['del-resource', { resource: 'r0' }],
    ['rename-resource', { resource: 'r0', newName: 'r0' }],
    ['verify', { resource: 'r0', peerNodeId: 1, volume: 0 }],
    ['invalidate', { minor: 0 }],
  ];
  for (const [command, fields] of requests) {
    const { status, body } = await post(command, { command, ...fields });
    expect({ command, status, body }).toEqual({ command, status: 200, body: expect.stringContaining('"code"') });
    const { code } = JSON.parse(body) as { code: number };
    expect(code < 1 || code > 101 || code === 2).toBe(true);
  }
});

function raw(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(controlPath(), () => resolve(socket));
    socket.on('error', reject);
  });
}

test('bytes that are no HTTP, requests that never end, and clients that go away', async () => {
  const closed: Promise<unknown>[] = [];
  for (const bytes of [
    randomBytes(10_000),
    Buffer.from('GET / HTTP/9.9\r\n\r\n'),
    Buffer.from(`GET /${'a'.repeat(100_000)} HTTP/1.1\r\n\r\n`),
    Buffer.from('POST /v1/commands/primary HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}'),
    Buffer.from('POST /v1/commands/primary HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'),
  ]) {
    const socket = await raw();
    socket.on('error', () => undefined).resume();
    closed.push(new Promise((resolve) => socket.once('close', resolve)));
    socket.write(bytes);
  }
  await Promise.all(closed);
  // More than any request has: refused before it is read.
  const endless = await raw();
  const answered = new Promise<string>((resolve) => endless.once('data', (bytes: Buffer) => resolve(bytes.toString())));
  endless.write(
    'POST /v1/commands/primary HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n{',
  );
  expect(await answered).toContain('413');
  endless.destroy();
  // In the middle of a request, and in the middle of the answer.
  for (const text of [
    'POST /v1/comm',
    'GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n',
    'GET /v1/state HTTP/1.1\r\nHost: x\r\n\r\n',
  ]) {
    const socket = await raw();
    await new Promise<void>((resolve) => socket.write(text, () => resolve()));
    socket.destroy();
  }
});

test('many clients at once, and many who say nothing', async () => {
  const silent = await Promise.all(Array.from({ length: 150 }, raw));
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? post('primary', {}) : http('GET', '/v1/state', '', {}))),
  );
  expect(answers.map(({ status }) => status).filter((status) => status !== 200 && status !== 400)).toEqual([]);
  for (const socket of silent) socket.destroy();
});
