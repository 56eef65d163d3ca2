/**
 * Two Primaries write to the same blocks at the same time: which write stays is the same on both nodes.
 *
 * The node that resolves conflicts wins. A peer's write that meets one of its own under way is not done: superseded if
 * its own covers it, else the peer has to try again. The other node lets its own write get its answer first, then does
 * the peer's over it.
 *
 * Whether two writes met is seen from the order of both sockets: the resolver handles a write only after everything that
 * its peer sent before it, acknowledgements on the control socket included.
 *
 * Source: wire.md 6.5, 6.9; behaviour.md 5.8.
 */
import { Conn, type BlockAck } from '../../wire';
import type { Timer } from '../host';
import type { PeerDevice } from '../peer-device/peer-device';
import type { WriteRequest } from './application-writes';

/** A write of the peer, not begun. */
export interface PeerWriteCandidate {
  readonly sector: number;
  readonly sizeBytes: number;
  readonly seq: number;
  /** Goes on with it. */
  enter(): void;
  /** Does not do it, and tells the peer; null: there is nobody to tell. */
  drop(answer: 'Superseded' | 'RetryWrite' | null): void;
}

/** From this version on a write that is only partly covered is tried again; before, it counts as superseded. */
const RETRY_VERSION_MIN = 100;

export class WriteConflicts {
  /** Highest number that the peer has sent, on either socket. */
  private seenSeq = 0;
  /** Waiting for what the peer sent before, in order. */
  private early: PeerWriteCandidate[] = [];
  private earlyTimer: Timer | null = null;
  /** Waiting for own writes. */
  private waiting: PeerWriteCandidate[] = [];

  constructor(private readonly peerDevice: PeerDevice) {}

  get isWaiting(): boolean {
    return this.waiting.length > 0;
  }

  /** An acknowledgement of the peer's came. */
  heard(packet: BlockAck): void {
    if (isAfter(packet.seq, this.seenSeq)) this.seenSeq = packet.seq;
    this.takeEarly();
  }

  admit(candidate: PeerWriteCandidate): void {
    this.early.push(candidate);
    this.takeEarly();
    if (this.early.length === 0 || this.earlyTimer !== null) return;
    const { connection } = this.peerDevice;
    this.earlyTimer = connection.host.after(connection.net.pingTimeoutMs, () => {
      this.earlyTimer = null;
      if (this.early.length > 0) {
        connection.lost(Conn.NetworkFailure, 'what the peer sent before a write did not arrive in time', 'at-once');
      }
    });
  }

  /** An own write is done, or gave way. */
  ownSettled(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const candidate of waiting) this.judge(candidate);
  }

  overlapsWaiting(sector: number, sizeBytes: number): boolean {
    return this.waiting.some((candidate) => overlap(candidate, { sector, sizeBytes }));
  }

  connectionLost(): void {
    this.seenSeq = 0;
    this.earlyTimer?.cancel();
    this.earlyTimer = null;
    const dropped = [...this.early, ...this.waiting];
    this.early = [];
    this.waiting = [];
    for (const candidate of dropped) candidate.drop(null);
    this.peerDevice.device.writes.peerWriteDone();
  }

  private takeEarly(): void {
    const { resolvesConflicts } = this.peerDevice.connection;
    for (;;) {
      const [next] = this.early;
      if (next === undefined) break;
      if (resolvesConflicts && isAfter(next.seq, this.seenSeq + 1)) return;
      this.early.shift();
      if (isAfter(next.seq, this.seenSeq)) this.seenSeq = next.seq;
      this.judge(next);
    }
    this.earlyTimer?.cancel();
    this.earlyTimer = null;
  }

  private judge(candidate: PeerWriteCandidate): void {
    const { device, connection } = this.peerDevice;
    const own = device.writes.underWay(candidate.sector, candidate.sizeBytes);
    if (own.length === 0) return candidate.enter();
    const unanswered = own.filter((request) => this.isUnanswered(request));
    // The peer has had all of them: its write came after. Or it waits for this node's decision.
    if (!connection.resolvesConflicts || unanswered.length === 0) {
      this.waiting.push(candidate);
      return;
    }
    const covered = unanswered.some((request) => covers(request, candidate));
    device.log(
      'warn',
      `Concurrent writes detected: local=${unanswered[0]?.sector}s +${unanswered[0]?.sizeBytes}, ` +
        `remote=${candidate.sector}s +${candidate.sizeBytes}, assuming ${covered ? 'remote' : 'both'} came first`,
    );
    candidate.drop(covered || connection.version < RETRY_VERSION_MIN ? 'Superseded' : 'RetryWrite');
  }

  private isUnanswered(request: WriteRequest): boolean {
    return request.legs.some((leg) => leg.peerDevice === this.peerDevice && leg.pending);
  }
}

interface Range {
  readonly sector: number;
  readonly sizeBytes: number;
}

export const overlap = (a: Range, b: Range): boolean =>
  a.sector < b.sector + b.sizeBytes / 512 && b.sector < a.sector + a.sizeBytes / 512;

const covers = (outer: Range, inner: Range): boolean =>
  outer.sector <= inner.sector && inner.sector + inner.sizeBytes / 512 <= outer.sector + outer.sizeBytes / 512;

/** Of two 32-bit counters that wrap. */
const isAfter = (a: number, b: number): boolean => ((a - b) | 0) > 0;
