/** Listens for NBD clients, on Unix sockets and on TCP. A client that misbehaves costs its own connection only. */
import { chmodSync, lstatSync, mkdirSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { OpenMode } from '../exported-volume';
import { type NbdConnection, type NbdConnectionEvent, serveNbdConnection } from './connection';
import type { NbdExports } from './handshake';

export interface NbdServerOptions {
  readonly exports: NbdExports;
  /** Default `read-write`. */
  readonly mode?: OpenMode;
  /** A client that has opened nothing by then is sent away. Default 30 s. */
  readonly handshakeTimeoutMs?: number;
  /** Further clients are turned away. Default 256. */
  readonly connectionCountMax?: number;
}

export interface NbdServerDependencies {
  readonly report: (event: NbdConnectionEvent) => void;
}

export type NbdEndpoint =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

export interface NbdServer {
  /** Rejects with the errno in `code` (EADDRINUSE, EACCES...). For TCP port 0, the answer has the port. */
  listen(endpoint: NbdEndpoint): Promise<NbdEndpoint>;
  readonly connectionCount: number;
  /** Takes no more clients; resolves when all are gone and every volume was given back. */
  close(how: 'graceful' | 'forced'): Promise<void>;
}

const HANDSHAKE_TIMEOUT_MS = 30_000;
const CONNECTION_COUNT_MAX = 256;
/** sizeof(sockaddr_un.sun_path) less the final zero, unix(7). */
const UNIX_PATH_MAX_BYTES = 107;

export function createNbdServer(options: NbdServerOptions, { report }: NbdServerDependencies): NbdServer {
  const listeners: Server[] = [];
  const connections = new Set<NbdConnection>();
  const connectionCountMax = options.connectionCountMax ?? CONNECTION_COUNT_MAX;
  let clientNumber = 0;
  let allGone: (() => void) | null = null;

  const accept = (socket: Socket, over: string): void => {
    clientNumber += 1;
    const client = { description: `nbd ${over} #${clientNumber}` };
    if (connections.size >= connectionCountMax || allGone !== null) {
      report({ kind: 'broken', client, reason: `more than ${connectionCountMax} clients` });
      socket.destroy();
      return;
    }
    socket.setNoDelay(true);
    const connection = serveNbdConnection(
      {
        exports: options.exports,
        mode: options.mode ?? 'read-write',
        client,
        handshakeTimeoutMs: options.handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS,
      },
      {
        socket,
        report,
        ended: () => {
          connections.delete(connection);
          if (connections.size === 0) allGone?.();
        },
      },
    );
    connections.add(connection);
  };

  return {
    get connectionCount() {
      return connections.size;
    },
    async listen(endpoint) {
      const listener = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
        const over = endpoint.kind === 'unix' ? 'unix' : `${socket.remoteAddress}:${socket.remotePort}`;
        accept(socket, over);
      });
      if (endpoint.kind === 'tcp') {
        await listening(listener, { host: endpoint.host, port: endpoint.port });
        listeners.push(listener);
        const address = listener.address();
        const port = typeof address === 'object' && address !== null ? address.port : endpoint.port;
        return { ...endpoint, port };
      }
      if (Buffer.byteLength(endpoint.path) > UNIX_PATH_MAX_BYTES) {
        throw Object.assign(
          new Error(
            `${endpoint.path}: a socket path has at most ${UNIX_PATH_MAX_BYTES} bytes; shorten the run directory`,
          ),
          { code: 'ENAMETOOLONG' },
        );
      }
      mkdirSync(dirname(endpoint.path), { recursive: true });
      await removeStaleSocket(endpoint.path);
      await listening(listener, { path: endpoint.path });
      chmodSync(endpoint.path, 0o600);
      listeners.push(listener);
      return endpoint;
    },
    async close(how) {
      // Closing a listener removes its socket file; it is done when the last of its connections is.
      const closed = listeners.splice(0).map((listener) => new Promise<void>((done) => listener.close(() => done())));
      if (connections.size > 0) {
        await new Promise<void>((resolve) => {
          allGone = resolve;
          for (const connection of connections) {
            if (how === 'graceful') connection.shutdown();
            else connection.destroy();
          }
        });
      }
      await Promise.all(closed);
    },
  };
}

function listening(server: Server, where: { path: string } | { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** A killed engine leaves its socket file behind. One that somebody answers on is left alone: listen says so. */
function removeStaleSocket(path: string): Promise<void> {
  // connect(2) refuses a regular file with the same error as a stale socket.
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return Promise.resolve();
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve();
    });
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') unlinkSync(path);
      resolve();
    });
  });
}
