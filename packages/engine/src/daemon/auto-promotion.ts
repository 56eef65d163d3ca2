/**
 * auto-promote: an application that opens a volume for writing makes this node Primary, the last one to close it makes
 * it Secondary again, unless an administrator promoted it meanwhile. Source: behaviour.md 8.5.
 *
 * Invariant: a promotion by an open is undone only when no volume of the resource is open any more.
 */
import { demote, promote } from '../core';
import type { Resource } from '../core';
import { Role, StateResult as SS } from '../wire';

/** Refusals that pass: a peer that steps down, a handshake under way, a vote at a bad moment. */
const MAY_PASS: ReadonlySet<number> = new Set([
  SS.SS_TWO_PRIMARIES,
  SS.SS_NO_UP_TO_DATE_DISK,
  SS.SS_CW_FAILED_BY_PEER,
  SS.SS_IN_TRANSIENT_STATE,
  SS.SS_CONCURRENT_ST_CHG,
]);
const RETRY_MS = 50;

/** What must happen around a demotion: block devices that nobody uses are given back first. */
export interface DemotionHooks {
  before(resource: Resource, mode: 'if unused' | 'forced'): Promise<void>;
  after(resource: Resource): Promise<void>;
}

export class AutoPromotion {
  /** Primary only because a volume is open. */
  private byOpen = false;
  private waiting: ((code: number) => void)[] = [];

  constructor(
    private readonly resource: Resource,
    private readonly demotion: DemotionHooks | null = null,
  ) {}

  get applies(): boolean {
    return this.resource.options.autoPromote;
  }

  /** `done` gets an SS_* code, 1 and above for a Primary; after at most auto-promote-timeout and one more attempt. */
  promote(done: (code: number) => void): void {
    this.waiting.push(done);
    if (this.waiting.length > 1) return;
    const { host, options } = this.resource;
    this.attempt(host.nowMs() + options.autoPromoteTimeoutMs);
  }

  /** An administrator promoted or demoted: closing has no say any more. */
  decidedByAdministrator(): void {
    this.byOpen = false;
  }

  /** After a volume was closed. */
  closed(): void {
    const { resource } = this;
    if (!this.byOpen || this.waiting.length > 0 || this.isOpen()) return;
    this.byOpen = false;
    if (this.demotion === null) return this.demote();
    void this.demotion.before(resource, 'if unused').then(() => this.demote());
  }

  private demote(): void {
    const { resource } = this;
    demote(resource, 'plain', (code) => {
      void this.demotion?.after(resource);
      if (code >= SS.SS_SUCCESS) return;
      resource.log('warn', resource.name, `Auto-demote failed (${code})`);
      // Somebody was faster and holds it open again.
      this.byOpen = resource.role === Role.Primary;
    });
  }

  private attempt(deadlineMs: number): void {
    const { resource } = this;
    const { host } = resource;
    const settle = (code: number): void => {
      if (MAY_PASS.has(code) && host.nowMs() < deadlineMs) {
        host.after(RETRY_MS, () => this.attempt(deadlineMs));
        return;
      }
      const waiting = this.waiting;
      this.waiting = [];
      for (const done of waiting) done(code);
      // Those who asked may be gone by now.
      this.closed();
    };
    // A demotion that has begun goes through first.
    if (resource.demoting) return settle(SS.SS_IN_TRANSIENT_STATE);
    promote(resource, 'plain', (code) => {
      if (code === SS.SS_SUCCESS) this.byOpen = true;
      settle(code);
    });
  }

  private isOpen(): boolean {
    return [...this.resource.devices.values()].some((device) => device.writeOpeners + device.readOpeners > 0);
  }
}
