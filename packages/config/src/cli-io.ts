import { descriptorOutput } from './descriptor-output';

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

/** The surroundings of a real process. `texts`: as in descriptorOutput. */
export function processIo(texts: 'utf8' | 'latin1' = 'utf8'): CliIo {
  return {
    env: process.env,
    cwd: process.cwd(),
    // Opened when it is asked for: few commands read it, and it costs all of them a part of their start.
    get stdin() {
      return process.stdin;
    },
    stdout: descriptorOutput(1, () => process.stdout, texts),
    stderr: descriptorOutput(2, () => process.stderr, texts),
    now: () => Date.now(),
  };
}
