/**
 * A program's side of the control API. Loads nothing but node:net, so that a command line program starts fast.
 */
import type { ControlReply } from '../control-backend';
import type { EventBatch } from '../events/object-event';
import type { NodeState } from '../schema/node-state';
import type { ControlRequest } from '../schema/request';
import { controlSocketPath, runDirOf } from '../socket-path';
import { ControlError } from './control-error';
import { HttpError, exchange, openStream } from './http-exchange';

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
      await this.startDaemon();
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
    if ((await this.state('-')) === null) await this.startDaemon();
  }

  /** Loads what starts processes only now: mostly the daemon is there. */
  private async startDaemon(): Promise<void> {
    const { startDaemon } = await import('./daemon-start');
    await startDaemon(this.runDir, this.env);
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
    const { status, body } = await openStream(this.socketPath, {
      path: `/v1/events${query(options.resourceName)}`,
      silentMs: this.answerTimeoutMs,
    }).catch((error: unknown) => this.rejectDescribed(error));
    const stop = (): void => void body.destroy();
    options.signal?.addEventListener('abort', stop);
    if (options.signal?.aborted) stop();
    let rest = '';
    try {
      if (status !== 200) throw new ControlError('protocol', `the daemon refused to tell events (status ${status})`);
      body.setEncoding('utf8');
      for await (const chunk of body) {
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
      options.signal?.removeEventListener('abort', stop);
      body.destroy();
    }
    if (options.signal?.aborted) return;
    throw new ControlError('no-daemon', 'the daemon ended');
  }

  private get answerTimeoutMs(): number {
    return this.options.answerTimeoutMs ?? ANSWER_TIMEOUT_MS;
  }

  private async getJson(path: string, request?: ControlRequest): Promise<unknown> {
    const { status, body } = await exchange(this.socketPath, {
      path,
      silentMs: request === undefined ? this.answerTimeoutMs : REPLY_TIMEOUT_MS,
      ...(request !== undefined && { body: JSON.stringify(request) }),
    }).catch((error: unknown) => this.rejectDescribed(error));
    const value = parseJson(body.toString());
    if (status === 200) return value;
    const reason =
      typeof value === 'object' && value !== null && 'error' in value ? String(value.error) : 'no reason given';
    throw new ControlError('protocol', `the daemon refused the request: ${reason}`);
  }

  private rejectDescribed(error: unknown): never {
    if (error instanceof HttpError) {
      if (error.reason === 'silent') throw new ControlError('timeout', error.message);
      if (error.reason === 'malformed') throw new ControlError('protocol', `the daemon gave ${error.message}`);
      throw new ControlError('no-daemon', `the daemon ended before it replied (${error.message})`);
    }
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ECONNREFUSED') throw new NoListenerError();
    if (code === 'EACCES' || code === 'EPERM') throw new ControlError('permission', 'Operation not permitted');
    throw new ControlError('no-daemon', `${this.socketPath}: ${message}`);
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
