/** All paths of a connection, dialled in parallel: the first link found wins, the others stop. */
import type { Connection, LinkFinder } from '../core';
import type { EndpointAddress, PathState } from '../control';
import type { Connector, Link, TcpTransport } from '../transport';
import { Conn } from '../wire';

export interface Path {
  readonly local: EndpointAddress;
  readonly peer: EndpointAddress;
}

const TURNS_TO_LISTEN = 4;

export class PathFinder implements LinkFinder {
  private readonly connectors = new Map<Path, Connector>();
  private searching = false;
  private established: Path | null = null;
  private troubles: string[] = [];

  constructor(
    private readonly connection: Connection,
    private readonly transport: TcpTransport,
  ) {}

  get paths(): readonly Path[] {
    return [...this.connectors.keys()];
  }

  states(): readonly PathState[] {
    const { isEstablishedLink, conn } = this.connection;
    const established = isEstablishedLink && conn !== Conn.Disconnecting;
    return this.paths.map((path) => ({ ...path, established: established && path === this.established }));
  }

  add(path: Path): void {
    const { net } = this.connection;
    const connector = this.transport.connector(
      {
        localHost: path.local.address,
        localPort: path.local.port,
        peerHost: path.peer.address,
        peerPort: path.peer.port,
        connectIntMs: net.connectIntMs,
        pingTimeoutMs: net.pingTimeoutMs,
        sockCheckTimeoutMs: net.sockCheckTimeoutMs,
        sndbufSizeBytes: net.sndbufSizeBytes,
        rcvbufSizeBytes: net.rcvbufSizeBytes,
      },
      {
        linked: (link) => this.linked(path, link),
        trouble: ({ message }) => {
          this.troubles.push(message);
          this.connection.log('warn', message);
        },
      },
    );
    this.connectors.set(path, connector);
    if (this.searching) connector.start();
  }

  remove(path: Path): void {
    this.connectors.get(path)?.destroy();
    this.connectors.delete(path);
  }

  /** What was wrong with this node's own addresses when the search began: a port that is taken is known soon after. */
  async troubleAtStart(): Promise<readonly string[]> {
    for (let turn = 0; turn < TURNS_TO_LISTEN && this.troubles.length === 0; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    return this.troubles;
  }

  start(): void {
    this.troubles = [];
    this.searching = true;
    for (const connector of this.connectors.values()) connector.start();
  }

  stop(): void {
    this.searching = false;
    for (const connector of this.connectors.values()) connector.stop();
  }

  destroy(): void {
    for (const connector of this.connectors.values()) connector.destroy();
    this.connectors.clear();
  }

  private linked(path: Path, link: Link): void {
    if (!this.searching) return link.close();
    this.searching = false;
    this.established = path;
    for (const [other, connector] of this.connectors) if (other !== path) connector.stop();
    this.connection.linked(link);
  }
}
