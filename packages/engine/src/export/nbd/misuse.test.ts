/** Clients that break the rules, byte by byte: what it costs them, and that it costs nobody else anything. */
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDeviceVolume, type DeviceVolume } from '../../../test/support/device-volume';
import { createMemoryDevice, type MemoryDevice } from '../../storage';
import type { NbdConnectionEvent } from './connection';
import { COMMAND, COMMAND_FLAG, ERROR_NUMBER, OPTION, OPTION_REPLY } from './numbers';
import { createNbdServer, type NbdServer, type NbdServerOptions } from './server';

const MIB = 1024 * 1024;
const SIZE = 64 * MIB;

let directory: string;
let socketPath: string;
let device: MemoryDevice;
let volume: DeviceVolume;
let server: NbdServer;
let events: NbdConnectionEvent[];
let clients: RawClient[];

async function start(options: Partial<NbdServerOptions> = {}): Promise<void> {
  device = createMemoryDevice({ name: 'memory', sizeBytes: SIZE }, { defer: setImmediate });
  volume = createDeviceVolume({ name: 'r0/0' }, device);
  server = createNbdServer(
    {
      exports: { find: (name) => (name === '' || name === 'r0/0' ? volume : undefined), list: () => [volume] },
      ...options,
    },
    { report: (event) => events.push(event) },
  );
  await server.listen({ kind: 'unix', path: socketPath });
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tsdrbd-nbd-'));
  socketPath = join(directory, 'nbd.sock');
  events = [];
  clients = [];
});
afterEach(async () => {
  for (const client of clients) client.socket.destroy();
  await server.close('forced');
  expect(volume.openCount).toBe(0);
  rmSync(directory, { recursive: true, force: true });
});

/** A client that sends what the test says and reads in exact amounts. */
class RawClient {
  private received = Buffer.alloc(0);
  private wake: (() => void) | null = null;
  private isClosed = false;
  constructor(readonly socket: Socket) {
    socket.on('data', (chunk) => {
      this.received = Buffer.concat([this.received, chunk]);
      this.wake?.();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isClosed = true;
      this.wake?.();
    });
  }
  send(...parts: Uint8Array[]): void {
    this.socket.write(Buffer.concat(parts));
  }
  async read(n: number): Promise<Buffer> {
    while (this.received.length < n) {
      if (this.isClosed) throw new Error(`closed after ${this.received.length} of ${n} bytes`);
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    const taken = this.received.subarray(0, n);
    this.received = this.received.subarray(n);
    return taken;
  }
  async closed(): Promise<void> {
    while (!this.isClosed) await new Promise<void>((resolve) => (this.wake = resolve));
  }
  async optionReply(): Promise<{ option: number; type: number; data: Buffer }> {
    const header = await this.read(20);
    return {
      option: header.readUInt32BE(8),
      type: header.readUInt32BE(12),
      data: await this.read(header.readUInt32BE(16)),
    };
  }
  async simpleReply(): Promise<{ error: number; cookie: bigint }> {
    const reply = await this.read(16);
    expect(reply.readUInt32BE(0)).toBe(0x67446698);
    return { error: reply.readUInt32BE(4), cookie: reply.readBigUInt64BE(8) };
  }
}

async function dial(): Promise<RawClient> {
  const client = new RawClient(connect(socketPath));
  clients.push(client);
  expect((await client.read(18)).toString('latin1', 0, 16)).toBe('NBDMAGICIHAVEOPT');
  return client;
}

const u16 = (n: number): Buffer => Buffer.from([n >> 8, n & 255]);
const u32 = (n: number): Buffer => {
  const b = Buffer.alloc(4);
  b.writeUInt32BE(n);
  return b;
};
const u64 = (n: number | bigint): Buffer => {
  const b = Buffer.alloc(8);
  b.writeBigUInt64BE(BigInt(n));
  return b;
};
const optionMessage = (option: number, data: Uint8Array = Buffer.alloc(0), length = data.length): Buffer =>
  Buffer.concat([Buffer.from('IHAVEOPT'), u32(option), u32(length), data]);
const goData = (name: string): Buffer => Buffer.concat([u32(name.length), Buffer.from(name), u16(0)]);
const request = (command: number, offset: number | bigint, length: number, flags = 0, cookie = 7n): Buffer =>
  Buffer.concat([u32(0x25609513), u16(flags), u16(command), u64(cookie), u64(offset), u32(length)]);

/** Into transmission with simple replies. */
async function enter(): Promise<RawClient> {
  const client = await dial();
  client.send(u32(3), optionMessage(OPTION.exportName, Buffer.from('r0/0')));
  expect((await client.read(10)).readBigUInt64BE(0)).toBe(BigInt(SIZE));
  return client;
}

async function works(client: RawClient): Promise<void> {
  client.send(request(COMMAND.flush, 0, 0, 0, 99n));
  expect(await client.simpleReply()).toEqual({ error: 0, cookie: 99n });
}

const brokenReasons = (): string[] => events.flatMap((event) => (event.kind === 'broken' ? [event.reason] : []));

describe('in the negotiation', () => {
  beforeEach(() => start());

  test.each([
    ['unknown client flags', u32(0x80), 'unknown client flags'],
    ['an old client', u32(0), 'fixed newstyle'],
    ['a bad option magic', Buffer.concat([u32(3), Buffer.from('GET / HTTP/1.1\r\n')]), 'IHAVEOPT'],
    ['an endless option', Buffer.concat([u32(3), optionMessage(OPTION.go, Buffer.alloc(0), 0xffffffff)]), 'option 7'],
    [
      'an unknown export by EXPORT_NAME',
      Buffer.concat([u32(3), optionMessage(OPTION.exportName, Buffer.from('no'))]),
      'does not exist',
    ],
  ])('%s ends the connection and no other', async (_, bytes, reason) => {
    const good = await enter();
    const bad = await dial();
    bad.send(bytes);
    await bad.closed();
    expect(brokenReasons()).toEqual([expect.stringContaining(reason)]);
    await works(good);
  });

  test.each([
    ['an unknown option', 4711, Buffer.from('whatever'), OPTION_REPLY.unsupported],
    ['STARTTLS', 5, Buffer.alloc(0), OPTION_REPLY.unsupported],
    ['GO for an unknown export', OPTION.go, goData('nope'), OPTION_REPLY.unknownExport],
    [
      'GO with a name longer than the option',
      OPTION.go,
      Buffer.concat([u32(100), Buffer.from('x')]),
      OPTION_REPLY.invalid,
    ],
    ['GO without data', OPTION.go, Buffer.alloc(0), OPTION_REPLY.invalid],
    ['GO with a wrong count', OPTION.go, Buffer.concat([u32(0), u16(9)]), OPTION_REPLY.invalid],
    ['LIST with data', OPTION.list, Buffer.from('x'), OPTION_REPLY.invalid],
    [
      'SET_META_CONTEXT before structured replies',
      OPTION.setMetaContext,
      Buffer.concat([u32(0), u32(0)]),
      OPTION_REPLY.invalid,
    ],
    [
      'LIST_META_CONTEXT with a wrong count',
      OPTION.listMetaContext,
      Buffer.concat([u32(0), u32(1000)]),
      OPTION_REPLY.invalid,
    ],
    ['an option that is too long', 4711, Buffer.alloc(70_000), OPTION_REPLY.tooBig],
  ])('%s gets an error reply, and the talk goes on', async (_, option, data, type) => {
    const client = await dial();
    client.send(u32(3), optionMessage(option, data));
    expect(await client.optionReply()).toMatchObject({ option, type });
    client.send(optionMessage(OPTION.exportName, Buffer.from('r0/0')));
    await client.read(10);
    await works(client);
    expect(brokenReasons()).toEqual([]);
  });

  test('ABORT is acknowledged, then the server leaves', async () => {
    const client = await dial();
    client.send(u32(3), optionMessage(OPTION.abort));
    expect(await client.optionReply()).toMatchObject({ type: OPTION_REPLY.ack });
    await client.closed();
    expect(brokenReasons()).toEqual([]);
  });

  test('a message that arrives byte by byte is understood', async () => {
    const client = await dial();
    const bytes = Buffer.concat([
      u32(3),
      optionMessage(OPTION.structuredReply),
      optionMessage(OPTION.exportName, Buffer.from('r0/0')),
      request(COMMAND.write, 512, 512, 0, 1n),
      Buffer.alloc(512, 0x5a),
    ]);
    for (const byte of bytes) {
      client.socket.write(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    expect(await client.optionReply()).toMatchObject({ type: OPTION_REPLY.ack });
    await client.read(10);
    expect(await client.simpleReply()).toEqual({ error: 0, cookie: 1n });
    expect(device.peek(512, 512).every((b) => b === 0x5a)).toBe(true);
  });

  test('a client that disappears during the open leaves nothing open', async () => {
    const client = await dial();
    client.send(u32(3), optionMessage(OPTION.go, goData('')));
    client.socket.destroy();
    await client.closed();
    while (server.connectionCount > 0) await new Promise(setImmediate);
    await new Promise(setImmediate);
    expect(volume.openCount).toBe(0);
  });
});

test('a client that never says anything is sent away', async () => {
  await start({ handshakeTimeoutMs: 50 });
  const client = await dial();
  await client.closed();
  expect(brokenReasons()).toEqual([expect.stringContaining('50 ms')]);
});

test('one client too many is turned away, the others stay', async () => {
  await start({ connectionCountMax: 2 });
  const good = [await enter(), await enter()];
  const third = new RawClient(connect(socketPath));
  clients.push(third);
  await third.closed();
  for (const client of good) await works(client);
});

describe('in transmission', () => {
  beforeEach(() => start());

  test('garbage instead of a request ends the connection and no other', async () => {
    const good = await enter();
    const bad = await enter();
    bad.send(Buffer.from('these are no NBD request header bytes'));
    await bad.closed();
    expect(brokenReasons()).toEqual([expect.stringContaining('magic')]);
    await works(good);
  });

  test.each([
    ['an unknown command', request(77, 0, 512), ERROR_NUMBER.EINVAL],
    ['CACHE, which was not offered', request(5, 0, 512), ERROR_NUMBER.EINVAL],
    ['an unknown flag', request(COMMAND.read, 0, 512, 0x80), ERROR_NUMBER.EINVAL],
    ['FAST_ZERO, which was not offered', request(COMMAND.writeZeroes, 0, 512, 16), ERROR_NUMBER.EINVAL],
    ['a read beyond the end', request(COMMAND.read, SIZE - 512, 1024), ERROR_NUMBER.EINVAL],
    ['a read at 2^64 - 512', request(COMMAND.read, 2n ** 64n - 512n, 512), ERROR_NUMBER.EINVAL],
    ['a read of nothing', request(COMMAND.read, 0, 0), ERROR_NUMBER.EINVAL],
    ['an unaligned read', request(COMMAND.read, 100, 512), ERROR_NUMBER.EINVAL],
    ['a read that is too long', request(COMMAND.read, 0, 33 * MIB), ERROR_NUMBER.EOVERFLOW],
    ['a trim beyond the end', request(COMMAND.trim, SIZE, 512), ERROR_NUMBER.EINVAL],
    ['write-zeroes beyond the end', request(COMMAND.writeZeroes, SIZE, 512), ERROR_NUMBER.ENOSPC],
    ['BLOCK_STATUS without a context', request(COMMAND.blockStatus, 0, 512), ERROR_NUMBER.EINVAL],
    [
      'a write beyond the end',
      Buffer.concat([request(COMMAND.write, SIZE - 512, 1024), Buffer.alloc(1024)]),
      ERROR_NUMBER.ENOSPC,
    ],
    ['an unaligned write', Buffer.concat([request(COMMAND.write, 1, 512), Buffer.alloc(512)]), ERROR_NUMBER.EINVAL],
    [
      'a write with an unknown flag',
      Buffer.concat([request(COMMAND.write, 0, 512, 0x40), Buffer.alloc(512)]),
      ERROR_NUMBER.EINVAL,
    ],
    [
      'a write that is too long',
      Buffer.concat([request(COMMAND.write, 0, 33 * MIB), Buffer.alloc(33 * MIB, 1)]),
      ERROR_NUMBER.EOVERFLOW,
    ],
  ])('%s is refused, nothing is written, and the next request is served', async (_, bytes, error) => {
    const client = await enter();
    client.send(bytes);
    expect(await client.simpleReply()).toEqual({ error, cookie: 7n });
    await works(client);
    expect(device.allocatedBytes).toBe(0);
    expect(brokenReasons()).toEqual([]);
  });

  test('DISC after many requests: all are answered, then the server leaves', async () => {
    const client = await enter();
    const writes = Array.from({ length: 200 }, (_, i) =>
      Buffer.concat([request(COMMAND.write, i * 4096, 4096, COMMAND_FLAG.fua, BigInt(i)), Buffer.alloc(4096, i)]),
    );
    client.send(...writes, request(COMMAND.disconnect, 0, 0));
    const cookies = new Set<bigint>();
    for (let i = 0; i < writes.length; i++) cookies.add((await client.simpleReply()).cookie);
    expect(cookies.size).toBe(200);
    await client.closed();
    expect(device.peek(199 * 4096, 1)[0]).toBe(199);
  });

  test('a client cut off in the middle of a payload loses that write only', async () => {
    const client = await enter();
    client.send(
      request(COMMAND.write, 0, 4096, 0, 1n),
      Buffer.alloc(4096, 1),
      request(COMMAND.write, 4096, 4096),
      Buffer.alloc(4000, 2),
    );
    await client.simpleReply();
    client.socket.destroy();
    while (server.connectionCount > 0) await new Promise(setImmediate);
    expect(device.peek(0, 1)[0]).toBe(1);
    expect(device.peek(4096, 4096).every((b) => b === 0)).toBe(true);
    expect(volume.openCount).toBe(0);
  });

  test('a client that does not read its replies is held back, and memory with it', async () => {
    const client = await enter();
    client.socket.pause();
    let issued = 0;
    const read = volume.read;
    volume.read = (...args) => {
      issued += 1;
      read(...args);
    };
    for (let i = 0; i < 500; i++) client.send(request(COMMAND.read, 0, MIB, 0, BigInt(i)));
    const good = await enter();
    for (let last = -1; last !== issued;) {
      last = issued;
      for (let i = 0; i < 20; i++) await works(good);
    }
    // 64 MiB under way at most, and what the sockets hold.
    expect(issued).toBeLessThan(100);
    client.socket.resume();
    for (let i = 0; i < 500; i++) {
      expect((await client.simpleReply()).error).toBe(0);
      await client.read(MIB);
    }
    expect(issued).toBe(500);
  }, 30_000); // 500 MiB through two sockets, on a machine that others may use.

  test('a graceful close answers what is under way', async () => {
    const client = await enter();
    client.send(request(COMMAND.write, 0, 512, 0, 5n), Buffer.alloc(512, 9));
    while (device.allocatedBytes === 0) await new Promise(setImmediate);
    const closing = server.close('graceful');
    expect(await client.simpleReply()).toEqual({ error: 0, cookie: 5n });
    await client.closed();
    await closing;
  });
});

test('a read-only export answers EPERM to every change', async () => {
  await start({ mode: 'read-only' });
  const client = await enter();
  for (const bytes of [
    Buffer.concat([request(COMMAND.write, 0, 512), Buffer.alloc(512, 1)]),
    request(COMMAND.trim, 0, 512),
    request(COMMAND.writeZeroes, 0, 512),
  ]) {
    client.send(bytes);
    expect(await client.simpleReply()).toEqual({ error: ERROR_NUMBER.EPERM, cookie: 7n });
  }
  expect(device.allocatedBytes).toBe(0);
});

describe('the socket file', () => {
  test('one left behind by a killed engine is replaced; one in use is not', async () => {
    await start();
    const other = createNbdServer({ exports: { find: () => volume, list: () => [] } }, { report() {} });
    await expect(other.listen({ kind: 'unix', path: socketPath })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await works(await enter());
    for (const client of clients) client.socket.destroy();
    await server.close('forced');
    expect(existsSync(socketPath)).toBe(false);
    // What SIGKILL leaves: a socket nobody listens on.
    const { execFileSync } = await import('node:child_process');
    const die = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
    expect(() => execFileSync(process.execPath, ['-e', die, socketPath])).toThrow();
    expect(existsSync(socketPath)).toBe(true);
    await start();
    await works(await enter());
    expect(statSync(socketPath).mode & 0o777).toBe(0o600);
  });

  test('a path that is no socket is left alone', async () => {
    await start();
    const path = join(directory, 'precious');
    writeFileSync(path, 'data');
    const other = createNbdServer({ exports: { find: () => volume, list: () => [] } }, { report() {} });
    await expect(other.listen({ kind: 'unix', path })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(statSync(path).size).toBe(4);
  });

  test('a path longer than sun_path is refused with a hint', async () => {
    await start();
    const path = join(directory, 'x'.repeat(120));
    await expect(server.listen({ kind: 'unix', path })).rejects.toThrow('run directory');
  });
});
