/**
 * What a command line program gets from its surroundings. `run(argv, io)` of each program takes it instead of reading
 * `process`, so that one test process can run thousands of command lines.
 */
export interface CliIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Relative file names are resolved against it; the process' own directory does not matter. */
  readonly cwd: string;
  readonly stdin: AsyncIterable<Uint8Array | string> | NodeJS.ReadableStream;
  readonly stdout: CliOutput;
  readonly stderr: CliOutput;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface CliOutput {
  write(text: string): void;
  readonly isTTY?: boolean;
  /** Width of the terminal in characters. */
  readonly columns?: number;
}

/** `io` with other parts. A spread would open stdin, which loads Node's streams. */
export function changedIo(io: CliIo, changes: Partial<Omit<CliIo, 'stdin'>>): CliIo {
  const { env, cwd, stdout, stderr, now } = io;
  return {
    ...{ env, cwd, stdout, stderr, now, ...changes },
    get stdin() {
      return io.stdin;
    },
  };
}
