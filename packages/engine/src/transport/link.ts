import type { Packet, ProtocolError, SocketKind } from '../wire';

/**
 * One established DRBD connection: the data and the meta socket of a peer pair (wire 1.1), found and paired by a
 * `Connector`. Nothing was exchanged on it yet but the first packets; features come next and are the core's.
 */
export interface Link {
  /** RESOLVE_CONFLICTS (wire 1.4): this side accepted the meta connection. */
  readonly acceptedMeta: boolean;
  readonly localAddress: string;
  readonly peerAddress: string;
  /** Bytes accepted by `send` on the data socket and not yet taken by the kernel. */
  readonly unsentBytes: number;

  /** Packets reach the listener in order per socket; those that came before are kept for it. Called once. */
  listen(listener: LinkListener): void;
  /**
   * Which header both sockets use from now on (wire 2), and which sub-header sizes apply. What the peer sent behind
   * its features is held until this is called.
   */
  agree(version: number, featureFlags: number): void;
  /**
   * Length of the digest in front of payloads in each direction (data-integrity-alg), 0 for none. From the next
   * packet on: to be called within `packet` for the P_PROTOCOL or P_PROTOCOL_UPDATE that announces a change.
   */
  setIntegrityDigestSizes(sendBytes: number, receiveBytes: number): void;
  /** Queues the packet; what one callback sends leaves in one write per socket. Payload pieces must not change any more. */
  send(socket: SocketKind, packet: Packet): void;
  /** Whether the data socket is read. What has been read already is handed over all the same. */
  readData(how: 'on' | 'paused'): void;
  /** Closes both sockets after what was sent; no listener call follows. */
  close(): void;
}

/**
 * The connection state to fall into (behaviour 1.3). Disconnecting: what the peer sent first is no offer of versions and
 * features, and would not be one after another dialling (wire 3).
 */
export type LinkEnd = 'BrokenPipe' | 'NetworkFailure' | 'ProtocolError' | 'Disconnecting';

export const linkEndOf = ({ code }: ProtocolError): LinkEnd =>
  code === 'no-features' ? 'Disconnecting' : 'ProtocolError';

export interface LinkListener {
  packet(socket: SocketKind, packet: Packet): void;
  /** The last call. */
  closed(reason: LinkEnd, text: string): void;
  /** Called when `unsentBytes` has fallen below the low-water mark after it was above the high-water mark. */
  drained(): void;
}

/** Dials and listens until one link exists, as wire 1.3 says; one per path. */
export interface Connector {
  /** Starts (again) to look for a link; `linked` is called once for each start. */
  start(): void;
  /** Ends dialling; a link that was handed over is not touched. */
  stop(): void;
  /** Gives up the listening port too. */
  destroy(): void;
}

export interface ConnectorOptions {
  readonly localHost: string;
  readonly localPort: number;
  readonly peerHost: string;
  readonly peerPort: number;
  readonly connectIntMs: number;
  readonly pingTimeoutMs: number;
  readonly sockCheckTimeoutMs: number;
  /** sndbuf-size and rcvbuf-size: Node offers no way to set them on TCP, so the kernel's auto-tuning stays. */
  readonly sndbufSizeBytes: number;
  readonly rcvbufSizeBytes: number;
}

export interface ConnectorListener {
  linked(link: Link): void;
  /** The port is taken, the address is not this machine's...: said once per change, dialling goes on. */
  trouble(error: { readonly code: string; readonly message: string }): void;
}
