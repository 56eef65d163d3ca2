import type { Socket } from 'node:net';
import { decodeFirstPacket, FIRST_PACKET_BYTES } from '../../wire';
import type { SocketKind } from '../../wire';

/**
 * Reads the first packet of an accepted connection, and not a byte more. `null` for anything else than a first
 * packet within `timeoutMs`; the socket is then closed. Source: wire.md 1.2.
 */
export function readFirstPacket(socket: Socket, timeoutMs: number): Promise<SocketKind | null> {
  return new Promise((resolve) => {
    const settle = (kind: SocketKind | null): void => {
      clearTimeout(timer);
      socket.off('readable', read);
      socket.off('error', ignore);
      socket.off('close', gone);
      if (kind === null) {
        socket.on('error', ignore);
        socket.destroy();
      }
      resolve(kind);
    };
    const ignore = (): void => undefined; // 'close' follows
    const gone = (): void => settle(null);
    const read = (): void => {
      const bytes: unknown = socket.read(FIRST_PACKET_BYTES);
      if (bytes === null) return;
      const kind = bytes instanceof Uint8Array && bytes.length === FIRST_PACKET_BYTES ? decodeFirstPacket(bytes) : null;
      settle(typeof kind === 'string' ? kind : null);
    };
    const timer = setTimeout(gone, timeoutMs);
    socket.on('error', ignore);
    socket.on('close', gone);
    socket.on('end', gone);
    socket.on('readable', read);
    read();
  });
}
