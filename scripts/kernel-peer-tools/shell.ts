/** Runs the programs of the host that the kernel peer is made with. */
import { spawn, spawnSync } from 'node:child_process';

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly timeoutMs?: number;
}

/** What the distribution keeps outside a user's PATH. */
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;

export function environment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return { ...process.env, PATH, LC_ALL: 'C', ...more };
}

/** Waits for a program; a signal counts as exit code 128 plus 9. */
export function run(words: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const [program = '', ...args] = words;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: environment(options.env),
      cwd: options.cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.timeoutMs,
      killSignal: 'SIGKILL',
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', reject);
    child.on('close', (code) =>
      resolve({ exitCode: code ?? 137, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }),
    );
  });
}

/** As run, and throws when the program fails. */
export async function mustRun(words: readonly string[], options: RunOptions = {}): Promise<string> {
  const ran = await run(words, options);
  if (ran.exitCode !== 0) {
    throw new Error(`${words.join(' ')}: exit code ${ran.exitCode}: ${(ran.stderr + ran.stdout).trim()}`);
  }
  return ran.stdout;
}

/** As run, at once; for questions that must be answered before tests are declared. */
export function succeedsNow(words: readonly string[]): boolean {
  const [program = '', ...args] = words;
  return spawnSync(program, args, { env: environment(), stdio: 'ignore' }).status === 0;
}
