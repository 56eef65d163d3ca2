import { Socket } from 'node:net';
import { chunkPool } from './chunk-pool';
import { ReceiveBuffer } from './receive-buffer';

export type Received = (bytes: Buffer) => void;

/**
 * Turns an open, paused socket into one that reads into the process's chunk pool and hands `received` what came, for the
 * time of the call. The given socket is used up. What it has read already comes first, within this call.
 *
 * Node reads into memory of the caller (`onread`) only for sockets that the caller makes, so an accepted one has to
 * give its handle to a new socket: the two fields this uses have no promise, but their use in Node itself (the cluster
 * module hands connections over in this way). Where they are missing the socket goes on as it is.
 */
export function pooledSocket(socket: Socket, received: Received, { allowHalfOpen = false } = {}): Socket {
  const holder = socket as Socket & { _handle?: { reading: boolean; readStop(): number } | null };
  const early: unknown = socket.read();
  if (holder._handle === undefined || holder._handle === null) {
    socket.on('data', received);
    if (Buffer.isBuffer(early)) received(early);
    return socket;
  }
  const buffer = new ReceiveBuffer(chunkPool);
  const options = {
    handle: holder._handle,
    allowHalfOpen,
    onread: {
      buffer: () => buffer.next(),
      callback: (byteCount: number): boolean => {
        received(buffer.filled(byteCount));
        return true;
      },
    },
  };
  // The given socket may have seen the peer's end already, which nobody would tell the new one: it reads by itself, and
  // the kernel tells the end as often as it is asked.
  holder._handle.readStop();
  holder._handle.reading = false;
  holder._handle = null;
  const pooled = new Socket(options as unknown as ConstructorParameters<typeof Socket>[0]);
  pooled.once('close', () => buffer.release());
  // Only now, lest its end be taken for that of the connection.
  socket.removeAllListeners();
  socket.on('error', () => undefined);
  socket.destroy();
  if (Buffer.isBuffer(early)) received(early);
  return pooled;
}
