/** A program of its own, for what does not run in this process: handlers, and helpers that the user chose. */
import type { CliIo, CliOutput } from '@tsdrbd/config';
import { EXIT } from '../adm-exit';

/** `discarded` and `captured` text does not reach the user by itself. */
export interface Streams {
  readonly stdout: 'shown' | 'captured';
  readonly stderr: 'shown' | 'captured' | 'discarded';
}

export interface Outcome {
  /** -1: it was killed by a signal. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Words are texts, output is bytes. `io`: its environment, its directory, and where its words go. When `interrupted` is aborted, it gets SIGINT, as from
 * Control-C.
 */
export type StartProgram = (
  executable: string,
  argv: readonly string[],
  io: CliIo,
  options: Streams & { readonly interrupted: AbortSignal },
) => Promise<Outcome>;

/** What goes where `own` puts its words goes there without passing through here. */
export const startWithExeca =
  (own: Pick<CliIo, 'stdout' | 'stderr'>): StartProgram =>
  async (executable, argv, io, { interrupted, ...streams }) => {
    const { execa } = await import('execa');
    const stdout = new Collected();
    const stderr = new Collected();
    const child = execa(executable, [...argv], {
      env: io.env,
      extendEnv: false,
      cwd: io.cwd,
      stdin: 'inherit',
      stdout: streams.stdout === 'shown' && io.stdout === own.stdout ? 'inherit' : 'pipe',
      stderr: streams.stderr === 'shown' && io.stderr === own.stderr ? 'inherit' : 'pipe',
      reject: false,
      buffer: false,
    });
    const shownOut = streams.stdout === 'shown' ? io.stdout : stdout;
    const shownErr = streams.stderr === 'shown' ? io.stderr : stderr;
    child.stdout?.on('data', (chunk: Buffer) => shownOut.write(chunk.toString('latin1')));
    child.stderr?.on('data', (chunk: Buffer) => shownErr.write(chunk.toString('latin1')));
    const interrupt = (): void => void child.kill('SIGINT');
    interrupted.addEventListener('abort', interrupt);
    const { exitCode, signal } = await child;
    interrupted.removeEventListener('abort', interrupt);
    if (exitCode === undefined && signal === undefined) {
      io.stderr.write('Can not exec\n');
      return { exitCode: EXIT.failed, stdout: '', stderr: '' };
    }
    return { exitCode: exitCode ?? -1, stdout: stdout.text, stderr: stderr.text };
  };

export class Collected implements CliOutput {
  text = '';

  write(text: string): void {
    this.text += text;
  }
}
