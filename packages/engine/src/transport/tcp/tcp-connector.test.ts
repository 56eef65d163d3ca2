import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { LinkRecorder } from '../../../test/tcp/link-recorder';
import type { Packet } from '../../wire';
import { encodeFirstPacket, FEATURES_ALL } from '../../wire';
import type { Connector, ConnectorOptions, Link } from '../link';
import { UNSENT_HIGH_BYTES } from './tcp-link';
import { TcpTransport } from './tcp-transport';

const connectors: Connector[] = [];
const links: Link[] = [];
const servers: Server[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const connector of connectors.splice(0)) connector.destroy();
  for (const link of links.splice(0)) link.close();
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

async function freePort(host = '127.0.0.1'): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const timing = { connectIntMs: 700, pingTimeoutMs: 60, sockCheckTimeoutMs: 0, sndbufSizeBytes: 0, rcvbufSizeBytes: 0 };

interface Search {
  readonly connector: Connector;
  readonly link: Promise<Link>;
  readonly troubles: string[];
}

function search(
  options: Partial<ConnectorOptions> & { localPort: number; peerPort: number },
  transport?: TcpTransport,
): Search {
  const troubles: string[] = [];
  let found: (link: Link) => void = () => undefined;
  const link = new Promise<Link>((resolve) => (found = resolve));
  const connector = (transport ?? new TcpTransport({ random: Math.random })).connector(
    { localHost: '127.0.0.1', peerHost: '127.0.0.2', ...timing, ...options },
    {
      linked: (one) => {
        links.push(one);
        found(one);
      },
      trouble: ({ code }) => void troubles.push(code),
    },
  );
  connectors.push(connector);
  connector.start();
  return { connector, link, troubles };
}

async function pair(): Promise<{ a: Link; b: Link }> {
  const port = await freePort();
  const alice = search({ localPort: port, peerPort: port });
  const bob = search({ localHost: '127.0.0.2', peerHost: '127.0.0.1', localPort: port, peerPort: port });
  const [a, b] = await Promise.all([alice.link, bob.link]);
  return { a, b };
}

async function agreedPair(onPacket?: (packet: Packet) => void): Promise<{ a: LinkRecorder; b: LinkRecorder }> {
  const { a, b } = await pair();
  a.agree(101, FEATURES_ALL);
  b.agree(101, FEATURES_ALL);
  return { a: new LinkRecorder(a, onPacket), b: new LinkRecorder(b) };
}

async function dialAs(host: string, to: { host: string; port: number }): Promise<Socket> {
  const socket = connect({ ...to, localAddress: host });
  socket.on('error', () => undefined);
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

const ping: Packet = { kind: 'Ping', volume: 0 };
const state = (value: number): Packet => ({ kind: 'State', volume: 0, state: value });

describe('two connectors', () => {
  test('that start together find one link, of which one side resolves conflicts', async () => {
    const { a, b } = await pair();
    expect([a.acceptedMeta, b.acceptedMeta].sort()).toEqual([false, true]);
    expect(a.localAddress).toMatch(/^127\.0\.0\.1:/);
    expect(a.peerAddress).toMatch(/^127\.0\.0\.2:/);
  });

  test('find a link when one starts much later', async () => {
    const port = await freePort();
    const alice = search({ localPort: port, peerPort: port });
    await new Promise((resolve) => setTimeout(resolve, 300)); // longer than alice's first dial
    const bob = search({ localHost: '127.0.0.2', peerHost: '127.0.0.1', localPort: port, peerPort: port });
    const [a, b] = await Promise.all([alice.link, bob.link]);
    expect(a.acceptedMeta).toBe(!b.acceptedMeta);
  });

  test('find a link again and again', async () => {
    const port = await freePort();
    for (let round = 0; round < 3; round++) {
      const alice = search({ localPort: port, peerPort: port });
      const bob = search({ localHost: '127.0.0.2', peerHost: '127.0.0.1', localPort: port, peerPort: port });
      const [a, b] = await Promise.all([alice.link, bob.link]);
      const recorder = new LinkRecorder(a);
      b.close();
      await recorder.until(() => recorder.ending !== null);
      alice.connector.destroy();
      bob.connector.destroy();
    }
  });

  test('of one process share a listening port; the source address tells the peers apart', async () => {
    const port = await freePort();
    const transport = new TcpTransport({ random: Math.random });
    const toBob = search({ localPort: port, peerPort: port, peerHost: '127.0.0.2' }, transport);
    const toCarol = search({ localPort: port, peerPort: port, peerHost: '127.0.0.3' }, transport);
    const bob = search({ localHost: '127.0.0.2', peerHost: '127.0.0.1', localPort: port, peerPort: port });
    const carol = search({ localHost: '127.0.0.3', peerHost: '127.0.0.1', localPort: port, peerPort: port });
    const found = await Promise.all([toBob.link, toCarol.link, bob.link, carol.link]);
    expect(found.slice(0, 2).map((link) => link.peerAddress.replace(/:.*/, ''))).toEqual(['127.0.0.2', '127.0.0.3']);
  });
});

test('two peers at one address share the port: each gets its own link, whoever has to dial', async () => {
  const [port, bobPort, carolPort] = [await freePort(), await freePort('127.0.0.2'), await freePort('127.0.0.2')];
  const transport = new TcpTransport({ random: Math.random });
  const toBob = search({ localPort: port, peerPort: bobPort }, transport);
  const toCarol = search({ localPort: port, peerPort: carolPort }, transport);
  const bob = search({ localHost: '127.0.0.2', peerHost: '127.0.0.1', localPort: bobPort, peerPort: port });
  const carol = search({ localHost: '127.0.0.2', peerHost: '127.0.0.1', localPort: carolPort, peerPort: port });
  const found = await Promise.all([toBob.link, toCarol.link, bob.link, carol.link]);
  const [atBob, atCarol, fromBob, fromCarol] = found.map((link) => {
    link.agree(101, FEATURES_ALL);
    return new LinkRecorder(link);
  });
  atBob?.link.send('data', state(1));
  atBob?.link.send('meta', ping);
  atCarol?.link.send('data', state(2));
  atCarol?.link.send('meta', ping);
  await Promise.all([fromBob, fromCarol].map((one) => one?.until(() => one.packets.length === 2)));
  expect(fromBob?.packets.map(({ packet }) => packet)).toContainEqual(state(1));
  expect(fromCarol?.packets.map(({ packet }) => packet)).toContainEqual(state(2));
}, 20_000);

describe('a connector', () => {
  test('takes both sockets from a peer that dials both, as DRBD 8.4 may, and then resolves conflicts', async () => {
    const [localPort, peerPort] = [await freePort(), await freePort()];
    const { link } = search({ localPort, peerPort });
    const data = await dialAs('127.0.0.2', { host: '127.0.0.1', port: localPort });
    data.write(encodeFirstPacket('data'));
    const meta = await dialAs('127.0.0.2', { host: '127.0.0.1', port: localPort });
    meta.write(encodeFirstPacket('meta'));
    expect((await link).acceptedMeta).toBe(true);
  });

  test('dials both sockets of a peer that only listens', async () => {
    const localPort = await freePort();
    const firstPackets: string[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => firstPackets.push(bytes.toString('hex')));
    }).listen(0, '127.0.0.2');
    servers.push(server);
    await once(server, 'listening');
    const { link } = search({ localPort, peerPort: (server.address() as AddressInfo).port });
    expect((await link).acceptedMeta).toBe(false);
    expect(firstPackets.sort()).toEqual(['83740267fff10000', '83740267fff20000']);
  });

  test('prefers an accepted socket to its own of the same kind when connects cross', async () => {
    const localPort = await freePort();
    const dialled: Socket[] = [];
    const server = createServer((socket) => void dialled.push(socket)).listen(0, '127.0.0.2');
    servers.push(server);
    await once(server, 'listening');
    const peerPort = (server.address() as AddressInfo).port;
    // The coin says: accept again.
    const { link } = search({ localPort, peerPort }, new TcpTransport({ random: () => 0 }));
    await once(server, 'connection');
    const own = dialled[0];
    if (own === undefined) throw new Error('not dialled');
    sockets.push(own);
    own.on('error', () => undefined);
    const [first] = (await once(own, 'data')) as [Buffer];
    const kind = first.equals(encodeFirstPacket('data')) ? 'data' : 'meta';
    const crossing = await dialAs('127.0.0.2', { host: '127.0.0.1', port: localPort });
    const ended = once(own, 'close');
    crossing.write(encodeFirstPacket(kind));
    await ended;
    const other = await dialAs('127.0.0.2', { host: '127.0.0.1', port: localPort });
    other.write(encodeFirstPacket(kind === 'data' ? 'meta' : 'data'));
    expect((await link).acceptedMeta).toBe(true);
  });

  test('closes a connection that begins with anything but a first packet, and goes on', async () => {
    const [localPort, peerPort] = [await freePort(), await freePort()];
    const { link } = search({ localPort, peerPort });
    const stranger = await dialAs('127.0.0.2', { host: '127.0.0.1', port: localPort });
    stranger.resume();
    stranger.write('GET / HTTP/1.1\r\n\r\n');
    await once(stranger, 'close');
    const silent = await dialAs('127.0.0.2', { host: '127.0.0.1', port: localPort });
    silent.resume();
    await once(silent, 'close');
    (await dialAs('127.0.0.2', { host: '127.0.0.1', port: localPort })).write(encodeFirstPacket('meta'));
    (await dialAs('127.0.0.2', { host: '127.0.0.1', port: localPort })).write(encodeFirstPacket('data'));
    await link;
  });

  test('closes connections from an address that is not the peer', async () => {
    const [localPort, peerPort] = [await freePort(), await freePort()];
    search({ localPort, peerPort });
    const stranger = await dialAs('127.0.0.9', { host: '127.0.0.1', port: localPort });
    stranger.resume();
    await once(stranger, 'close');
  });

  test('says once that its port is taken, and listens as soon as it is free', async () => {
    const [localPort, peerPort] = [await freePort(), await freePort()];
    const squatter = createServer().listen(localPort, '127.0.0.1');
    await once(squatter, 'listening');
    const { link, troubles } = search({ localPort, peerPort, connectIntMs: 100 });
    await new Promise((resolve) => setTimeout(resolve, 350)); // three more attempts
    expect(troubles).toEqual(['EADDRINUSE']);
    squatter.close();
    await once(squatter, 'close');
    for (const kind of ['data', 'meta'] as const) {
      for (;;) {
        const socket = await dialAs('127.0.0.2', { host: '127.0.0.1', port: localPort }).catch(() => null);
        if (socket === null) continue;
        socket.write(encodeFirstPacket(kind));
        break;
      }
    }
    await link;
  });

  test('says that its address is not local', async () => {
    const { troubles, connector } = search({
      localHost: '192.0.2.1',
      localPort: 7789,
      peerPort: 7789,
      connectIntMs: 50,
    });
    await new Promise((resolve) => setTimeout(resolve, 200)); // several attempts
    connector.destroy();
    expect(new Set(troubles)).toEqual(new Set(['EADDRNOTAVAIL']));
    expect(troubles.length).toBeLessThanOrEqual(2); // listening and dialling
  });

  test('hands nothing over after it was stopped', async () => {
    const port = await freePort();
    const alice = search({ localPort: port, peerPort: port });
    let linked = false;
    void alice.link.then(() => (linked = true));
    alice.connector.stop();
    const bob = search({
      localHost: '127.0.0.2',
      peerHost: '127.0.0.1',
      localPort: port,
      peerPort: port,
      connectIntMs: 100,
    });
    await new Promise((resolve) => setTimeout(resolve, 400)); // longer than a search takes
    expect(linked).toBe(false);
    bob.connector.stop();
  });
});

describe('a link', () => {
  test('delivers in order per socket, and what was sent before anybody listened', async () => {
    const { a, b } = await pair();
    a.agree(101, FEATURES_ALL);
    b.agree(101, FEATURES_ALL);
    for (let i = 0; i < 100; i++) a.send('data', state(i));
    a.send('meta', ping);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const recorder = new LinkRecorder(b);
    await recorder.until(() => recorder.packets.length === 101);
    const states = recorder.packets.flatMap(({ packet }) => (packet.kind === 'State' ? [packet.state] : []));
    expect(states).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(recorder.kinds).toContain('meta Ping');
  });

  test('reads on in the agreed format when the version is agreed later than the features came', async () => {
    const { a, b } = await pair();
    const features = {
      kind: 'ConnectionFeatures',
      volume: 0,
      protocolMin: 86,
      featureFlags: 15,
      protocolMax: 101,
      senderNodeId: 0,
      receiverNodeId: 0,
    } as const;
    a.send('data', features);
    await new Promise((resolve) => setImmediate(resolve));
    a.agree(101, 15);
    a.send('data', state(1));
    const recorder = new LinkRecorder(b);
    await recorder.until(() => recorder.packets.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(recorder.kinds).toEqual(['data ConnectionFeatures']);
    b.agree(101, 15);
    await recorder.until(() => recorder.packets.length === 2);
    expect(recorder.kinds[1]).toBe('data State');
  });

  test('delivers the last words on the meta socket before it says that the peer left', async () => {
    const { a, b } = await agreedPair();
    b.link.send('meta', { kind: 'ConnStChgReply', volume: 0, retcode: 1 });
    b.link.close();
    await a.until(() => a.ending !== null);
    expect(a.kinds).toEqual(['meta ConnStChgReply']);
    expect(['BrokenPipe', 'NetworkFailure']).toContain(a.ending?.reason);
    expect(b.ending).toBeNull();
  });

  test('sends everything that was queued before it closes', async () => {
    const { a, b } = await agreedPair();
    const payload = [new Uint8Array(1 << 20).fill(5)];
    const count = 20;
    for (let i = 0; i < count; i++) {
      a.link.send('data', {
        kind: 'Data',
        volume: 0,
        sector: i * 2048,
        blockId: 1n,
        seq: i,
        flags: 0,
        sizeBytes: 1 << 20,
        payload,
      });
    }
    a.link.close();
    await b.until(() => b.ending !== null);
    expect(b.packets.length).toBe(count);
    expect(b.ending?.reason).toBe('BrokenPipe');
  });

  test('drops a peer that speaks garbage, with a protocol error', async () => {
    const { a, b } = await agreedPair();
    b.link.agree(86, 0); // header80 from now on
    b.link.send('data', state(1));
    await a.until(() => a.ending !== null);
    expect(a.ending).toMatchObject({ reason: 'ProtocolError', text: expect.stringContaining('magic') as string });
    await b.until(() => b.ending !== null);
  });

  test('finds no common language with a peer whose first packet offers nothing', async () => {
    const { a, b } = await pair();
    b.send('data', state(1));
    const recorder = new LinkRecorder(a);
    await recorder.until(() => recorder.ending !== null);
    expect(recorder.ending).toMatchObject({
      reason: 'Disconnecting',
      text: expect.stringContaining('expected P_CONNECTION_FEATURES of 72 bytes, received P_STATE') as string,
    });
  });

  test('answers a ping while its data socket is full, and says when that has drained', async () => {
    const localPort = await freePort();
    const accepted: Socket[] = [];
    const server = createServer({ pauseOnConnect: true }, (socket) => void accepted.push(socket)).listen(
      0,
      '127.0.0.2',
    );
    servers.push(server);
    await once(server, 'listening');
    const { link } = search({ localPort, peerPort: (server.address() as AddressInfo).port });
    const recorder = new LinkRecorder(await link);
    sockets.push(...accepted);
    recorder.link.agree(101, FEATURES_ALL);
    const payload = [new Uint8Array(1 << 20)];
    for (let i = 0; recorder.link.unsentBytes <= UNSENT_HIGH_BYTES || i < 40; i++) {
      recorder.link.send('data', {
        kind: 'Data',
        volume: 0,
        sector: 0,
        blockId: 1n,
        seq: i,
        flags: 0,
        sizeBytes: 1 << 20,
        payload,
      });
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(recorder.link.unsentBytes).toBeGreaterThan(UNSENT_HIGH_BYTES);

    recorder.link.send('meta', { kind: 'PingAck', volume: 0 });
    const heads = new Map<string, Socket>();
    for (const socket of accepted) {
      const bytes: unknown = await new Promise((resolve) => {
        socket.once('readable', () => resolve(socket.read(8)));
      });
      heads.set((bytes as Buffer).toString('hex'), socket);
    }
    const meta = heads.get('83740267fff10000');
    if (meta === undefined) throw new Error('no meta socket');
    const pong = (meta.read(16) as Buffer | null) ?? (await once(meta, 'readable'), meta.read(16) as Buffer);
    expect(pong.toString('hex')).toBe('8620ec20000000140000000000000000');

    heads.get('83740267fff20000')?.removeAllListeners('readable').resume();
    await recorder.until(() => recorder.drainedCount === 1);
    expect(recorder.link.unsentBytes).toBeLessThan(UNSENT_HIGH_BYTES);
  });

  test('is not read while it is paused, and loses nothing', async () => {
    const { a, b } = await agreedPair();
    b.link.readData('paused');
    const block = { kind: 'Data', volume: 0, sector: 0, blockId: 1n, flags: 0, sizeBytes: 1 << 20 } as const;
    const payload = [new Uint8Array(1 << 20)];
    const count = 40;
    for (let seq = 0; seq < count; seq++) a.link.send('data', { ...block, seq, payload });
    // The meta socket goes on; what fits into the kernels' buffers has left.
    b.link.send('meta', { kind: 'Ping', volume: 0 });
    await a.until(() => a.kinds.includes('meta Ping'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(a.link.unsentBytes).toBeGreaterThan(UNSENT_HIGH_BYTES);
    expect(b.packets.length).toBeLessThan(count / 2);
    b.link.readData('on');
    await b.until(() => b.packets.length === count);
    expect(b.packets.map(({ packet }) => (packet.kind === 'Data' ? packet.seq : -1))).toEqual(
      Array.from({ length: count }, (_, seq) => seq),
    );
  });

  test('ends when the peer lets too many answers on the meta socket wait', async () => {
    const localPort = await freePort();
    const accepted: Socket[] = [];
    const server = createServer({ pauseOnConnect: true }, (socket) => void accepted.push(socket)).listen(
      0,
      '127.0.0.2',
    );
    servers.push(server);
    await once(server, 'listening');
    const { link } = search({ localPort, peerPort: (server.address() as AddressInfo).port });
    const recorder = new LinkRecorder(await link);
    sockets.push(...accepted);
    recorder.link.agree(101, FEATURES_ALL);
    const ack = { kind: 'WriteAck', volume: 0, sector: 0, blockId: 1n, sizeBytes: 4096, seq: 0 } as const;
    for (let i = 0; i < 800_000 && recorder.ending === null; i++) {
      recorder.link.send('meta', ack);
      if (i % 10_000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await recorder.until(() => recorder.ending !== null);
    expect(recorder.ending).toEqual({ reason: 'NetworkFailure', text: 'meta socket: the peer does not read' });
  });
});
