/**
 * stdout and stderr by their descriptors. `process.stdout` loads Node's streams, for a pipe its network sockets too,
 * which costs as much time as most commands take. A text is written when `write` returns.
 */
import { fstatSync, writeSync } from 'node:fs';
import type { CliOutput } from '@tsdrbd/config';

const RETRY_MS = 1;
/** A reader that has seen enough (`dump-md | head`) ends the program as SIGPIPE would, without a word. */
const SIGPIPE_EXIT = 141;

/** `stream` is asked for what only a terminal has. */
export function descriptorOutput(fd: number, stream: () => NodeJS.WriteStream): CliOutput {
  let isTerminal: boolean | undefined;
  const terminal = (): boolean => (isTerminal ??= fstatSync(fd).isCharacterDevice() && stream().isTTY);
  return {
    write: (text: string | Uint8Array) => writeAll(fd, typeof text === 'string' ? Buffer.from(text) : text),
    get isTTY() {
      return terminal();
    },
    get columns() {
      return terminal() ? stream().columns : 80;
    },
  };
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') process.exit(SIGPIPE_EXIT);
      if (code !== 'EAGAIN') throw error;
      // Somebody who shares the pipe has made it non-blocking, and it is full.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}
