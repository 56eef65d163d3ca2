/** The protocol as the kernel speaks it, byte by byte, without a kernel. */
import { holderCount, shareMemory } from '../../payload';
import type { Errno } from '../../export';
import type { DeviceNumber } from '../device-numbers';
import { testVolume } from '../test-volume';
import type { FuseChannel, RequestId } from './fuse-channel';
import { OPCODE } from './numbers';
import type { OpenIntent } from './open-intent';
import { VolumeFiles } from './volume-files';

interface Reply {
  readonly error: number;
  readonly body: Buffer;
}

function setUp(options: { readonly sizeBytes?: number } = {}) {
  const replies = new Map<number, Reply>();
  const put = (to: RequestId, error: number, body: Uint8Array): void => {
    if (replies.has(to.low)) throw new Error('a second reply');
    replies.set(to.low, { error, body: Buffer.from(body) });
  };
  const channel: FuseChannel = {
    fd: -1,
    start: () => undefined,
    reply: (to, error, body) => put(to, error, body ?? Buffer.alloc(0)),
    replyInPlace: (to, reply) => put(to, 0, reply.subarray(16)),
    close: () => undefined,
  };
  let uses = 0;
  const opens: string[] = [];
  const door = { intent: 'none' as OpenIntent, answer: 'EROFS' as DeviceNumber | Errno };
  const files = new VolumeFiles(channel, {
    gid: 6,
    onLoopUse: () => (uses += 1),
    intentOf: () => door.intent,
    onNodeOpen: ({ minor }, intent) => {
      opens.push(`${intent} ${minor}`);
      return Promise.resolve(door.answer);
    },
  });
  const volume = testVolume({ minor: 5, ...options });
  files.add(volume);
  let id = 0;
  const send = (opcode: number, node: number, body: Buffer): number => {
    id += 1;
    const head = Buffer.alloc(40);
    head.writeUInt32LE(40 + body.length, 0);
    head.writeUInt32LE(opcode, 4);
    head.writeUInt32LE(id, 8);
    head.writeUInt32LE(node, 16);
    head.writeUInt32LE(4711, 32);
    files.received(Buffer.concat([head, body]));
    return id;
  };
  const ask = async (opcode: number, node: number, body: Buffer = Buffer.alloc(0)): Promise<Reply> => {
    const asked = send(opcode, node, body);
    for (let turn = 0; turn < 100 && !replies.has(asked); turn++) await new Promise((resolve) => setImmediate(resolve));
    return replies.get(asked) ?? { error: NaN, body: Buffer.alloc(0) };
  };
  const lookUp = async (name: string): Promise<number> => {
    const { error, body } = await ask(OPCODE.lookup, 1, Buffer.from(`${name}\0`));
    return error === 0 ? Number(body.readBigUInt64LE(0)) : error;
  };
  const open = async (node: number, flags: number): Promise<number> => {
    const request = Buffer.alloc(8);
    request.writeUInt32LE(flags, 0);
    const { error, body } = await ask(OPCODE.open, node, request);
    return error === 0 ? Number(body.readBigUInt64LE(0)) : error;
  };
  return { files, volume, send, ask, lookUp, open, replies, opens, door, uses: () => uses };
}

const O_RDONLY = 0;
const O_RDWR = 2;
const EIO = -5;

function transfer(handle: number, offsetBytes: number, sizeBytes: number, data: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(40);
  head.writeBigUInt64LE(BigInt(handle), 0);
  head.writeBigUInt64LE(BigInt(offsetBytes), 8);
  head.writeUInt32LE(sizeBytes, 16);
  return Buffer.concat([head, data]);
}

const onHandle = (handle: number): Buffer => transfer(handle, 0, 0).subarray(0, 24);

test('INIT agrees on 7.31 and on requests as long as the longest of a volume', async () => {
  const { ask } = setUp();
  const offer = Buffer.alloc(16);
  offer.writeUInt32LE(7, 0);
  offer.writeUInt32LE(45, 4);
  offer.writeUInt32LE(131072, 8);
  offer.writeUInt32LE(0xffffffff, 12);
  const { error, body } = await ask(OPCODE.init, 0, offer);
  expect([error, body.length, body.readUInt32LE(0), body.readUInt32LE(4)]).toEqual([0, 64, 7, 31]);
  expect([body.readUInt32LE(20), body.readUInt16LE(28)]).toEqual([1024 * 1024, 256]);
  // Asynchronous direct I/O, and no writeback cache, which would hold writes back.
  expect(body.readUInt32LE(12) & (1 << 15)).not.toBe(0);
  expect(body.readUInt32LE(12) & (1 << 16)).toBe(0);
});

test('a volume is a file by its minor, as large as the volume is now', async () => {
  const { ask, lookUp, volume } = setUp();
  expect(await lookUp('6')).toBe(-2);
  const node = await lookUp('5');
  const sizeOf = async () => Number((await ask(OPCODE.getattr, node)).body.readBigUInt64LE(16 + 8));
  expect(await sizeOf()).toBe(65536);
  volume.size = 131072;
  expect(await sizeOf()).toBe(131072);
  const { body } = await ask(OPCODE.getattr, node);
  expect([body.readUInt32LE(16 + 60).toString(8), body.readUInt32LE(16 + 72)]).toEqual(['100660', 6]);
  const { body: entries } = await ask(OPCODE.readdir, 1, transfer(0, 0, 4096));
  expect(entries.toString('latin1')).toContain('5');
});

test("opening the file opens the volume; closing closes it; a refusal is DRBD's", async () => {
  const { ask, lookUp, open, volume } = setUp();
  const node = await lookUp('5');
  const handle = await open(node, O_RDWR);
  expect(volume.openCount).toBe(1);
  expect(await ask(OPCODE.release, node, onHandle(handle))).toMatchObject({ error: 0 });
  expect(volume.openCount).toBe(0);
  volume.refuses = true;
  expect([await open(node, O_RDONLY), await open(node, O_RDWR)]).toEqual([-124, -30]);
});

test('what is written is read again, from anywhere in the file', async () => {
  const { ask, lookUp, open, volume } = setUp();
  const node = await lookUp('5');
  const handle = await open(node, O_RDWR);
  const data = Buffer.from(Array.from({ length: 4096 }, (_, i) => i % 251));
  const { error, body } = await ask(OPCODE.write, node, transfer(handle, 8192, 4096, data));
  expect([error, body.readUInt32LE(0)]).toEqual([0, 4096]);
  expect((await ask(OPCODE.read, node, transfer(handle, 8192, 4096))).body).toEqual(data);
  expect((await ask(OPCODE.read, node, transfer(handle, 8192 + 100, 1000))).body).toEqual(data.subarray(100, 1100));
  expect(volume.requests).toEqual(['write 8192+4096', 'read 8192+4096', 'read 8192+1536']);
  // At the end of the file, and behind it.
  expect((await ask(OPCODE.read, node, transfer(handle, 65536 - 512, 4096))).body.length).toBe(512);
  expect((await ask(OPCODE.read, node, transfer(handle, 65536, 4096))).body.length).toBe(0);
  expect(await ask(OPCODE.fsync, node, onHandle(handle))).toMatchObject({ error: 0 });
  expect(volume.requests.at(-1)).toBe('flush');
});

test("a long payload is not copied: the request's memory is held until the write is done", async () => {
  const { lookUp, open, files, volume } = setUp({ sizeBytes: 256 * 1024 });
  const node = await lookUp('5');
  const handle = await open(node, O_RDWR);
  const memory = Buffer.allocUnsafeSlow(40 + 40 + 128 * 1024);
  shareMemory(memory.buffer, () => undefined);
  memory.fill(7);
  memory.writeUInt32LE(memory.length, 0);
  memory.writeUInt32LE(OPCODE.write, 4);
  memory.writeBigUInt64LE(99n, 8);
  memory.writeBigUInt64LE(BigInt(node), 16);
  transfer(handle, 0, 128 * 1024).copy(memory, 40);
  files.received(memory);
  expect(holderCount(memory.buffer)).toBe(2);
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  expect(holderCount(memory.buffer)).toBe(1);
  expect(volume.content[128 * 1024 - 1]).toBe(7);
});

test('writes beyond the end and across blocks are refused', async () => {
  const { ask, lookUp, open, volume } = setUp();
  const node = await lookUp('5');
  const handle = await open(node, O_RDWR);
  const write = async (offset: number, size: number) =>
    (await ask(OPCODE.write, node, transfer(handle, offset, size, Buffer.alloc(size)))).error;
  expect([await write(65536, 512), await write(100, 512), await write(0, 100)]).toEqual([-28, -22, -22]);
  expect(volume.requests).toEqual([]);
});

test('a hole or a zeroed range is written as zeroes, in parts that the volume takes', async () => {
  const { ask, lookUp, open, volume } = setUp();
  const node = await lookUp('5');
  const handle = await open(node, O_RDWR);
  const fallocate = async (mode: number) => {
    const body = Buffer.alloc(32);
    body.writeBigUInt64LE(BigInt(handle), 0);
    body.writeBigUInt64LE(4096n, 8);
    body.writeBigUInt64LE(20480n, 16);
    body.writeUInt32LE(mode, 24);
    return (await ask(OPCODE.fallocate, node, body)).error;
  };
  expect([await fallocate(3), await fallocate(0x11), await fallocate(0)]).toEqual([0, 0, -95]);
  expect(volume.requests).toEqual([
    'zeroes 4096+16384 may-become-hole',
    'zeroes 20480+4096 may-become-hole',
    'zeroes 4096+16384 allocated',
    'zeroes 20480+4096 allocated',
  ]);
});

test("a loop file's opens do not count, its requests tell of a use, and revoked it fails for good", async () => {
  const { ask, lookUp, open, files, volume, uses } = setUp();
  const { name, revoke } = files.addLoopFile(volume, 'f00d');
  const node = await lookUp(name);
  const handle = await open(node, O_RDWR);
  expect([volume.openCount, uses()]).toEqual([0, 0]);
  const read = async () => (await ask(OPCODE.read, node, transfer(handle, 0, 512))).error;
  expect([await read(), uses()]).toEqual([0, 1]);
  volume.isPrimary = false;
  expect(await read()).toBe(EIO);
  volume.isPrimary = true;
  revoke();
  expect([await read(), await lookUp(name), uses()]).toEqual([EIO, -2, 1]);
  expect(await ask(OPCODE.release, node, onHandle(handle))).toMatchObject({ error: 0 });
});

test('a volume that goes is closed, and its open files fail', async () => {
  const { ask, lookUp, open, files, volume } = setUp();
  const node = await lookUp('5');
  const handle = await open(node, O_RDWR);
  files.remove(volume);
  expect(volume.openCount).toBe(0);
  expect([(await ask(OPCODE.read, node, transfer(handle, 0, 512))).error, await lookUp('5')]).toEqual([EIO, -2]);
});

test('forgotten nodes get no reply, unknown requests are refused', async () => {
  const { send, ask, replies } = setUp();
  for (const opcode of [OPCODE.forget, OPCODE.batchForget, OPCODE.destroy]) send(opcode, 1, Buffer.alloc(8));
  await new Promise((resolve) => setImmediate(resolve));
  expect(replies.size).toBe(0);
  expect((await ask(OPCODE.flush, 2)).error).toBe(-38);
  expect((await ask(9999, 2)).error).toBe(-38);
});

test('the device: a look sees a node without a driver, an open asks, and gets the device or an answer', async () => {
  const { ask, opens, door } = setUp();
  door.answer = { major: 0, minor: 0 };
  const lookUp = async () => {
    const { error, body } = await ask(OPCODE.lookup, 2, Buffer.from('5\0'));
    if (error !== 0) return error;
    const node = body.readUInt32LE(0);
    const { body: attributes } = await ask(OPCODE.getattr, node);
    expect(attributes.subarray(16)).toEqual(body.subarray(40));
    return { mode: body.readUInt32LE(40 + 60).toString(8), number: body.readUInt32LE(40 + 76), node };
  };
  expect(await lookUp()).toMatchObject({ mode: '60660', number: 0 });
  door.answer = 'EROFS';
  door.intent = 'read';
  expect(await lookUp()).toBe(-124);
  door.intent = 'write';
  expect(await lookUp()).toBe(-30);
  door.answer = { major: 7, minor: 3 };
  const first = await lookUp();
  expect(first).toMatchObject({ mode: '60660', number: 0x703 });
  expect(await lookUp()).toEqual(first);
  door.answer = { major: 7, minor: 4 };
  // An inode keeps its device number for life.
  const second = await lookUp();
  expect(second).toMatchObject({ number: 0x704 });
  expect(second).not.toMatchObject({ node: typeof first === 'object' ? first.node : 0 });
  expect(opens).toEqual(['none 5', 'read 5', 'write 5', 'write 5', 'write 5', 'write 5']);
});
