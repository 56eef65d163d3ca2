/**
 * The daemon's side of the control API: HTTP on a Unix socket that only its owner may open.
 *
 *   POST /v1/commands/<command>   a request of `schema/`, answered by `{ code, messages }`
 *   GET  /v1/state[?resource=r0]  NodeState
 *   GET  /v1/events[?resource=r0] one EventBatch a line, from the dump on
 *
 * Invariant: nothing that comes in through the socket ends the daemon. A malformed request is answered with status 4xx
 * and `{ error }`; a rejection of the backend, which is a bug, with 500.
 */
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import Fastify from 'fastify';
import type { FastifyError, FastifyInstance } from 'fastify';
import type { ControlBackend } from '../control-backend';
import type { ControlRequest } from '../schema/request';
import { CONTROL_COMMANDS, RESOURCE_NAME_BYTES_MAX, requestSchema } from '../schema/request-schema';
import { SOCKET_PATH_BYTES_MAX, controlSocketPath } from '../socket-path';
import { streamEvents } from './event-stream';
import { runLockPath, type TakeLock } from './run-lock';

/** Far above any request; a larger body is refused before it is read. */
const BODY_BYTES_MAX = 64 * 1024;
/** A client that has begun a request has this long to complete it. */
const REQUEST_TIMEOUT_MS = 10_000;

export interface ControlServerOptions {
  readonly runDir: string;
  readonly eventQueueBytesMax?: number;
}

export interface ControlServerDependencies {
  readonly backend: ControlBackend;
  /** Keeps other daemons away from the run directory; without it whoever comes takes the socket over. */
  readonly takeLock?: TakeLock;
  /** Bugs, that is rejections of the backend; the caller gets a 500. */
  readonly onBug?: (error: unknown, request: unknown) => void;
}

export interface ControlServer {
  readonly socketPath: string;
  /** Ends event streams and open connections, removes the socket. Once, however often it is called. */
  close(): Promise<void>;
}

/** Another daemon serves this run directory: not a failure for who only wants one to be there. */
export class AlreadyRunningError extends Error {
  constructor(readonly runDir: string) {
    super(`another tsdrbdd is running for ${runDir}`);
    this.name = 'AlreadyRunningError';
  }
}

/** Throws AlreadyRunningError, or what the operating system says about the run directory. */
export async function startControlServer(
  options: ControlServerOptions,
  dependencies: ControlServerDependencies,
): Promise<ControlServer> {
  const socketPath = controlSocketPath(options.runDir);
  if (Buffer.byteLength(socketPath) > SOCKET_PATH_BYTES_MAX) {
    throw new Error(`${socketPath}: longer than ${SOCKET_PATH_BYTES_MAX} bytes, too long for a Unix socket`);
  }
  mkdirSync(options.runDir, { recursive: true, mode: 0o700 });
  const lock = dependencies.takeLock?.(runLockPath(options.runDir));
  if (lock === null) throw new AlreadyRunningError(options.runDir);

  const streams = new Set<{ destroy(): unknown }>();
  const app = buildRoutes(options, dependencies, streams);
  try {
    // The lock is ours, so a socket that is there was left behind by a daemon that was killed.
    rmSync(socketPath, { force: true });
    await listenPrivately(app, socketPath);
  } catch (error) {
    lock?.release();
    throw error;
  }
  let closed: Promise<void> | null = null;
  return {
    socketPath,
    close: () => (closed ??= close()),
  };

  async function close(): Promise<void> {
    for (const stream of streams) stream.destroy();
    await app.close();
    rmSync(socketPath, { force: true });
    lock?.release();
  }
}

/** The umask closes the moment between bind and chmod, in which the socket would be open to everybody. */
async function listenPrivately(app: FastifyInstance, socketPath: string): Promise<void> {
  const umask = process.umask(0o177);
  try {
    await app.listen({ path: socketPath });
  } finally {
    process.umask(umask);
  }
  chmodSync(socketPath, 0o600);
}

function buildRoutes(
  options: ControlServerOptions,
  { backend, onBug }: ControlServerDependencies,
  streams: Set<{ destroy(): unknown }>,
): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    // As strict as the schemas are: no guessing of types, no dropping of unknown fields.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, allowUnionTypes: true } },
  });
  const querystring = {
    type: 'object',
    additionalProperties: false,
    properties: { resource: { type: 'string', minLength: 1, maxLength: RESOURCE_NAME_BYTES_MAX } },
  };

  app.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.validation !== undefined ? 400 : (error.statusCode ?? 500);
    if (status >= 500) onBug?.(error, request.body);
    return reply.code(status).send({ error: status >= 500 ? `internal error: ${error.message}` : error.message });
  });
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'unknown command' }));
  app.addHook('onRequest', async (_request, reply) => {
    streams.add(reply.raw);
    reply.raw.on('close', () => streams.delete(reply.raw));
  });

  for (const command of CONTROL_COMMANDS) {
    app.post<{ Body: ControlRequest }>(
      `/v1/commands/${command}`,
      { schema: { body: requestSchema(command) } },
      (request) => backend.execute(request.body),
    );
  }
  app.get<{ Querystring: { resource?: string } }>('/v1/state', { schema: { querystring } }, async (request) => {
    const { resources } = backend.snapshot();
    const only = request.query.resource;
    return { resources: only === undefined ? resources : resources.filter((each) => each.name === only) };
  });
  app.get<{ Querystring: { resource?: string } }>('/v1/events', { schema: { querystring } }, (request, reply) => {
    reply.hijack();
    const stream = streamEvents(reply.raw, backend, {
      ...(request.query.resource !== undefined && { resourceName: request.query.resource }),
      ...(options.eventQueueBytesMax !== undefined && { queueBytesMax: options.eventQueueBytesMax }),
    });
    streams.delete(reply.raw);
    streams.add(stream);
    reply.raw.on('close', () => streams.delete(stream));
  });
  return app;
}
