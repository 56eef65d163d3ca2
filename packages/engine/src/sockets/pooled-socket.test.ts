import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { holdPiece, letGoPiece } from '../payload';
import { CHUNK_BYTES, chunkPool } from './chunk-pool';
import { pooledSocket } from './pooled-socket';

async function socketPair(pauseOnConnect: boolean): Promise<{ accepted: Socket; dialled: Socket; close(): void }> {
  const server = createServer({ pauseOnConnect, allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const dialled = connect(address.port, '127.0.0.1');
  const [accepted] = (await once(server, 'connection')) as [Socket];
  return {
    accepted,
    dialled,
    close: () => {
      accepted.destroy();
      dialled.destroy();
      server.close();
    },
  };
}

/** A stream whose every byte tells its place. */
const byteAt = (offset: number): number => (offset * 31 + (offset >>> 8)) & 0xff;
const stretch = (offset: number, length: number): Buffer =>
  Buffer.from(Uint8Array.from({ length }, (_, n) => byteAt(offset + n)));

test('what is held stays as it came, however much comes after it', async () => {
  const { accepted, dialled, close } = await socketPair(true);
  const held: { offset: number; piece: Uint8Array }[] = [];
  let received = 0;
  let wrong = 0;
  const check = (offset: number, piece: Uint8Array): void => {
    for (let n = 0; n < piece.length; n++) if (piece[n] !== byteAt(offset + n)) wrong++;
  };
  const socket = pooledSocket(accepted, (bytes) => {
    check(received, bytes);
    // Every third is kept for a while.
    if (held.length === 0 || received % 3 === 0) {
      holdPiece(bytes);
      held.push({ offset: received, piece: bytes });
    }
    if (held.length > 8) {
      const oldest = held.shift() as { offset: number; piece: Uint8Array };
      check(oldest.offset, oldest.piece);
      letGoPiece(oldest.piece);
    }
    received += bytes.length;
  });
  socket.resume();
  const total = 24 * CHUNK_BYTES;
  const step = 50_021;
  for (let sent = 0; sent < total; sent += step) {
    if (!dialled.write(stretch(sent, Math.min(step, total - sent)))) await once(dialled, 'drain');
  }
  dialled.end();
  await once(socket, 'end');
  for (const { offset, piece } of held) {
    check(offset, piece);
    letGoPiece(piece);
  }
  expect({ received, wrong }).toEqual({ received: total, wrong: 0 });
  close();
});

test('chunks that nobody holds are used again', async () => {
  const { accepted, dialled, close } = await socketPair(true);
  const buffers = new Set<ArrayBufferLike>();
  const socket = pooledSocket(accepted, (bytes) => buffers.add(bytes.buffer));
  socket.resume();
  for (let n = 0; n < 40; n++) if (!dialled.write(Buffer.alloc(CHUNK_BYTES))) await once(dialled, 'drain');
  dialled.end();
  await once(socket, 'end');
  expect(buffers.size).toBe(1);
  const before = chunkPool.unusedCount;
  socket.destroy();
  await once(socket, 'close');
  expect(chunkPool.unusedCount).toBe(before + 1);
  close();
});

test('what the socket had read before comes first', async () => {
  const { accepted, dialled, close } = await socketPair(false);
  const text: string[] = [];
  dialled.write('first ');
  await once(accepted, 'readable');
  const socket = pooledSocket(accepted, (bytes) => text.push(bytes.toString()));
  socket.resume();
  expect(text).toEqual(['first ']);
  dialled.write('second');
  dialled.end();
  await once(socket, 'end');
  expect(text.join('')).toBe('first second');
  close();
});

test.each([0, 50])('an end that came before is told, %i ms after it was sent', async (delayMs) => {
  const { accepted, dialled, close } = await socketPair(false);
  const text: string[] = [];
  dialled.end('first second');
  await once(accepted, 'readable');
  expect(String(accepted.read(6))).toBe('first ');
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  const socket = pooledSocket(accepted, (bytes) => text.push(bytes.toString()));
  socket.resume();
  await once(socket, 'end');
  expect(text).toEqual(['second']);
  close();
});

test('a dialled socket writes, ends and tells its addresses as before', async () => {
  const { accepted, dialled, close } = await socketPair(false);
  await once(dialled, 'connect');
  const { remoteAddress, remotePort, localPort } = dialled;
  const answers: string[] = [];
  const socket = pooledSocket(dialled, (bytes) => answers.push(bytes.toString()));
  socket.resume();
  expect([socket.remoteAddress, socket.remotePort, socket.localPort]).toEqual([remoteAddress, remotePort, localPort]);
  accepted.on('data', (bytes: Buffer) => accepted.end(`got ${bytes.toString()}`));
  socket.write('hello');
  await once(socket, 'end');
  expect(answers).toEqual(['got hello']);
  close();
});
