/** One client from accept to close: feeds the two conversations, holds the socket back, gives the volume back. */
import type { Socket } from 'node:net';
import { pooledSocket } from '../../sockets';
import type { ExportClient, ExportedVolume, OpenHandle, OpenMode } from '../exported-volume';
import { type HandshakeOutcome, type NbdExports, startHandshake } from './handshake';
import { createIncoming } from './incoming';
import { createOutgoing } from './outgoing';
import { startTransmission, type Transmission } from './transmission';

export interface NbdConnectionOptions {
  readonly exports: NbdExports;
  readonly mode: OpenMode;
  readonly client: ExportClient;
  readonly handshakeTimeoutMs: number;
}

export type NbdConnectionEvent =
  | { readonly kind: 'opened'; readonly client: ExportClient; readonly exportName: string; readonly mode: OpenMode }
  | { readonly kind: 'closed'; readonly client: ExportClient; readonly exportName: string | null }
  /** The client's own fault, or a broken connection; it cost that client its connection. */
  | { readonly kind: 'broken'; readonly client: ExportClient; readonly reason: string };

export interface NbdConnectionDependencies {
  /** Paused, and nothing read yet. */
  readonly socket: Socket;
  readonly report: (event: NbdConnectionEvent) => void;
  /** The socket is closed and the volume given back. Once. */
  readonly ended: () => void;
}

export interface NbdConnection {
  /** Finishes the requests under way, then closes. */
  shutdown(): void;
  /** Closes at once; requests under way are finished without anybody hearing of it. */
  destroy(): void;
}

/** Bytes of a not yet negotiated connection that are kept while an open is under way. */
const HANDSHAKE_BACKLOG_MAX_BYTES = 1024 * 1024;

const LINGER_MS = 5_000;

type Phase =
  | { readonly kind: 'handshake' }
  | {
      readonly kind: 'transmission';
      readonly volume: ExportedVolume;
      readonly handle: OpenHandle;
      readonly transmission: Transmission;
    }
  | { readonly kind: 'ended' };

export function serveNbdConnection(
  options: NbdConnectionOptions,
  { socket: accepted, report, ended }: NbdConnectionDependencies,
): NbdConnection {
  const { client } = options;
  const incoming = createIncoming();
  const socket = pooledSocket(
    accepted,
    (bytes) => {
      incoming.push(bytes);
      advance();
    },
    { allowHalfOpen: true },
  );
  const outgoing = createOutgoing(socket);
  let phase: Phase = { kind: 'handshake' };
  let socketClosed = false;
  let idle = false;

  const broken = (reason: string): void => {
    report({ kind: 'broken', client, reason });
    socket.destroy();
  };

  /** The end of a connection needs both: no request at the volume, and the socket closed. */
  const endWhenOver = (): void => {
    if (!socketClosed || phase.kind === 'ended') return;
    if (phase.kind === 'transmission' && !idle) return;
    const exportName = phase.kind === 'transmission' ? phase.volume.name : null;
    if (phase.kind === 'transmission') phase.volume.close(phase.handle);
    phase = { kind: 'ended' };
    report({ kind: 'closed', client, exportName });
    ended();
  };

  /** After the replies that are queued in this turn. A client that then does not leave is left. */
  const endSocket = (): void =>
    process.nextTick(() => {
      socket.end();
      setTimeout(() => socket.destroy(), LINGER_MS).unref();
    });

  const handshakeFinished = (outcome: HandshakeOutcome): void => {
    clearTimeout(timer);
    switch (outcome.kind) {
      case 'broken':
        return broken(outcome.reason);
      case 'ended':
        return endSocket();
      case 'transmission': {
        const { volume, handle, mode } = outcome;
        const transmission = startTransmission(outcome, {
          incoming,
          outgoing,
          broken,
          idle: () => {
            idle = true;
            endSocket();
            endWhenOver();
          },
          roomAgain: advance,
        });
        phase = { kind: 'transmission', volume, handle, transmission };
        report({ kind: 'opened', client, exportName: volume.name, mode });
        // Requests may have come with the last option.
        process.nextTick(advance);
        return;
      }
    }
  };

  const handshake = startHandshake(options, { incoming, outgoing, finish: handshakeFinished });
  const timer = setTimeout(
    () => broken(`no export was opened within ${options.handshakeTimeoutMs} ms`),
    options.handshakeTimeoutMs,
  );
  timer.unref();

  const advance = (): void => {
    if (phase.kind === 'ended') return;
    if (phase.kind === 'handshake') {
      handshake.advance();
      if (phase.kind === 'handshake' && incoming.byteCount > HANDSHAKE_BACKLOG_MAX_BYTES) {
        broken('more data than a negotiation has');
      }
      return;
    }
    const { transmission } = phase;
    transmission.advance();
    if (transmission.full) socket.pause();
    else if (socket.isPaused()) socket.resume();
  };

  /** The client will send nothing more: what it asked for is finished and answered. */
  const finish = (): void => {
    if (phase.kind === 'transmission') phase.transmission.stop();
    else endSocket();
  };

  socket.resume();
  socket.on('drain', advance);
  socket.on('end', () => {
    // Requests that came before the end and found no room are lost with it, as on a cut connection.
    finish();
  });
  socket.on('error', (error) => report({ kind: 'broken', client, reason: error.message }));
  socket.on('close', () => {
    clearTimeout(timer);
    socketClosed = true;
    if (phase.kind === 'handshake') handshake.abandon();
    if (phase.kind === 'transmission') phase.transmission.stop();
    endWhenOver();
  });

  return {
    shutdown: finish,
    destroy: () => socket.destroy(),
  };
}
