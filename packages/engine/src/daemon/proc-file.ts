/**
 * `<run directory>/proc/drbd`: what `tsdrbdsetup proc` prints, as a file, for scripts that read /proc/drbd. Written
 * after a state changed, at most once a second; counters alone do not count as a change. It goes with the daemon.
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderProcDrbd, type NodeState } from '../control';
import { messageOf } from './message-of';

const INTERVAL_MS = 1000;
/** Changes come in bursts; the first one of a burst is not the state that anybody wants to read. */
const SETTLE_MS = 50;

export interface ProcFileDependencies {
  readonly snapshot: () => NodeState;
  readonly warn: (text: string) => void;
  /** Monotonic. */
  readonly nowMs: () => number;
}

export class ProcFile {
  private readonly path: string;
  private timer: NodeJS.Timeout | null = null;
  private writtenMs = -Infinity;
  private warned = false;

  constructor(
    runDir: string,
    private readonly dependencies: ProcFileDependencies,
  ) {
    this.path = join(runDir, 'proc', 'drbd');
    // A daemon that was killed has left its own behind.
    this.trying(() => rmSync(this.path, { force: true }));
  }

  noteChange(): void {
    if (this.timer !== null) return;
    const waitMs = Math.max(SETTLE_MS, this.writtenMs + INTERVAL_MS - this.dependencies.nowMs());
    this.timer = setTimeout(() => this.write(), waitMs);
    this.timer.unref();
  }

  end(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.trying(() => rmSync(this.path, { force: true }));
  }

  private write(): void {
    this.timer = null;
    this.writtenMs = this.dependencies.nowMs();
    this.trying(() => {
      mkdirSync(join(this.path, '..'), { recursive: true });
      // A reader finds the old text or the new one.
      writeFileSync(`${this.path}.new`, renderProcDrbd(this.dependencies.snapshot()));
      renameSync(`${this.path}.new`, this.path);
    });
  }

  /** Nothing depends on the file: what is wrong with its place is told once. */
  private trying(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!this.warned) this.dependencies.warn(`${this.path}: ${messageOf(error)}`);
      this.warned = true;
    }
  }
}
