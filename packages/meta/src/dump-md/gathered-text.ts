/** Text that is written in large pieces: a dump consists of thousands of small ones, and each write is a system call. */
import type { CliOutput } from '@tsdrbd/config';

const PIECE_CHARACTERS = 64 * 1024;

export class GatheredText {
  private text = '';

  constructor(private readonly output: CliOutput) {}

  readonly write = (text: string): void => {
    this.text += text;
    if (this.text.length >= PIECE_CHARACTERS) this.flush();
  };

  flush(): void {
    if (this.text !== '') this.output.write(this.text);
    this.text = '';
  }
}
