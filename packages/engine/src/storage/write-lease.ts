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
import { closeSync, constants, openSync } from 'node:fs';
import { dirtyRoomBytes } from './dirty-room';
import type { DiskThread } from './disk-thread';
import { systemCalls } from './system-calls';

export const LEASE_MS = 200;
/** A lease is renewed from this age on, if there are writes. */
const RENEW_MS = 100;
/** A disk that takes longer is too busy to bet on. */
const PROBE_SLOW_MS = 50;
/** A longer copy holds up the event loop by itself. */
const WRITE_MAX_BYTES = 64 * 1024;
const PAGE_BYTES = 4096;

export interface WriteLease {
  /**
   * `at-once`: may be made on the event loop; it is counted. `hold`: would be, were the writer thread idle; ask again
   * then (without this, a busy device would never come back from its thread). `on-thread`: neither.
   * Renews the lease when it is about time.
   */
  decide(offsetBytes: number, lengthBytes: number): 'at-once' | 'hold' | 'on-thread';
  close(): void;
}

export interface WriteLeaseOptions {
  readonly fd: number;
  readonly sizeBytes: number;
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
  const probeAt = Math.max(0, Math.floor(options.sizeBytes / PAGE_BYTES) - 1) * PAGE_BYTES;
  /** undefined: not tried; -1: this file system has no direct reads, so there is never a lease. */
  let probeFd: number | undefined;
  let probing = false;
  let probeStartedMs = -Infinity;
  let validUntilMs = -Infinity;
  let roomBytes = 0;
  let closed = false;

  const probe = (startedMs: number): void => {
    probeFd ??= openDirect(options.fd);
    if (probeFd === -1 || options.sizeBytes < PAGE_BYTES) return;
    probing = true;
    probeStartedMs = startedMs;
    prober().probe(probeFd, probeAt, target, (result) => {
      probing = false;
      if (closed) return closeProbe();
      const healthy = result > 0 && nowMs() - startedMs < PROBE_SLOW_MS;
      roomBytes = healthy ? dirtyRoomBytes() / 2 : 0;
      validUntilMs = healthy ? startedMs + LEASE_MS : -Infinity;
    });
  };
  const closeProbe = (): void => {
    if (probeFd !== undefined && probeFd !== -1) closeSync(probeFd);
    probeFd = -1;
  };

  return {
    decide(offsetBytes, lengthBytes) {
      const wholePages = offsetBytes % PAGE_BYTES === 0 && lengthBytes % PAGE_BYTES === 0;
      if (lengthBytes > WRITE_MAX_BYTES || !wholePages || probing || closed) return 'on-thread';
      const now = nowMs();
      const good = now < validUntilMs && lengthBytes <= roomBytes && maintainingCount() === 0;
      if (now - probeStartedMs >= RENEW_MS) probe(now);
      if (!good) return 'on-thread';
      if (writingCount() > 0) return 'hold';
      roomBytes -= lengthBytes;
      return 'at-once';
    },
    close() {
      closed = true;
      if (!probing) closeProbe();
    },
  };
}

/** Direct I/O wants memory at a block's boundary. */
function alignedPage(): Uint8Array {
  const memory = Buffer.allocUnsafeSlow(2 * PAGE_BYTES);
  const excess = Number(systemCalls().address(memory) % BigInt(PAGE_BYTES));
  return memory.subarray(PAGE_BYTES - excess, 2 * PAGE_BYTES - excess);
}

/** The same file once more, past the page cache; -1 where the file system cannot. */
function openDirect(fd: number): number {
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_RDONLY | constants.O_DIRECT);
  } catch {
    return -1;
  }
}
