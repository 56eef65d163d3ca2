/**
 * Programs of the system do what can sleep in the kernel on our own mount (mount, umount, losetup): a thread of this
 * process that waits for an answer which only this process can give would never end, not even by SIGKILL.
 */
import { spawn } from 'node:child_process';

export interface ToolOutcome {
  /** Null: not started, or ended by a signal. */
  readonly exitCode: number | null;
  readonly stdout: string;
  /** Without the line end; the reason where it could not be started. */
  readonly stderr: string;
}

/** `fd` becomes descriptor 3 of the program. */
export type RunTool = (program: string, argv: readonly string[], fd?: number) => Promise<ToolOutcome>;

const SEARCH_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

export const runTool: RunTool = (program, argv, fd) =>
  new Promise((resolve) => {
    const child = spawn(program, argv, {
      cwd: '/',
      env: { PATH: SEARCH_PATH, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'pipe', ...(fd === undefined ? [] : [fd])],
    });
    let stdout = '';
    let stderr = '';
    child.stdout?.on('data', (bytes: Buffer) => (stdout += bytes.toString('utf8')));
    child.stderr?.on('data', (bytes: Buffer) => (stderr += bytes.toString('utf8')));
    child.on('error', (error) => resolve({ exitCode: null, stdout, stderr: error.message }));
    child.on('close', (exitCode) => resolve({ exitCode, stdout, stderr: stderr.trim() }));
  });
