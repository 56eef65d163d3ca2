/**
 * Everything that differs from run to run reaches the core through these interfaces: time, timers, randomness, links,
 * disks, helper programs. The daemon implements them for real, the simulator from one seed.
 *
 * Contract: no callback runs inside the call that registered it; completions come later, one at a time.
 */
import type { Packet, SocketKind } from '../wire';

export interface Timer {
  cancel(): void;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface Host {
  nowMs(): number;
  after(delayMs: number, run: () => void): Timer;
  /** 64 random bits. */
  randomUuid(): bigint;
  randomBytes(lengthBytes: number): Uint8Array;
  /** In [0, 1). */
  randomFraction(): number;
  /** Null: the algorithm is not known here. */
  hmac(algorithm: string, key: string, message: Uint8Array): Uint8Array | null;
  /** Null: the algorithm is not known here. */
  digest(algorithm: string): Digest | null;
  log(level: LogLevel, subject: string, text: string): void;
  /** Runs `tsdrbdadm <handler> <resource>` with `environment`; exit code 0 where no handler is configured. */
  runHandler(call: HandlerCall, done: (exitCode: number) => void): void;
}

export interface Digest {
  readonly sizeBytes: number;
  of(pieces: readonly Uint8Array[]): Uint8Array;
}

export interface HandlerCall {
  readonly handler: string;
  readonly resource: string;
  readonly peerNodeId: number | null;
  /** Of the connection with that peer. */
  readonly connectionName?: string;
  readonly volume: number | null;
  readonly minor: number | null;
  /** For fence-peer and unfence-peer: which nodes have current data, a bit for each node id. */
  readonly upToDateNodes?: number;
}

/** One backing device; the same contract as storage's BackingDevice. */
export interface BlockDevice {
  readonly name: string;
  /** As of the opening, or of the last `lookAtSize`. */
  readonly sizeBytes: number;
  readonly logicalBlockSizeBytes: number;
  readonly physicalBlockSizeBytes: number;
  readonly discardSupported: boolean;
  read(offsetBytes: number, into: Uint8Array, done: DiskDone): void;
  write(offsetBytes: number, pieces: readonly Uint8Array[], done: DiskDone): void;
  flush(done: DiskDone): void;
  discard(offsetBytes: number, lengthBytes: number, done: DiskDone): void;
  writeZeroes(offsetBytes: number, lengthBytes: number, done: DiskDone): void;
  /** Looks whether the device has grown, at once; `sizeBytes` tells. Missing where a size is always the current one. */
  lookAtSize?(): void;
  close(done: DiskDone): void;
}

export type DiskDone = (error: DiskError | null) => void;

export interface DiskError {
  readonly code: string;
  readonly message: string;
}

/** One established DRBD connection; the same contract as transport's Link. */
export interface PeerLink {
  readonly acceptedMeta: boolean;
  /** Waits on the data socket. Once it was above 4 MiB, the listener hears when it has `drained`. */
  readonly unsentBytes: number;
  listen(listener: PeerLinkListener): void;
  agree(version: number, featureFlags: number): void;
  setIntegrityDigestSizes(sendBytes: number, receiveBytes: number): void;
  send(socket: SocketKind, packet: Packet): void;
  readData(how: 'on' | 'paused'): void;
  close(): void;
}

/** The connection state to fall into: Disconnecting where the two have no language in common, and dialling again is no help. */
export type LinkEnd = 'BrokenPipe' | 'NetworkFailure' | 'ProtocolError' | 'Disconnecting';

export interface PeerLinkListener {
  packet(socket: SocketKind, packet: Packet): void;
  closed(reason: LinkEnd, text: string): void;
  drained(): void;
}

/** Finds links to one peer, over any of its paths. */
export interface LinkFinder {
  /** Looks for one link and hands it to `Connection.linked`. */
  start(): void;
  stop(): void;
  destroy(): void;
}
