/** All questions have one form. Source: metadata.md 6.5. */
import type { CliIo } from '@tsdrbd/config';
import { LineReader } from './line-reader';

export type Answer = 'yes' | 'no';

export class Questions {
  private lines: LineReader | null = null;
  suppressedCount = 0;

  constructor(
    private readonly io: CliIo,
    private readonly settings: { readonly force: boolean; readonly quiet: boolean },
  ) {}

  get silent(): boolean {
    return this.settings.force && this.settings.quiet;
  }

  /** Only the line `yes`, exactly, is a yes. */
  async ask(question: string): Promise<Answer> {
    if (this.silent) {
      this.suppressedCount++;
      return 'yes';
    }
    this.io.stderr.write(`\n${question}\n`);
    if (this.settings.force) {
      this.io.stderr.write('*** confirmation forced via --force option ***\n');
      return 'yes';
    }
    if (!isTerminal(this.io.stdin)) {
      this.io.stderr.write('stdin not a TTY, not waiting for confirmation\n');
      return 'no';
    }
    this.io.stderr.write("[need to type 'yes' to confirm] ");
    this.lines ??= new LineReader(this.io.stdin);
    const line = await this.lines.next();
    this.io.stderr.write('\n');
    return line === 'yes\n' ? 'yes' : 'no';
  }
}

function isTerminal(stdin: CliIo['stdin']): boolean {
  return 'isTTY' in stdin && stdin.isTTY === true;
}
