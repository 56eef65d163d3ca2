/**
 * Two Primaries write to the same blocks at the same time: which write stays is the same on both nodes.
 *
 * The node that resolves conflicts wins: a peer's write that meets one of its own under way counts as the earlier one, so
 * only what its own do not cover is written, and it is acknowledged as any other. The other node lets its own write get
 * its answer first, then does the peer's over it.
 *
 * DRBD 8.4 answers such a write with P_SUPERSEDED or P_RETRY_WRITE instead, which this node understands. It does not send
 * them: what the module counts in the epoch of a write that is sent back depends on how far its own disk is, and a
 * barrier acknowledged with another count ends the connection (seen with 8.4.11).
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
  /** Goes on with it. `under`: own writes that come after it, and whose blocks are theirs. */
  enter(under: readonly WriteRequest[]): void;
  /** The connection is gone. */
  drop(): void;
}

export class WriteConflicts {
  /** Highest number that the peer has sent, on either socket. */
  private seenSeq = 0;
  /** Waiting for what the peer sent before, in order. */
  private early: PeerWriteCandidate[] = [];
  private earlyTimer: Timer | null = null;
  /** Waiting for own writes. */
  private waiting: PeerWriteCandidate[] = [];
  /** What follows once these own writes are completed. */
  private following: { readonly own: readonly WriteRequest[]; readonly run: () => void }[] = [];

  constructor(private readonly peerDevice: PeerDevice) {}

  get isWaiting(): boolean {
    return this.waiting.length > 0 || this.following.length > 0;
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
    const following = this.following;
    this.following = [];
    for (const one of following) this.whenCompleted(one.own, one.run);
  }

  whenCompleted(own: readonly WriteRequest[], run: () => void): void {
    if (own.every(({ completed }) => completed)) run();
    else this.following.push({ own, run });
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
    this.following = [];
    for (const candidate of dropped) candidate.drop();
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
    if (own.length === 0) return candidate.enter([]);
    const unanswered = own.filter((request) => this.isUnanswered(request));
    // The peer has had all of them: its write came after. Or it waits for this node's decision.
    if (!connection.resolvesConflicts || unanswered.length < own.length) {
      this.waiting.push(candidate);
      return;
    }
    device.log(
      'warn',
      `Concurrent writes detected: local=${own[0]?.sector}s +${own[0]?.sizeBytes}, ` +
        `remote=${candidate.sector}s +${candidate.sizeBytes}, assuming remote came first`,
    );
    candidate.enter(own);
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

/** The parts of `range` that none of `covers` has, in order. */
export function uncovered(range: Range, covers: readonly Range[]): Range[] {
  let parts: Range[] = [range];
  for (const cover of covers) {
    const coverEnd = cover.sector + cover.sizeBytes / 512;
    parts = parts.flatMap((part) => {
      if (!overlap(part, cover)) return [part];
      const end = part.sector + part.sizeBytes / 512;
      const left = { sector: part.sector, sizeBytes: (cover.sector - part.sector) * 512 };
      const right = { sector: coverEnd, sizeBytes: (end - coverEnd) * 512 };
      return [left, right].filter(({ sizeBytes }) => sizeBytes > 0);
    });
  }
  return parts;
}

/** Of two 32-bit counters that wrap. */
const isAfter = (a: number, b: number): boolean => ((a - b) | 0) > 0;
