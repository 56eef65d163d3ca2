/**
 * A backing device whose requests have a time limit: the disk option disk-timeout. Source: behaviour.md 5.10, drbd.conf(5).
 *
 * Invariants:
 * - Every request is answered once: by the device, or by `giveUp`, never by both.
 * - After `giveUp` the device may still carry out what it was asked for. Until it answers, the memory it may read from is
 *   held here, and what it reads goes to memory that nobody else sees.
 * - After `giveUp` the device is asked for nothing any more.
 */
import { hold, letGo } from '../../payload';
import type { BlockDevice, DiskDone, DiskError, Timer } from '../host';

export interface DeviceWatch {
  nowMs(): number;
  after(delayMs: number, run: () => void): Timer;
  /** As of now; 0: no limit. */
  timeoutMs(): number;
  /** The oldest request is older than the limit. Said once. */
  expired(error: DiskError): void;
}

interface TimedRequest {
  readonly startedMs: number;
  /** Null: answered already. */
  done: DiskDone | null;
  readonly pieces: readonly Uint8Array[];
}

/**
 * A look that finds a request too old is repeated once: after a pause of the whole process (a stopped machine) the timer
 * comes before the answers that have been there all along.
 */
const SECOND_LOOK_MS = 100;

const NO_PIECES: readonly Uint8Array[] = [];

export class TimedDevice implements BlockDevice {
  /** In the order of their beginning. */
  private readonly pending = new Set<TimedRequest>();
  private watch: DeviceWatch | null = null;
  private timer: Timer | null = null;
  private suspect: TimedRequest | null = null;
  private hasExpired = false;
  private gaveUp: DiskError | null = null;

  constructor(private readonly device: BlockDevice) {}

  /** From now on; requests that began before are not watched. */
  watchFor(watch: DeviceWatch): void {
    this.watch = watch;
  }

  get name(): string {
    return this.device.name;
  }

  get sizeBytes(): number {
    return this.device.sizeBytes;
  }

  get logicalBlockSizeBytes(): number {
    return this.device.logicalBlockSizeBytes;
  }

  get physicalBlockSizeBytes(): number {
    return this.device.physicalBlockSizeBytes;
  }

  get discardSupported(): boolean {
    return this.device.discardSupported;
  }

  lookAtSize(): void {
    this.device.lookAtSize?.();
  }

  read(offsetBytes: number, into: Uint8Array, done: DiskDone): void {
    if (!this.isLimited && this.gaveUp === null) return this.device.read(offsetBytes, into, done);
    const own = new Uint8Array(into.length);
    const answered = this.timed(NO_PIECES, (error) => {
      if (error === null) into.set(own);
      done(error);
    });
    if (answered !== null) this.device.read(offsetBytes, own, answered);
  }

  write(offsetBytes: number, pieces: readonly Uint8Array[], done: DiskDone): void {
    const answered = this.timed(pieces, done);
    if (answered !== null) this.device.write(offsetBytes, pieces, answered);
  }

  flush(done: DiskDone): void {
    const answered = this.timed(NO_PIECES, done);
    if (answered !== null) this.device.flush(answered);
  }

  discard(offsetBytes: number, lengthBytes: number, done: DiskDone): void {
    const answered = this.timed(NO_PIECES, done);
    if (answered !== null) this.device.discard(offsetBytes, lengthBytes, answered);
  }

  writeZeroes(offsetBytes: number, lengthBytes: number, done: DiskDone): void {
    const answered = this.timed(NO_PIECES, done);
    if (answered !== null) this.device.writeZeroes(offsetBytes, lengthBytes, answered);
  }

  close(done: DiskDone): void {
    this.device.close(done);
  }

  /** Answers everything under way with `error`, and everything asked from now on. */
  giveUp(error: DiskError): void {
    if (this.gaveUp !== null) return;
    this.gaveUp = error;
    this.timer?.cancel();
    this.timer = null;
    for (const request of [...this.pending]) {
      const { done } = request;
      request.done = null;
      // The asker lets go of it within `done`; the device may not be through with it.
      hold(request.pieces);
      done?.(error);
    }
  }

  private get isLimited(): boolean {
    return this.watch !== null && this.watch.timeoutMs() > 0;
  }

  /** What the device is to call in the place of `done`, which without a limit is `done` itself; null: it is not to be asked. */
  private timed(pieces: readonly Uint8Array[], done: DiskDone): DiskDone | null {
    const { watch, gaveUp } = this;
    if (gaveUp !== null) {
      watch?.after(0, () => done(gaveUp));
      return null;
    }
    if (watch === null || !this.isLimited) return done;
    const request: TimedRequest = { startedMs: watch.nowMs(), done, pieces };
    this.pending.add(request);
    this.look(watch);
    return (error) => {
      this.pending.delete(request);
      const asker = request.done;
      request.done = null;
      if (asker !== null) asker(error);
      else letGo(pieces);
    };
  }

  /** One timer, for the oldest request; it comes once per time limit however many requests there are. */
  private look(watch: DeviceWatch): void {
    if (this.timer !== null || this.hasExpired || this.gaveUp !== null) return;
    const [oldest] = this.pending;
    const timeoutMs = watch.timeoutMs();
    if (oldest === undefined || timeoutMs === 0) return;
    const leftMs = oldest.startedMs + timeoutMs - watch.nowMs();
    if (leftMs <= 0 && this.suspect === oldest) {
      this.hasExpired = true;
      const text = `${this.name}: no answer within disk-timeout (${timeoutMs / 1000} s)`;
      return watch.expired({ code: 'ETIMEDOUT', message: text });
    }
    if (leftMs <= 0) this.suspect = oldest;
    this.timer = watch.after(leftMs <= 0 ? SECOND_LOOK_MS : leftMs, () => {
      this.timer = null;
      this.look(watch);
    });
  }
}
