import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { ControlClient, ControlError } from '../client';
import type { EventBatch } from '../events/object-event';
import { CONTROL_COMMANDS } from '../schema/request-schema';
import { controlSocketPath } from '../socket-path';
import { FakeBackend, deviceState, resourceState } from '../testing';
import { AlreadyRunningError, startControlServer } from './control-server';
import type { ControlServer } from './control-server';

let runDir: string;
let server: ControlServer | null;
let backend: FakeBackend;
let bugs: unknown[];

const held = new Set<string>();
const takeLock = (path: string) => {
  if (held.has(path)) return null;
  held.add(path);
  return { release: () => void held.delete(path) };
};

async function start(eventQueueBytesMax?: number): Promise<void> {
  const options = { runDir, ...(eventQueueBytesMax !== undefined && { eventQueueBytesMax }) };
  server = await startControlServer(options, { backend, takeLock, onBug: (error) => bugs.push(error) });
}

const client = (): ControlClient => new ControlClient({ TSDRBD_RUN_DIR: runDir });

function post(path: string, body: string, contentType = 'application/json'): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { socketPath: controlSocketPath(runDir), path, method: 'POST', headers: { 'content-type': contentType } },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

beforeEach(() => {
  runDir = mkdtempSync(join(tmpdir(), 'control-'));
  backend = new FakeBackend();
  bugs = [];
  server = null;
});
afterEach(async () => {
  await server?.close();
  rmSync(runDir, { recursive: true, force: true });
});

describe('the control server', () => {
  test('carries out a request and answers with its code and texts', async () => {
    await start();
    expect(await client().execute({ command: 'new-resource', resource: 'r0', nodeId: 0 })).toEqual({
      code: 101,
      messages: [],
    });
    expect(await client().execute({ command: 'primary', resource: 'r9' })).toEqual({
      code: 158,
      messages: ['unknown resource'],
    });
    expect((await client().state())?.resources.map((each) => each.name)).toEqual(['r0']);
    expect(await client().state('r9')).toEqual({ resources: [] });
  });

  test('is open to its owner only', async () => {
    await start();
    expect(statSync(controlSocketPath(runDir)).mode & 0o777).toBe(0o600);
  });

  test('is the only one for its run directory, and gives way after it has ended', async () => {
    await start();
    await expect(startControlServer({ runDir }, { backend, takeLock })).rejects.toThrow(AlreadyRunningError);
    await server?.close();
    await start();
    expect(await client().state()).toEqual({ resources: [] });
  });

  test('takes over the socket that a killed daemon left behind', async () => {
    writeFileSync(controlSocketPath(runDir), '');
    await start();
    expect(await client().state()).toEqual({ resources: [] });
  });

  test('refuses a run directory whose socket path is too long for a socket', async () => {
    await expect(startControlServer({ runDir: join(runDir, 'x'.repeat(100)) }, { backend })).rejects.toThrow(
      /too long/,
    );
  });

  test('a rejection of the backend is answered, and told as a bug', async () => {
    await start();
    backend.execute = () => Promise.reject(new Error('boom'));
    await expect(client().execute({ command: 'outdate', minor: 0 })).rejects.toThrow(/internal error: boom/);
    expect(bugs).toHaveLength(1);
  });
});

describe('malformed requests', () => {
  test.each([
    ['no JSON', '/v1/commands/primary', '{', 400],
    ['a wrong type', '/v1/commands/primary', '{"command":"primary","resource":7}', 400],
    ['a missing field', '/v1/commands/attach', '{"command":"attach","minor":0}', 400],
    ['a field too many', '/v1/commands/primary', '{"command":"primary","resource":"r0","x":1}', 400],
    ['another command than the address says', '/v1/commands/primary', '{"command":"secondary","resource":"r0"}', 400],
    ['an unknown command', '/v1/commands/explode', '{"command":"explode"}', 404],
    [
      'an option that is an object',
      '/v1/commands/new-resource',
      '{"command":"new-resource","resource":"r0","nodeId":0,"options":{"quorum":{}}}',
      400,
    ],
    ['a huge body', '/v1/commands/primary', `{"command":"primary","resource":"${'r'.repeat(1 << 20)}"}`, 413],
    [
      'a number for a path',
      '/v1/commands/attach',
      '{"command":"attach","minor":0,"dataDevice":1,"metaDevice":"/m","metaIndex":"internal"}',
      400,
    ],
  ])('%s: status and reason, and nothing reaches the engine', async (_name, path, body, status) => {
    await start();
    const reply = await post(path, body).catch((error: NodeJS.ErrnoException) => error);
    // A client that is still sending a body that was refused may see the connection end instead of the reply.
    if (!(reply instanceof Error && status === 413)) {
      expect(reply).toMatchObject({ status });
      expect(JSON.parse((reply as { body: string }).body)).toEqual({ error: expect.any(String) });
    }
    expect(backend.requests).toEqual([]);
    expect(await client().state()).toEqual({ resources: [] });
  });

  test('a body of another content type is refused', async () => {
    await start();
    expect((await post('/v1/commands/primary', 'x', 'text/html')).status).toBe(415);
  });

  test('whatever JSON comes, the server answers and lives', async () => {
    await start();
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...CONTROL_COMMANDS), fc.json(), async (command, body) => {
        const { status } = await post(`/v1/commands/${command}`, body);
        expect([200, 400]).toContain(status);
      }),
      { numRuns: 150 },
    );
    expect(bugs).toEqual([]);
    expect(await client().state()).toBeTruthy();
  });

  test('whatever bytes come, the server lives', async () => {
    await start();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
        await new Promise<void>((resolve) => {
          const socket = connect(controlSocketPath(runDir), () => socket.end(Buffer.from(bytes)));
          socket.on('error', () => resolve());
          socket.on('close', () => resolve());
          socket.resume();
        });
      }),
      { numRuns: 100 },
    );
    expect(await client().state()).toEqual({ resources: [] });
  });
});

describe('the event stream', () => {
  test('begins with what exists, then tells of every change', async () => {
    backend.put(resourceState({ devices: [deviceState()] }));
    await start();
    const stop = new AbortController();
    const kinds: string[] = [];
    for await (const batch of client().events({ signal: stop.signal })) {
      for (const event of batch.events)
        kinds.push('object' in event ? `${event.kind} ${event.object.type}` : event.kind);
      if (kinds.at(-1) === 'exists-end') {
        backend.put(resourceState({ role: 'Primary', devices: [deviceState()] }));
        backend.emit({ kind: 'helper-call', call: { helper: 'pri-lost', resourceName: 'r0' } });
      }
      if (kinds.at(-1) === 'helper-call') stop.abort();
    }
    expect(kinds).toEqual(['exists resource', 'exists device', 'exists-end', 'change', 'helper-call']);
  });

  test('a reader that leaves is forgotten', async () => {
    await start();
    for await (const _batch of client().events()) break;
    await expectEventually(() => backend.subscriberCount === 0);
  });

  test('a stalled reader is cut off with a last line after what was kept for it, and others are not', async () => {
    await start(64 * 1024);
    const stalled = connect(controlSocketPath(runDir));
    stalled.write('GET /v1/events HTTP/1.0\r\nhost: x\r\n\r\n');
    stalled.on('error', () => undefined);
    await expectEventually(() => backend.subscriberCount === 1);
    const name = 'x'.repeat(100);
    // More than the queue and the buffers of the socket take; the reader has not read a byte.
    let round = 0;
    for (; round < 20_000 && backend.subscriberCount > 0; round++) {
      backend.put(resourceState({ name, nodeId: round }));
      if (round % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(backend.subscriberCount).toBe(0);
    expect((await client().state())?.resources).toHaveLength(1);

    let text = '';
    for await (const chunk of stalled) text += String(chunk);
    const batches = text
      .slice(text.indexOf('{'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as EventBatch);
    const last = batches.pop();
    expect(last).toEqual({
      atMs: expect.any(Number),
      events: [],
      cutOff: 'events were lost: this reader was too slow',
    });
    // The dump, then every change up to the cut.
    expect(batches).toHaveLength(1 + round);
  });

  test('a client that was cut off is told so', async () => {
    await start(1024);
    const read = async (): Promise<void> => {
      for await (const _batch of client().events()) {
        // Not a single turn of the event loop in between: the stream cannot be written out.
        for (let round = 0; round < 2000; round++) backend.put(resourceState({ name: 'x'.repeat(100), nodeId: round }));
      }
    };
    await expect(read()).rejects.toMatchObject({ code: 'cut-off' });
  });

  test('what was told in the turn in which the daemon ends arrives', async () => {
    await start();
    const nodeIds: number[] = [];
    const read = async (): Promise<void> => {
      for await (const { events } of client().events()) {
        for (const event of events) {
          if (event.kind === 'exists-end') {
            for (let nodeId = 0; nodeId < 100; nodeId++) backend.put(resourceState({ nodeId }));
            void server?.close();
          } else if (event.kind === 'create' && event.object.type === 'resource') nodeIds.push(event.object.nodeId);
          else if (event.kind === 'change' && event.after.type === 'resource') nodeIds.push(event.after.nodeId);
        }
      }
    };
    await expect(read()).rejects.toMatchObject({ code: 'no-daemon' });
    expect(nodeIds).toEqual(Array.from({ length: 100 }, (_, at) => at));
  });

  test('ends with an error when the daemon ends', async () => {
    await start();
    const read = async (): Promise<void> => {
      for await (const _batch of client().events()) await server?.close();
    };
    await expect(read()).rejects.toMatchObject({ code: 'no-daemon' });
  });
});

describe('a daemon that is stopped', () => {
  test('keeps nobody waiting for ever', async () => {
    const silent = createServer().listen(controlSocketPath(runDir));
    const connections: Socket[] = [];
    silent.on('connection', (socket: Socket) => void connections.push(socket));
    const asking = new ControlClient({ TSDRBD_RUN_DIR: runDir }, { answerTimeoutMs: 50 });
    await expect(asking.state()).rejects.toMatchObject({ code: 'timeout', message: 'timed out waiting for reply' });
    await expect(asking.events().next()).rejects.toMatchObject({ code: 'timeout' });
    connections.forEach((socket) => void socket.destroy());
    await new Promise((resolve) => silent.close(resolve));
  });

  test('an event stream may be silent for longer', async () => {
    await start();
    const patient = new ControlClient({ TSDRBD_RUN_DIR: runDir }, { answerTimeoutMs: 50 });
    const events = patient.events();
    await events.next();
    const next = events.next();
    await new Promise((resolve) => setTimeout(resolve, 300));
    backend.put(resourceState());
    expect(await next).toMatchObject({ done: false });
    await events.return(undefined);
  });
});

describe('without a daemon', () => {
  test('there is no state', async () => {
    expect(await client().state()).toBeNull();
  });

  test('a program that cannot be started is named', async () => {
    const lost = new ControlClient({ TSDRBD_RUN_DIR: runDir, TSDRBDD: '/nonexistent/tsdrbdd' });
    const attempt = lost.execute({ command: 'new-resource', resource: 'r0', nodeId: 0 });
    await expect(attempt).rejects.toThrow(ControlError);
    await expect(attempt).rejects.toThrow(/cannot run \/nonexistent\/tsdrbdd/);
  });

  test('a daemon that ends at once is quoted', async () => {
    const program = join(runDir, 'broken.cjs');
    writeFileSync(program, 'console.error("disk full"); process.exit(3)');
    const attempt = new ControlClient({ TSDRBD_RUN_DIR: runDir, TSDRBDD: program }).execute({
      command: 'new-resource',
      resource: 'r0',
      nodeId: 0,
    });
    await expect(attempt).rejects.toThrow(/exit code 3\): disk full/);
  });
});

async function expectEventually(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within 5 s: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
