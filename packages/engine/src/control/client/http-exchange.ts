/**
 * As much of HTTP/1.1 (RFC 9112) as the control API needs: one request, and a reply that has a length or goes to the end of
 * the connection. Connections are used again: a command like `up` sends a dozen requests. Why not Node's own client:
 * docs/decisions/0007.
 */
import { connect, type Socket } from 'node:net';

export interface HttpRequest {
  readonly path: string;
  /** A POST of JSON; a GET without it. */
  readonly body?: string;
  /** The daemon may be silent for so long. */
  readonly silentMs: number;
}

export interface HttpReply {
  readonly status: number;
  readonly body: Buffer;
}

export type HttpErrorReason =
  /** Nothing came for `silentMs`. */
  | 'silent'
  /** The connection ended before the reply was whole. */
  | 'ended'
  /** What came is not HTTP as spoken here. */
  | 'malformed';

export class HttpError extends Error {
  constructor(
    readonly reason: HttpErrorReason,
    message: string,
  ) {
    super(message);
    this.name = 'HttpError';
  }
}

const HEAD_BYTES_MAX = 16 * 1024;
/** Far below the time after which the daemon closes a connection (72 s), which would cross with a request. */
const IDLE_MS_MAX = 10_000;

/** At most one open connection by socket path, which waits for the next request and does not keep the program alive. */
const idle = new Map<string, { readonly socket: Socket; readonly sinceMs: number }>();

/** Sends the request and returns the whole reply. Rejects with HttpError, or with the system's error. */
export async function exchange(socketPath: string, request: HttpRequest): Promise<HttpReply> {
  const open = takeIdle(socketPath);
  if (open !== undefined) {
    try {
      return await exchangeOn(open, socketPath, request);
    } catch (error) {
      if (!mayBeAskedAgain(request, error)) throw error;
    }
  }
  return exchangeOn(connectTo(socketPath), socketPath, request);
}

/**
 * Sends a GET and returns the status and the connection, which gives the body until it ends. Nothing limits how long it is
 * silent from then on. Rejects as `exchange` does.
 */
export async function openStream(
  socketPath: string,
  { path, silentMs }: HttpRequest,
): Promise<{ readonly status: number; readonly body: Socket }> {
  const socket = connect(socketPath);
  try {
    // In HTTP/1.0 the end of the connection is the end of the body.
    socket.write(`GET ${path} HTTP/1.0\r\n\r\n`);
    const { status, rest } = await receive(socket, silentMs, (pieces) => {
      const bytes = Buffer.concat(pieces);
      const head = parseHead(bytes);
      if (head === null) return null;
      socket.pause();
      return { status: head.status, rest: bytes.subarray(head.headBytes) };
    });
    if (rest.length > 0) socket.unshift(rest);
    return { status, body: socket };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

async function exchangeOn(
  socket: Socket,
  socketPath: string,
  { path, body, silentMs }: HttpRequest,
): Promise<HttpReply> {
  try {
    socket.write(
      body === undefined
        ? `GET ${path} HTTP/1.1\r\nhost: tsdrbdd\r\n\r\n`
        : `POST ${path} HTTP/1.1\r\nhost: tsdrbdd\r\ncontent-type: application/json\r\n` +
            `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    const { reply, staysOpen } = await receive(socket, silentMs, wholeReply());
    if (staysOpen) putIdle(socketPath, socket);
    else socket.destroy();
    return reply;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

type Pieces = readonly Buffer[];

/** Null until the reply is whole. */
function wholeReply(): (pieces: Pieces, receivedBytes: number) => { reply: HttpReply; staysOpen: boolean } | null {
  let head: Head | null = null;
  return (pieces, receivedBytes) => {
    head ??= parseHead(Buffer.concat(pieces));
    if (head === null) return null;
    if (head.bodyBytes === null) throw new HttpError('malformed', 'a reply without a length');
    const endBytes = head.headBytes + head.bodyBytes;
    if (receivedBytes < endBytes) return null;
    const body = Buffer.concat(pieces).subarray(head.headBytes, endBytes);
    return { reply: { status: head.status, body }, staysOpen: !head.closes && receivedBytes === endBytes };
  };
}

/** Resolves with what `take` makes of all that has come, once that is not null. */
function receive<T>(
  socket: Socket,
  silentMs: number,
  take: (pieces: Pieces, receivedBytes: number) => T | null,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let receivedBytes = 0;
    const settle = (how: () => void): void => {
      socket.setTimeout(0);
      socket.off('data', onData).off('error', onError).off('close', onClose).off('timeout', onTimeout);
      // An error that comes later has nobody whom it concerns.
      socket.on('error', ignore);
      how();
    };
    const onData = (piece: Buffer): void => {
      pieces.push(piece);
      receivedBytes += piece.length;
      try {
        const taken = take(pieces, receivedBytes);
        if (taken !== null) settle(() => resolve(taken));
      } catch (error) {
        onError(error as Error);
      }
    };
    const onError = (error: Error): void => settle(() => reject(error));
    const onClose = (): void => onError(new HttpError('ended', 'socket hang up'));
    const onTimeout = (): void => onError(new HttpError('silent', 'timed out waiting for reply'));
    socket.off('error', ignore);
    socket.on('data', onData).on('error', onError).on('close', onClose).on('timeout', onTimeout);
    socket.setTimeout(silentMs);
  });
}

const ignore = (): void => undefined;

/** Since the program began. `performance` is a module that would be loaded for this alone. */
const nowMs = (): number => process.uptime() * 1000;

interface Head {
  readonly status: number;
  readonly headBytes: number;
  /** Null: no length was told. */
  readonly bodyBytes: number | null;
  /** The connection is not for a further request. */
  readonly closes: boolean;
}

/** Null while it is not whole. Throws HttpError 'malformed'. */
function parseHead(bytes: Buffer): Head | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) {
    if (bytes.length > HEAD_BYTES_MAX) throw new HttpError('malformed', 'a reply with a head that does not end');
    return null;
  }
  const text = bytes.toString('latin1', 0, end);
  const status = /^HTTP\/1\.[01] (\d{3})\b/.exec(text)?.[1];
  if (status === undefined) throw new HttpError('malformed', 'a reply that is not HTTP');
  const length = /^content-length:[ \t]*(\d+)[ \t]*$/im.exec(text)?.[1];
  return {
    status: Number(status),
    headBytes: end + 4,
    bodyBytes: length === undefined ? null : Number(length),
    closes: /^connection:[ \t]*close[ \t]*$/im.test(text),
  };
}

function connectTo(socketPath: string): Socket {
  const socket = connect(socketPath);
  return socket.once('close', () => {
    if (idle.get(socketPath)?.socket === socket) idle.delete(socketPath);
  });
}

function takeIdle(socketPath: string): Socket | undefined {
  const kept = idle.get(socketPath);
  if (kept === undefined) return undefined;
  idle.delete(socketPath);
  const { socket, sinceMs } = kept;
  if (socket.destroyed || socket.readableEnded || nowMs() - sinceMs > IDLE_MS_MAX) {
    socket.destroy();
    return undefined;
  }
  return socket.ref();
}

function putIdle(socketPath: string, socket: Socket): void {
  if (idle.has(socketPath)) {
    // Requests at the same time: one connection is enough for what comes after.
    socket.destroy();
    return;
  }
  idle.set(socketPath, { socket: socket.unref(), sinceMs: nowMs() });
}

/** A connection that was kept may have ended in the meantime, with the daemon that it led to. */
function mayBeAskedAgain({ body }: HttpRequest, error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  // Nothing could be written, so no daemon has seen the request.
  if (code === 'EPIPE') return true;
  // A question changes nothing, whoever has seen it.
  return body === undefined && (code === 'ECONNRESET' || (error instanceof HttpError && error.reason === 'ended'));
}
