/** The real world behind the core's `Host`: clock, timers, randomness, hashes, handlers, log. */
import { randomBytes, randomFillSync } from 'node:crypto';
import type { Logger } from 'pino';
import type { Digest, Host } from '../core';
import { digest, digestSizeBytes, hmac, hmacSizeBytes } from '../transport';
import { alignedDelayMs } from './aligned-delay';
import { runHandler, type HandlerRunner } from './handlers/run-handler';

export interface NodeHostOptions {
  readonly log: Logger;
  readonly handlers: HandlerRunner;
}

export function createNodeHost(options: NodeHostOptions): Host {
  const { log } = options;
  return {
    nowMs: () => performance.now(),
    after: (delayMs, run) => {
      const timer = setTimeout(run, alignedDelayMs(delayMs, performance.now()));
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
    runHandler: (call, done) => runHandler(options.handlers, call, done),
  };
}
