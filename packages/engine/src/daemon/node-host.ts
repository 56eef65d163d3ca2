/** The real world behind the core's `Host`: clock, timers, randomness, hashes, handlers, log. */
import { randomBytes, randomFillSync } from 'node:crypto';
import { spawn } from 'node:child_process';
import type { Logger } from 'pino';
import type { Digest, HandlerCall, Host } from '../core';
import { digest, digestSizeBytes, hmac, hmacSizeBytes } from '../transport';

export interface NodeHostOptions {
  readonly log: Logger;
  /** Program that runs handlers, as the kernel's usermode_helper; 'disabled': none is called. */
  readonly handlerProgram: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly onHandler: (call: HandlerCall, status: number | null) => void;
}

export function createNodeHost(options: NodeHostOptions): Host {
  const { log } = options;
  return {
    nowMs: () => performance.now(),
    after: (delayMs, run) => {
      const timer = setTimeout(run, delayMs);
      return { cancel: () => clearTimeout(timer) };
    },
    randomUuid: () => randomFillSync(new BigUint64Array(1))[0] ?? 0n,
    randomBytes: (length) => randomBytes(length),
    randomFraction: () => Math.random(),
    hmac: (algorithm, key, message) => (hmacSizeBytes(algorithm) === null ? null : hmac(algorithm, key, message)),
    digest: (algorithm): Digest | null => {
      const sizeBytes = digestSizeBytes(algorithm);
      return sizeBytes === null ? null : { sizeBytes, of: (pieces) => digest(algorithm, pieces) };
    },
    log: (level, subject, text) => log[level]({ subject }, text),
    runHandler: (call, done) => runHandler(options, call, done),
  };
}

/** Source: behaviour.md 10.3. A handler that cannot be started counts as exit code 0, as in DRBD. */
function runHandler(options: NodeHostOptions, call: HandlerCall, done: (exitCode: number) => void): void {
  if (options.handlerProgram === 'disabled') {
    setImmediate(done, 0);
    return;
  }
  options.onHandler(call, null);
  const environment: NodeJS.ProcessEnv = {
    ...options.environment,
    HOME: '/',
    TERM: 'linux',
    DRBD_RESOURCE: call.resource,
  };
  if (call.minor !== null) environment['DRBD_MINOR'] = String(call.minor);
  if (call.volume !== null) environment['DRBD_VOLUME'] = String(call.volume);
  if (call.peerNodeId !== null) environment['DRBD_PEER_NODE_ID'] = String(call.peerNodeId);
  let finished = false;
  const finish = (exitCode: number): void => {
    if (finished) return;
    finished = true;
    options.onHandler(call, exitCode << 8);
    done(exitCode);
  };
  const child = spawn(options.handlerProgram, [call.handler, call.resource], { env: environment, stdio: 'ignore' });
  child.on('error', (error) => {
    options.log.warn({ subject: call.resource }, `helper ${call.handler}: ${error.message}`);
    finish(0);
  });
  child.on('exit', (code) => finish(code ?? 0));
}
