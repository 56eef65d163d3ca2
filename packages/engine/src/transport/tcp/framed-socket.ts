import type { Socket } from 'node:net';
import { holdPiece, letGo } from '../../payload';
import { pooledSocket } from '../../sockets';
import { Framer, PacketWriter } from '../../wire';
import type { Packet, PacketSink, ProtocolError, SocketKind } from '../../wire';

/** Bytes that are kept of a socket nobody listens to yet; then it is paused. */
const EARLY_BYTES_MAX = 64 * 1024;
/** How long what was sent may take to leave after `close`. */
const LINGER_MS = 2000;

export interface SocketListener extends PacketSink {
  /** The last call, unless `close` came first. */
  ended(reason: { readonly error: ProtocolError | null; readonly text: string }): void;
}

/**
 * One of the two TCP connections, from the first packet on: chunks in, packets out, and the other way round.
 * Reads from the start, so that a peer that went away is noticed before anybody listens (wire.md 1.3, step 3).
 */
export class FramedSocket {
  private readonly framer: Framer;
  private readonly writer: PacketWriter;
  private readonly socket: Socket;
  private early: Uint8Array[] = [];
  private earlyBytes = 0;
  private reading: 'on' | 'paused' = 'on';
  private listener: SocketListener | null = null;
  private ending: string | null = null;
  /** No listener call follows. */
  private silent = false;
  private closed = false;
  /** How the packets in the writer leave: at the end of this callback, or at the end of this turn. */
  private flushing: 'idle' | 'by-callback' | 'by-turn' = 'idle';
  private readonly flushCallback: () => void;
  private readonly flushTurn: () => void;
  private readonly deaths: (() => void)[] = [];
  private written: () => void = () => undefined;

  constructor(
    readonly kind: SocketKind,
    opened: Socket,
  ) {
    this.framer = new Framer(kind);
    this.writer = new PacketWriter(kind);
    this.flushCallback = () => {
      this.flush();
      this.flushing = 'by-turn';
    };
    this.flushTurn = () => {
      this.flush();
      this.flushing = 'idle';
    };
    const socket = pooledSocket(opened, (bytes) => this.received(bytes));
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('end', () => this.end('peer closed the connection'));
    socket.on('error', (error) => this.end(error.message));
    socket.on('close', () => this.end('connection closed'));
    socket.resume();
    if (socket.destroyed || socket.readableEnded) this.end('peer closed the connection');
  }

  get alive(): boolean {
    return this.ending === null && !this.silent;
  }

  get localAddress(): string {
    return `${this.socket.localAddress ?? '?'}:${this.socket.localPort ?? 0}`;
  }

  get peerAddress(): string {
    return `${this.socket.remoteAddress ?? '?'}:${this.socket.remotePort ?? 0}`;
  }

  get unsentBytes(): number {
    return this.socket.writableLength + this.writer.pendingBytes;
  }

  /** Calls `written` whenever the kernel has taken a batch. */
  onWritten(written: () => void): void {
    this.written = written;
  }

  /** Calls `died` once when the connection ends while nobody listens to its packets. */
  onDeath(died: () => void): void {
    this.deaths.push(died);
  }

  /** Hands over what came so far, then everything as it comes; never within this call. */
  listen(listener: SocketListener): void {
    this.listener = listener;
    process.nextTick(() => {
      const early = this.early;
      this.early = [];
      this.earlyBytes = 0;
      for (const chunk of early) this.push(chunk);
      letGo(early);
      this.flow();
      if (this.ending !== null) this.reportEnd(null, this.ending);
    });
  }

  agree(version: number, featureFlags: number): void {
    this.writer.agree(version, featureFlags);
    this.framer.agree(version, featureFlags);
    if (!this.framer.held) return;
    // Not within this call: the caller is in the middle of handling the features.
    process.nextTick(() => {
      if (this.listener === null || this.silent) return;
      this.handle(this.framer.resume(this.listener));
      this.flow();
    });
  }

  /** A paused socket hands over what it has read, and then nothing until it is read on: the peer's kernel has to wait. */
  read(how: 'on' | 'paused'): void {
    if (this.silent || this.reading === how) return;
    this.reading = how;
    if (how === 'paused') this.socket.pause();
    else this.flow();
  }

  setReceiveDigestBytes(digestBytes: number): void {
    this.framer.setDigestBytes(digestBytes);
  }

  /**
   * What is sent first in a turn of the event loop leaves at the end of the callback that sent it, which keeps a
   * lone request fast; everything else of that turn leaves in one vectored write at its end, which keeps many cheap.
   */
  send(packet: Packet): void {
    if (this.silent) return;
    this.writer.write(packet);
    if (this.flushing !== 'idle') return;
    this.flushing = 'by-callback';
    queueMicrotask(this.flushCallback);
    setImmediate(this.flushTurn);
  }

  /**
   * Sends what was queued, then closes, and calls `gone` when the connection is no more. Incoming bytes are read and
   * dropped, lest the kernel resets the connection and the peer loses what we sent.
   */
  close(gone: () => void = () => undefined): void {
    if (this.closed) return;
    this.mute();
    this.closed = true;
    if (this.socket.closed) return gone();
    const linger = setTimeout(() => this.socket.destroy(), LINGER_MS);
    this.socket.once('close', () => {
      clearTimeout(linger);
      gone();
    });
    this.socket.once('end', () => this.socket.destroySoon());
    this.socket.end();
    if (this.socket.readableEnded) this.socket.destroySoon();
  }

  /** Sends what was queued; from now on nothing is handed over and nothing more is sent. */
  mute(): void {
    this.flush();
    this.silent = true;
    this.framer.stop();
    letGo(this.early);
    this.early = [];
    this.socket.resume();
  }

  /** Closes at once; for sockets that lost a crossed connect. */
  destroy(): void {
    this.closed = true;
    this.silent = true;
    this.framer.stop();
    this.socket.destroy();
  }

  private flush(): void {
    if (this.closed || this.ending !== null || this.writer.pendingBytes === 0) return;
    const buffers = this.writer.take();
    const written = (): void => {
      letGo(buffers);
      this.written();
    };
    const last = buffers.length - 1;
    if (last > 0) this.socket.cork();
    for (let i = 0; i < last; i++) this.socket.write(buffers[i] ?? NO_BYTES);
    this.socket.write(buffers[last] ?? NO_BYTES, written);
    if (last > 0) this.socket.uncork();
  }

  private received(chunk: Uint8Array): void {
    if (this.silent) return;
    if (this.listener !== null && this.early.length === 0) {
      this.push(chunk);
      if (this.framer.held) this.socket.pause();
      return;
    }
    holdPiece(chunk);
    this.early.push(chunk);
    this.earlyBytes += chunk.length;
    if (this.earlyBytes >= EARLY_BYTES_MAX) this.socket.pause();
  }

  private push(chunk: Uint8Array): void {
    if (this.listener !== null && !this.silent) this.handle(this.framer.push(chunk, this.listener));
  }

  private handle(error: ProtocolError | null): void {
    if (error !== null) this.reportEnd(error, error.message);
  }

  private flow(): void {
    if (!this.framer.held && this.reading === 'on') this.socket.resume();
  }

  private end(text: string): void {
    if (this.ending !== null) return;
    this.ending = text;
    for (const died of this.deaths) died();
    if (this.early.length === 0) this.reportEnd(null, text);
  }

  private reportEnd(error: ProtocolError | null, text: string): void {
    const listener = this.listener;
    if (listener === null || this.silent) return;
    this.silent = true;
    this.framer.stop();
    listener.ended({ error, text });
  }
}

const NO_BYTES = new Uint8Array(0);
