import { mkdtempSync, rmSync } from 'node:fs';
import net, { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exchange, openStream } from './http-exchange';

let directory: string;
let socketPath: string;
let server: Server;
let connections: Socket[];
/** What the server got, by connection. */
let received: string[];

/** Calls `reply` for each piece that comes in. */
async function serve(reply: (socket: Socket, text: string) => void): Promise<void> {
  server = createServer((socket) => {
    const at = connections.push(socket) - 1;
    received[at] = '';
    socket.on('error', () => undefined);
    socket.on('data', (piece: Buffer) => {
      received[at] += piece.toString();
      reply(socket, piece.toString());
    });
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
}

async function stop(): Promise<void> {
  connections.forEach((socket) => void socket.destroy());
  await new Promise((resolve) => server.close(resolve));
}

const ok = (body: string, more = ''): string =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}`;
const ask = (path = '/', body?: string) =>
  exchange(socketPath, { path, silentMs: 5000, ...(body !== undefined && { body }) });

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'http-exchange-'));
  socketPath = join(directory, 's');
  connections = [];
  received = [];
});
afterEach(async () => {
  await stop();
  rmSync(directory, { recursive: true, force: true });
});

test('requests in turn share a connection, requests at the same time do not', async () => {
  await serve((socket, text) => socket.write(ok(text.split(' ')[1] ?? '')));
  expect((await ask('/a')).body.toString()).toBe('/a');
  expect((await ask('/b', '{"ä":1}')).body.toString()).toBe('/b');
  expect(connections).toHaveLength(1);
  expect(received[0]).toContain('content-length: 8\r\n\r\n{"ä":1}');
  const both = await Promise.all([ask('/c'), ask('/d')]);
  expect(both.map(({ body }) => body.toString())).toEqual(['/c', '/d']);
  expect(connections).toHaveLength(2);
});

test('a connection that is used again and again keeps no more listeners than before', async () => {
  const connect = jest.spyOn(net, 'connect');
  await serve((socket) => socket.write(ok('')));
  const counts: number[] = [];
  for (let times = 0; times < 3; times++) {
    await ask();
    const { value: socket } = connect.mock.results[0] as { value: Socket };
    counts.push(socket.eventNames().reduce((sum, name) => sum + socket.listenerCount(name), 0));
  }
  expect(connect).toHaveBeenCalledTimes(1);
  expect(new Set(counts).size).toBe(1);
  connect.mockRestore();
});

test('a reply that comes byte by byte', async () => {
  await serve((socket) => {
    const bytes = [...ok('hello')];
    const next = (): void => {
      const byte = bytes.shift();
      if (byte !== undefined) socket.write(byte, () => setImmediate(next));
    };
    next();
  });
  expect(await ask()).toMatchObject({ status: 200, body: Buffer.from('hello') });
});

test('a connection that the daemon does not keep is not used again', async () => {
  await serve((socket) => socket.end(ok('x', 'Connection: close\r\n')));
  await ask();
  await ask();
  expect(connections).toHaveLength(2);
});

test('a question goes to the daemon that came after the one whose connection was kept', async () => {
  await serve((socket) => socket.write(ok('first')));
  await ask();
  await stop();
  await serve((socket) => socket.write(ok('second')));
  expect((await ask()).body.toString()).toBe('second');
});

test('a command that a daemon may have seen before it ended is not sent again', async () => {
  let requests = 0;
  await serve((socket) => (++requests === 1 ? socket.write(ok('')) : socket.destroy()));
  await ask();
  await expect(ask('/', '{}')).rejects.toThrow(/hang up|ECONNRESET/);
  expect(requests).toBe(2);
});

test('what is no proper reply is told as such', async () => {
  const replies = ['nonsense\r\n\r\n', 'HTTP/1.1 200 OK\r\n\r\nno length', 'x'.repeat(20_000)];
  await serve((socket) => socket.write(replies[connections.length - 1] ?? ''));
  for (const _reply of replies) await expect(ask()).rejects.toMatchObject({ reason: 'malformed' });
});

test('a daemon that is silent, and one that ends in the middle', async () => {
  await serve((socket, text) => {
    if (text.includes('/half')) socket.end(ok('whole').slice(0, -1));
  });
  await expect(exchange(socketPath, { path: '/', silentMs: 20 })).rejects.toMatchObject({ reason: 'silent' });
  await expect(ask('/half')).rejects.toMatchObject({ reason: 'ended' });
});

test('a stream gives what came with its head, and what comes later', async () => {
  await serve((socket) => {
    socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\none,');
    setTimeout(() => socket.end('two'), 20);
  });
  const { status, body } = await openStream(socketPath, { path: '/', silentMs: 5000 });
  let text = '';
  for await (const piece of body) text += String(piece);
  expect({ status, text }).toEqual({ status: 200, text: 'one,two' });
});
