/**
 * Watches that the peer is alive: pings when nothing was heard, and requests that stay without an answer for too long.
 *
 * Source: wire.md 11, behaviour.md 5.11.
 */
import { Conn } from '../../wire';
import type { Timer } from '../host';
import type { Connection } from './connection';

const REQUEST_CHECK_MS = 1000;

export class Keepalive {
  private idleTimer: Timer | null = null;
  private answerTimer: Timer | null = null;
  private checkTimer: Timer | null = null;
  private lastReceivedMs = 0;
  private waiters: (() => void)[] = [];
  private outstanding = 0;

  constructor(private readonly connection: Connection) {}

  /** Something came from the peer. */
  heard(): void {
    this.lastReceivedMs = this.connection.host.nowMs();
  }

  /** The peer speaks our protocol: from now on silence counts. */
  start(): void {
    this.schedulePing();
    this.scheduleCheck();
  }

  stop(): void {
    for (const timer of [this.idleTimer, this.answerTimer, this.checkTimer]) timer?.cancel();
    this.idleTimer = this.answerTimer = this.checkTimer = null;
    this.waiters = [];
    this.outstanding = 0;
  }

  /** Runs `done` once all that was sent before has been seen by the peer; never, if the link dies first. */
  ping(done: () => void): void {
    this.waiters.push(done);
    this.sendPing();
  }

  private sendPing(): void {
    this.outstanding++;
    this.connection.sendMeta({ kind: 'Ping', volume: 0 });
    if (this.answerTimer !== null) return;
    const sentMs = this.connection.host.nowMs();
    this.answerTimer = this.connection.host.after(this.connection.net.pingTimeoutMs, () => this.pingTimedOut(sentMs));
  }

  private pingTimedOut(sentMs: number): void {
    this.answerTimer = null;
    if (this.lastReceivedMs > sentMs) {
      // Something is coming in: the peer lives, its answer is only late.
      const again = this.connection.host.nowMs();
      this.answerTimer = this.connection.host.after(this.connection.net.pingTimeoutMs, () => this.pingTimedOut(again));
      return;
    }
    this.connection.lost(Conn.NetworkFailure, 'PingAck did not arrive in time.', 'at-once');
  }

  gotPingAck(): void {
    this.outstanding = Math.max(0, this.outstanding - 1);
    if (this.outstanding === 0) {
      this.answerTimer?.cancel();
      this.answerTimer = null;
    }
    const waiters = this.waiters;
    this.waiters = [];
    for (const waiter of waiters) waiter();
  }

  private schedulePing(): void {
    this.idleTimer = this.connection.host.after(this.connection.net.pingIntMs, () => {
      if (this.connection.host.nowMs() - this.lastReceivedMs >= this.connection.net.pingIntMs) this.sendPing();
      this.schedulePing();
    });
  }

  /** The oldest request that the peer owes an answer for. Source: behaviour.md 5.11. */
  private checkRequests(): void {
    this.scheduleCheck();
    const limitMs = this.connection.net.timeoutMs * this.connection.net.koCount;
    if (limitMs === 0) return;
    const oldestMs = Math.min(
      this.connection.sendEpochs.oldestBarrierMs ?? Infinity,
      firstOf(this.connection.pendingWrites)?.request.startedMs ?? Infinity,
      firstOf(this.connection.pendingReads)?.request.startedMs ?? Infinity,
    );
    if (this.connection.host.nowMs() - oldestMs > limitMs)
      this.connection.lost(Conn.Timeout, 'Remote failed to answer within ko-count x timeout', 'at-once');
  }

  private scheduleCheck(): void {
    this.checkTimer = this.connection.host.after(REQUEST_CHECK_MS, () => this.checkRequests());
  }
}

function firstOf<T>(map: ReadonlyMap<number, T>): T | undefined {
  for (const value of map.values()) return value;
  return undefined;
}
