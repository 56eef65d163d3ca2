/**
 * stdout and stderr by their descriptors. `process.stdout` loads Node's streams, for a pipe its network sockets too,
 * which costs as much time as most commands take. A text is written when `write` returns.
 */
import { fstatSync, writeSync } from 'node:fs';
import type { CliOutput } from './cli-io';

const RETRY_MS = 1;
/** A reader that has seen enough (`dump-md | head`) ends the program as SIGPIPE would, without a word. */
const SIGPIPE_EXIT = 141;

/** A character device that many programs write to, and no terminal: major 1, minor 3. */
const DEV_NULL = 0x103;

/** `stream` is asked for what only a terminal has; `encoding` of texts: `latin1` where they are bytes, one a character. */
export function descriptorOutput(
  fd: number,
  stream: () => NodeJS.WriteStream,
  encoding: 'utf8' | 'latin1' = 'utf8',
): CliOutput {
  let isTerminal: boolean | undefined;
  const terminal = (): boolean => (isTerminal ??= isCharacterDevice(fd) && stream().isTTY);
  return {
    write: (text: string | Uint8Array) => writeAll(fd, typeof text === 'string' ? Buffer.from(text, encoding) : text),
    get isTTY() {
      return terminal();
    },
    get columns() {
      return terminal() ? stream().columns : 80;
    },
  };
}

function isCharacterDevice(fd: number): boolean {
  const status = fstatSync(fd);
  return status.isCharacterDevice() && status.rdev !== DEV_NULL;
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
