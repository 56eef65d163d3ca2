import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';

/** As the kernel module's listening socket. Source: wire.md 1.5. */
const BACKLOG = 64;

/** Somebody who expects connections on a listening port from one peer. */
export interface Expecting {
  readonly peerHost: string;
  /** Whether it looks for a link now; connections that nobody looks for are closed at once. */
  readonly looking: boolean;
  incoming(socket: Socket): void;
  listening(error: { readonly code: string; readonly message: string } | null): void;
}

/** `::ffff:10.0.0.1` and `10.0.0.1` are one address. */
const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '').toLowerCase();

/**
 * One listening port, shared by all connectors of this process with the same local address. The peer is told by
 * its source address, never by its port (wire.md 1.1); when several peers have the same address, by elimination:
 * the one that still looks for a link. More than one of those: closed, since a wrong guess would pair strangers;
 * dialling finds the right one.
 */
export class SharedListener {
  private readonly expecting = new Set<Expecting>();
  private server: Server | null = null;
  private state: 'closed' | 'opening' | 'listening' = 'closed';

  constructor(
    private readonly host: string,
    private readonly port: number,
  ) {}

  get empty(): boolean {
    return this.expecting.size === 0;
  }

  add(one: Expecting): void {
    this.expecting.add(one);
    this.open();
  }

  /** Tries to listen, unless it does already. The outcome is told to everybody. */
  open(): void {
    if (this.state !== 'closed') return;
    this.state = 'opening';
    const server = createServer({ allowHalfOpen: false, noDelay: true }, (socket) => this.accepted(socket));
    this.server = server;
    server.on('listening', () => {
      this.state = 'listening';
      this.tell(null);
    });
    server.on('error', (error: NodeJS.ErrnoException) => {
      if (this.server !== server) return;
      this.state = 'closed';
      this.server = null;
      server.close();
      this.tell({
        code: error.code ?? 'UNKNOWN',
        message: `cannot listen on ${this.host}:${this.port}: ${error.message}`,
      });
    });
    server.listen({ host: this.host, port: this.port, backlog: BACKLOG });
  }

  remove(one: Expecting): void {
    this.expecting.delete(one);
    if (!this.empty) return;
    const server = this.server;
    this.server = null;
    this.state = 'closed';
    server?.close();
  }

  private accepted(socket: Socket): void {
    socket.on('error', () => undefined); // 'close' follows, and whoever owns the socket then sees that
    const from = plainAddress(socket.remoteAddress ?? '');
    const looking = [...this.expecting].filter((one) => one.looking && plainAddress(one.peerHost) === from);
    const [only] = looking;
    if (looking.length === 1 && only !== undefined) return only.incoming(socket);
    socket.destroy();
  }

  private tell(error: { readonly code: string; readonly message: string } | null): void {
    for (const one of [...this.expecting]) one.listening(error);
  }
}
