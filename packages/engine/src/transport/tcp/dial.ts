import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { ConnectorOptions } from '../link';

export type DialResult =
  | { readonly kind: 'connected'; readonly socket: Socket }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

/**
 * Connects from the configured local address (any port: the peer knows us by address) within connect-int.
 * Source: wire.md 1.1, 1.3 step 1.
 */
export function dial(options: ConnectorOptions): { readonly result: Promise<DialResult>; cancel(): void } {
  const socket = connect({
    host: options.peerHost,
    port: options.peerPort,
    localAddress: options.localHost,
    noDelay: true,
  });
  const target = `${options.peerHost}:${options.peerPort} from ${options.localHost}`;
  const result = new Promise<DialResult>((resolve) => {
    // The listeners stay: once connected, settling again has no effect, and 'close' tells the socket's next owner.
    let connected = false;
    const fail = (code: string, text: string): void => {
      if (connected) return;
      clearTimeout(timer);
      socket.destroy();
      resolve({ kind: 'failed', code, message: `cannot connect to ${target}: ${text}` });
    };
    const timer = setTimeout(() => fail('ETIMEDOUT', 'timed out'), options.connectIntMs);
    socket.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? 'UNKNOWN', error.message));
    socket.on('close', () => fail('ECANCELED', 'given up'));
    socket.once('connect', () => {
      connected = true;
      clearTimeout(timer);
      resolve({ kind: 'connected', socket });
    });
  });
  return { result, cancel: () => socket.destroy() };
}
