/**
 * A program's side of the control API. Loads nothing but node:http, so that a command line program starts fast.
 */
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { ControlReply } from '../control-backend';
import type { EventBatch } from '../events/object-event';
import type { NodeState } from '../schema/node-state';
import type { ControlRequest } from '../schema/request';
import { controlSocketPath, runDirOf } from '../socket-path';
import { ControlError } from './control-error';
import { startDaemon } from './daemon-start';

/** How long a command may take; source: setup.md 3.1. */
export const REPLY_TIMEOUT_MS = 120_000;
/** How long a question may take, which the engine answers at once unless it is stopped or hangs. */
export const ANSWER_TIMEOUT_MS = 30_000;

export interface ControlClientOptions {
  readonly answerTimeoutMs?: number;
}

type Env = Readonly<Record<string, string | undefined>>;

export class ControlClient {
  private readonly runDir: string;
  private readonly socketPath: string;

  constructor(
    private readonly env: Env,
    private readonly options: ControlClientOptions = {},
  ) {
    this.runDir = runDirOf(env);
    this.socketPath = controlSocketPath(this.runDir);
  }

  /** Starts the daemon if there is none. Throws ControlError. */
  async execute(request: ControlRequest): Promise<ControlReply> {
    try {
      return await this.executeIfRunning(request);
    } catch (error) {
      if (!(error instanceof NoListenerError)) throw error;
      await startDaemon(this.runDir, this.env);
      return await this.executeIfRunning(request);
    }
  }

  /** Throws ControlError; 'no-daemon' if nobody listens. */
  async executeIfRunning(request: ControlRequest): Promise<ControlReply> {
    const reply = await this.getJson(`/v1/commands/${request.command}`, request);
    if (!isControlReply(reply)) throw new ControlError('protocol', 'the daemon gave no proper reply');
    return reply;
  }

  /** Starts the daemon if there is none. Throws ControlError. */
  async ensureDaemon(): Promise<void> {
    if ((await this.state('-')) === null) await startDaemon(this.runDir, this.env);
  }

  /** Null when no daemon is running: then nothing is configured. Throws ControlError. */
  async state(resourceName?: string): Promise<NodeState | null> {
    try {
      return (await this.getJson(`/v1/state${query(resourceName)}`)) as NodeState;
    } catch (error) {
      if (error instanceof NoListenerError) return null;
      throw error;
    }
  }

  /**
   * Batches from the dump on, until the caller stops reading or `signal` fires.
   * Throws ControlError 'no-daemon' if the daemon is not there or ends, 'cut-off' if this reader was too slow.
   */
  async *events(
    options: { readonly resourceName?: string; readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<EventBatch> {
    const response = await this.open(`/v1/events${query(options.resourceName)}`, undefined, options.signal);
    // It has begun; that nothing happens for a long time is what is hoped for.
    response.setTimeout(0);
    let rest = '';
    try {
      response.setEncoding('utf8');
      for await (const chunk of response) {
        const lines = (rest + String(chunk)).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const batch = JSON.parse(line) as EventBatch;
          if (batch.cutOff !== undefined) throw new ControlError('cut-off', batch.cutOff);
          yield batch;
        }
      }
    } catch (error) {
      if (options.signal?.aborted) return;
      if (error instanceof ControlError) throw error;
      if (typeof error !== 'object' || error === null || !('code' in error)) throw error;
      // The daemon's end cuts the stream in the middle, as opposed to a syntax error.
    } finally {
      response.destroy();
    }
    if (options.signal?.aborted) return;
    throw new ControlError('no-daemon', 'the daemon ended');
  }

  private async getJson(path: string, body?: ControlRequest): Promise<unknown> {
    const response = await this.open(path, body);
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of response) chunks.push(chunk as Buffer);
    } catch (error) {
      if (error instanceof ControlError) throw error;
      throw new ControlError('no-daemon', `the daemon ended before it replied (${(error as Error).message})`);
    }
    const value = parseJson(Buffer.concat(chunks).toString());
    if (response.statusCode === 200) return value;
    const reason =
      typeof value === 'object' && value !== null && 'error' in value ? String(value.error) : 'no reason given';
    throw new ControlError('protocol', `the daemon refused the request: ${reason}`);
  }

  private open(path: string, body?: ControlRequest, signal?: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const request = httpRequest(
        {
          socketPath: this.socketPath,
          path,
          method: text === undefined ? 'GET' : 'POST',
          agent: false,
          headers:
            text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
          ...(signal !== undefined && { signal }),
        },
        resolve,
      );
      request.on('error', (error: NodeJS.ErrnoException) => reject(this.describe(error)));
      const limitMs = text === undefined ? (this.options.answerTimeoutMs ?? ANSWER_TIMEOUT_MS) : REPLY_TIMEOUT_MS;
      request.setTimeout(limitMs, () => request.destroy(new ControlError('timeout', 'timed out waiting for reply')));
      request.end(text);
    });
  }

  private describe(error: NodeJS.ErrnoException): Error {
    if (error instanceof ControlError) return error;
    if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') return new NoListenerError();
    if (error.code === 'EACCES' || error.code === 'EPERM')
      return new ControlError('permission', 'Operation not permitted');
    return new ControlError('no-daemon', `${this.socketPath}: ${error.message}`);
  }
}

/** Nothing was sent yet: starting a daemon and asking again is safe. */
class NoListenerError extends ControlError {
  constructor() {
    super('no-daemon', 'no daemon is running');
  }
}

function query(resourceName: string | undefined): string {
  return resourceName === undefined ? '' : `?resource=${encodeURIComponent(resourceName)}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The caller judges what is there; a text that is no JSON is as good as none.
    return undefined;
  }
}

function isControlReply(value: unknown): value is ControlReply {
  return (
    typeof value === 'object' &&
    value !== null &&
    'code' in value &&
    typeof value.code === 'number' &&
    'messages' in value &&
    Array.isArray(value.messages)
  );
}
