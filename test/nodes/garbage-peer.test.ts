/**
 * Somebody who is no DRBD talks to the resource's port, from the peer's own address: nothing is harmed, memory stays
 * bounded, and the real peer connects.
 */
import { randomBytes } from 'node:crypto';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { encodeFirstPacket } from '../../packages/engine/src/wire';
import { expectNoTrace } from './support/no-trace';
import { Pair } from './support/pair';

const MEMORY_GROWTH_BYTES_MAX = 48 * 1024 * 1024;

let pair: Pair;
const sockets: Socket[] = [];
beforeEach(async () => {
  // A silent peer holds the port for 4 x ping-timeout (wire.md 1.2): with the default these tests would mostly wait.
  pair = await Pair.create({ net: 'ping-timeout 2;' });
  await Promise.all(pair.nodes.map((node) => node.does('create-md', 'r0')));
  await pair.alice.does('up', 'r0');
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await pair.end();
});

/** A connection to alice's port that comes from bob's address. */
function dial(from = pair.addresses.bob): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const { alice, port } = pair.addresses;
    const socket = connect({ host: alice, port, localAddress: from }, () => resolve(socket));
    socket.on('error', reject).resume();
    sockets.push(socket);
  });
}

/** Writes until the other side closes, or `limitBytes` are on their way; resolves with what was taken. */
function pour(socket: Socket, chunk: () => Uint8Array, limitBytes: number): Promise<number> {
  return new Promise((resolve) => {
    let sent = 0;
    const finish = (): void => resolve(sent);
    socket.on('close', finish).on('error', finish);
    // A reader that has stopped reading is as good as one that closed.
    const stalled = setTimeout(finish, 1000);
    const more = (): void => {
      while (sent < limitBytes && !socket.destroyed) {
        const bytes = chunk();
        sent += bytes.length;
        if (!socket.write(bytes)) return void socket.once('drain', more);
      }
      clearTimeout(stalled);
      setTimeout(finish, 300);
    };
    more();
  });
}

function header80(command: number, lengthBytes: number): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(0x83740267, 0);
  header.writeUInt16BE(command, 4);
  header.writeUInt16BE(lengthBytes, 6);
  return header;
}

const FEATURES = 0xfffe;
/** P_CONNECTION_FEATURES offering 86 to 101 without features. Source: wire.md 3. */
function features(): Buffer {
  const payload = Buffer.alloc(72);
  payload.writeUInt32BE(86, 0);
  payload.writeUInt32BE(0, 4);
  payload.writeUInt32BE(101, 8);
  return Buffer.concat([header80(FEATURES, 72), payload]);
}

const GARBAGE: readonly (readonly [string, () => Uint8Array])[] = [
  ['random bytes', () => randomBytes(4096)],
  ['HTTP', () => Buffer.from('GET / HTTP/1.1\r\nHost: drbd\r\n\r\n')],
  ['a TLS greeting', () => Buffer.from('16030100f1010000ed0303', 'hex')],
  ['a wrong magic', () => Buffer.from('8374026800f60000', 'hex')],
  ['half a first packet', () => encodeFirstPacket('data').subarray(0, 5)],
  ['a first packet with a length', () => header80(0xfff1, 0xffff)],
  ['zeroes', () => new Uint8Array(4096)],
  ['nothing', () => new Uint8Array(0)],
];

async function expectRealPeerConnects(): Promise<void> {
  await pair.bob.does('up', 'r0');
  const connected = pair.alice.until('connected', (_, peer) => peer?.replicationState === 'Established', 25_000);
  await connected.catch((error: Error) => {
    throw new Error(`${error.message}\nthe peer's log:\n${pair.bob.logEnd()}`);
  });
  expectNoTrace(...pair.nodes);
}

test('garbage as first packet: closed, and the real peer connects', async () => {
  const { alice } = pair;
  const before = alice.engineMemory().now;
  for (const [, bytes] of GARBAGE) {
    const socket = await dial();
    socket.on('error', () => undefined);
    socket.write(bytes());
  }
  // Many at once, as from a port scanner; and some from an address that no peer has.
  const { length } = await Promise.all(Array.from({ length: 200 }, () => dial().catch(() => null)));
  expect(length).toBe(200);
  const stranger = await dial('127.0.0.1');
  await new Promise((resolve) => stranger.on('error', () => undefined).once('close', resolve));
  const flood = await dial();
  await pour(flood, () => Buffer.alloc(1024 * 1024, 0x47), 256 * 1024 * 1024);
  expect(alice.engineMemory().peak - before).toBeLessThan(MEMORY_GROWTH_BYTES_MAX);
  await expectRealPeerConnects();
});

/** Each comes on the data socket, behind proper first packets on both; `says` is what the log has to tell of it. */
const BEHIND_FIRST_PACKETS: readonly {
  readonly what: string;
  readonly bytes: () => Uint8Array;
  readonly says: RegExp;
}[] = [
  { what: 'random bytes', bytes: () => randomBytes(65536), says: /magic/ },
  { what: 'half of the features, then silence', bytes: () => features().subarray(0, 20), says: /closed|time/i },
  {
    what: 'features, then a header of another kind',
    bytes: () => Buffer.concat([features(), Buffer.alloc(4096, 0x5a)]),
    says: /magic/,
  },
  {
    what: 'features, then a payload of 4 GiB',
    bytes: () => {
      const header = Buffer.alloc(16);
      header.writeUInt32BE(0x8620ec20, 0);
      header.writeUInt16BE(0, 4); // volume
      header.writeUInt16BE(0x00, 6); // P_DATA
      header.writeUInt32BE(0xffff_fff0, 8);
      return Buffer.concat([features(), header, Buffer.alloc(1024 * 1024)]);
    },
    says: /length|too long|4294967280/,
  },
  {
    what: 'features of another length',
    bytes: () => Buffer.concat([header80(FEATURES, 4), Buffer.alloc(4)]),
    says: /features|length/i,
  },
];

test('garbage behind proper first packets', async () => {
  const { alice } = pair;
  const before = alice.engineMemory().now;
  for (const { what, bytes, says } of BEHIND_FIRST_PACKETS) {
    const logged = alice.log().length;
    const data = await dial();
    const meta = await dial();
    for (const socket of [data, meta]) socket.on('error', () => undefined);
    data.write(encodeFirstPacket('data'));
    meta.write(encodeFirstPacket('meta'));
    const flood = what.includes('silence') ? 0 : 64 * 1024 * 1024;
    data.write(bytes());
    await pour(data, () => Buffer.alloc(1024 * 1024, 0x33), flood);
    if (flood === 0) {
      const { connections } = await alice.until(
        'handshaking',
        ({ connections: [connection] }) => connection !== undefined,
      );
      expect(connections[0]?.connectionState).not.toBe('StandAlone');
    }
    await alice.until(`heard of (${what})`, () => says.test(alice.log().slice(logged)), 10_000);
    data.destroy();
    meta.destroy();
    // Broken features are fatal, as in DRBD (wire.md 1.7): an administrator has to ask again.
    const { connections } = await alice.until('done with it', ({ connections: [connection] }) =>
      ['Connecting', 'StandAlone'].includes(connection?.connectionState ?? ''),
    );
    if (connections[0]?.connectionState === 'StandAlone') await alice.does('connect', 'r0');
  }
  expect(alice.engineMemory().peak - before).toBeLessThan(MEMORY_GROWTH_BYTES_MAX);
  await expectRealPeerConnects();
});

test('a peer address on which something else listens', async () => {
  const { alice, addresses } = pair;
  const server = await new Promise<Server>((resolve, reject) => {
    const http = createServer((socket) => {
      socket.on('error', () => undefined).resume();
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    })
      .on('error', reject)
      .listen(addresses.port, addresses.bob, () => resolve(http));
  });
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const { connections } = await alice.until('looking for its peer', () => true);
  expect(connections[0]?.connectionState).toMatch(/Connecting|Unconnected/);
  await new Promise((resolve) => server.close(resolve));
  await expectRealPeerConnects();
});

test('garbage beside an established connection disturbs nothing', async () => {
  const { alice, bob } = pair;
  await bob.does('up', 'r0');
  await alice.until('connected', (_, peer) => peer?.replicationState === 'Established', 25_000);
  await alice.does('new-current-uuid', '--clear-bitmap', 'r0/0');
  await alice.does('primary', 'r0');
  for (const [, bytes] of GARBAGE) {
    const socket = await dial();
    socket.on('error', () => undefined).write(bytes());
  }
  for (const kind of ['data', 'meta'] as const) {
    const socket = await dial();
    socket.on('error', () => undefined).write(encodeFirstPacket(kind));
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  const { connections } = await alice.until('watched', () => true);
  expect(connections[0]).toMatchObject({ connectionState: 'Connected' });
  expect(alice.log().match(/BrokenPipe|NetworkFailure|ProtocolError/)).toBeNull();
  expectNoTrace(alice, bob);
});
