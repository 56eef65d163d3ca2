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

/** The surroundings of a real process. `outputTo`: for what is not plain text. */
export function processIo(outputTo: (stream: NodeJS.WriteStream) => CliOutput = (stream) => stream): CliIo {
  return {
    env: process.env,
    cwd: process.cwd(),
    // Opened when it is asked for: few commands read it, and it costs all of them a part of their start.
    get stdin() {
      return process.stdin;
    },
    stdout: outputTo(process.stdout),
    stderr: outputTo(process.stderr),
    now: () => Date.now(),
  };
}
