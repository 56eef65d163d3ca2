/** How far a long write is: a line on a terminal that is wiped when it is done. Elsewhere, and when it is quick, nothing. */
import type { CliIo } from '@tsdrbd/config';

const SILENT_MS = 500;
const REDRAW_MS = 100;
const BAR_WIDTH_MAX = 40;

export class ProgressBar {
  private doneBytes = 0;
  private nextDrawMs: number;
  private isDrawn = false;

  constructor(
    private readonly io: CliIo,
    private readonly totalBytes: number,
  ) {
    this.nextDrawMs = io.now() + SILENT_MS;
  }

  advance(bytes: number): void {
    this.doneBytes += bytes;
    if (this.io.now() < this.nextDrawMs || this.io.stdout.isTTY !== true) return;
    this.nextDrawMs = this.io.now() + REDRAW_MS;
    this.isDrawn = true;
    this.io.stdout.write(`\r${this.line()}`);
  }

  end(): void {
    if (this.isDrawn) this.io.stdout.write(`\r${' '.repeat(this.line().length)}\r`);
    this.isDrawn = false;
  }

  private line(): string {
    const share = Math.min(1, this.doneBytes / this.totalBytes);
    const percent = `${Math.floor(share * 100)}%`.padStart(4);
    // Narrow terminals: a line that wraps could not be drawn over.
    const width = Math.min(BAR_WIDTH_MAX, (this.io.stdout.columns ?? 80) - percent.length - 4);
    if (width < 5) return percent;
    const filled = Math.floor(share * width);
    return `[${`${'='.repeat(filled)}>`.slice(0, width).padEnd(width)}] ${percent}`;
  }
}
