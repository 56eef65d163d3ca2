/**
 * Writes tokens into lines of limited width, as drbdsetup does. Source: setup.md 4.2.
 *
 * The indent does not count towards the width, the blank before a token does, colour codes do; a token that is longer
 * than the width stands alone.
 */
export class LineWriter {
  private written = '';
  private atLineStart = true;
  private column = 0;
  private indent = 0;

  constructor(private readonly widthColumns: number) {}

  /** Indent of the lines that begin from now on. */
  setIndent(columns: number): void {
    this.indent = columns;
  }

  /** One token; a blank separates it from what stands before it on the line. */
  token(text: string): void {
    const length = text.length + 1;
    if (!this.atLineStart && this.column > 0 && this.column + length > this.widthColumns) this.newline();
    if (this.atLineStart) {
      this.written += ' '.repeat(this.indent) + text;
      this.column = -1 + text.length;
      this.atLineStart = false;
    } else {
      this.written += ' ' + text;
      this.column += length;
    }
  }

  newline(): void {
    this.written += '\n';
    this.atLineStart = true;
    this.column = 0;
  }

  text(): string {
    return this.written;
  }
}
