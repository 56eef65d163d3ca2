/**
 * When a small write may go into the page cache from the event loop itself, which costs a tenth of the way over a
 * thread and back, but sleeps when the disk has to be waited for.
 *
 * A write of whole pages into the page cache waits for the disk when (a) the kernel throttles writers, (b) the file
 * system's journal is held up, or (c) somebody holds the file's lock across I/O. So a write is admitted only while
 * all of these hold:
 * - a lease is valid: a direct read from the disk was answered within PROBE_SLOW_MS, at most LEASE_MS ago;
 * - the bytes written under this lease stay within half of what the kernel takes without throttling;
 * - nothing is under way on the device's threads: no flush or discard, no probe, no write that found no lease;
 * - it is short and covers whole pages, so that nothing has to be read first.
 *
 * A disk that stops answering is noticed within LEASE_MS; what remains is a disk that stalls right after a good
 * answer while a write needs the journal. See docs/decisions/0004-backing-writes.md. An idle device is not probed.
 */
import { alignedPage, PAGE_BYTES } from './aligned-page';
import { dirtyRoomBytes } from './dirty-room';
import type { DiskThread } from './disk-thread';

export const LEASE_MS = 200;
/** A lease is renewed from this age on, if there are writes. */
const RENEW_MS = 100;
/** After a bad answer the disk is left alone for a while. */
const RETRY_MS = 500;
/** A disk that takes longer is too busy to bet on. */
const PROBE_SLOW_MS = 50;
/** A longer copy holds up the event loop by itself. */
const WRITE_MAX_BYTES = 64 * 1024;

export interface WriteLease {
  /**
   * `at-once`: may be made on the event loop; it is counted. `hold`: would be, were the writer thread idle; ask again
   * then (without this, a busy device would never come back from its thread). `on-thread`: neither.
   * Renews the lease when it is about time.
   */
  decide(offsetBytes: number, lengthBytes: number): 'at-once' | 'hold' | 'on-thread';
}

export interface WriteLeaseOptions {
  /** Where the probe reads its first page; see probe-file.ts. Stays the caller's. */
  readonly probeFd: number;
}

export interface WriteLeaseDependencies {
  /** The thread that probes; started when the first probe is due. */
  readonly prober: () => DiskThread;
  /** Requests that the writer thread has. */
  readonly writingCount: () => number;
  /** Requests on other threads that may hold a lock while they wait for the disk: flush, discard, probe. */
  readonly maintainingCount: () => number;
  /** Monotonic. */
  readonly nowMs: () => number;
}

export function createWriteLease(options: WriteLeaseOptions, dependencies: WriteLeaseDependencies): WriteLease {
  const { prober, writingCount, maintainingCount, nowMs } = dependencies;
  const target = alignedPage();
  let probing = false;
  let nextProbeMs = -Infinity;
  let validUntilMs = -Infinity;
  let roomBytes = 0;

  const probe = (startedMs: number): void => {
    probing = true;
    nextProbeMs = startedMs + RENEW_MS;
    prober().probe(options.probeFd, 0, target, (result) => {
      probing = false;
      const answeredMs = nowMs();
      const healthy = result > 0 && answeredMs - startedMs < PROBE_SLOW_MS;
      roomBytes = healthy ? dirtyRoomBytes() / 2 : 0;
      validUntilMs = healthy ? startedMs + LEASE_MS : -Infinity;
      if (!healthy) nextProbeMs = answeredMs + RETRY_MS;
    });
  };

  return {
    decide(offsetBytes, lengthBytes) {
      const wholePages = offsetBytes % PAGE_BYTES === 0 && lengthBytes % PAGE_BYTES === 0;
      if (lengthBytes > WRITE_MAX_BYTES || !wholePages || probing) return 'on-thread';
      const now = nowMs();
      const good = now < validUntilMs && lengthBytes <= roomBytes && maintainingCount() === 0;
      if (now >= nextProbeMs) probe(now);
      if (!good) return 'on-thread';
      if (writingCount() > 0) return 'hold';
      roomBytes -= lengthBytes;
      return 'at-once';
    },
  };
}
