/** What a core needs of the world, for one life of a simulated node: after its end nothing reaches it any more. */
import type { Host, PeerLink } from '../core';
import { digest, digestSizeBytes, hmac, hmacSizeBytes } from '../transport';
import type { SimClock } from './clock';
import type { SimRandom } from './random';

export interface SimWorld {
  readonly clock: SimClock;
  readonly random: SimRandom;
  readonly log: Host['log'];
  readonly runHandler: Host['runHandler'];
}

export function hostOfLife({ clock, random, log, runHandler }: SimWorld, isAlive: () => boolean): Host {
  const alive = (run: () => void) => (): void => {
    if (isAlive()) run();
  };
  return {
    nowMs: clock.nowMs,
    after: (delayMs, run) => {
      const entry = clock.schedule(delayMs, alive(run));
      return { cancel: () => void (entry.cancelled = true) };
    },
    randomUuid: () => random.uuid(),
    randomBytes: (length) => random.bytes(length),
    randomFraction: () => random.fraction(),
    hmac: (algorithm, key, message) => (hmacSizeBytes(algorithm) === null ? null : hmac(algorithm, key, message)),
    digest: (algorithm) => {
      const sizeBytes = digestSizeBytes(algorithm);
      return sizeBytes === null ? null : { sizeBytes, of: (pieces) => digest(algorithm, pieces) };
    },
    log,
    runHandler: (call, done) => runHandler(call, (exitCode) => isAlive() && done(exitCode)),
  };
}

/** The link as this life sees it; the next one hears nothing of it. */
export function linkOfLife(link: PeerLink, isAlive: () => boolean): PeerLink {
  const alive = (run: () => void): void => {
    if (isAlive()) run();
  };
  return {
    acceptedMeta: link.acceptedMeta,
    get unsentBytes() {
      return link.unsentBytes;
    },
    agree: (version, flags) => link.agree(version, flags),
    setIntegrityDigestSizes: (send, receive) => link.setIntegrityDigestSizes(send, receive),
    send: (socket, packet) => alive(() => link.send(socket, packet)),
    readData: (how) => alive(() => link.readData(how)),
    close: () => link.close(),
    listen: (listener) =>
      link.listen({
        packet: (socket, packet) => alive(() => listener.packet(socket, packet)),
        closed: (reason, text) => alive(() => listener.closed(reason, text)),
        drained: () => alive(() => listener.drained()),
      }),
  };
}
