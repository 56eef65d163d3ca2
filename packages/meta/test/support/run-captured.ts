import { Readable } from 'node:stream';
import { realSystem, run, type MetaSystem } from '../../src/index';

export interface Captured {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One command line on real files; `directory` is both working and run directory. `env` is added to the environment. */
export async function runCaptured(
  directory: string,
  argv: readonly string[],
  overrides: Partial<MetaSystem> = {},
  env: Readonly<Record<string, string>> = {},
): Promise<Captured> {
  let stdout = '';
  let stderr = '';
  const io = {
    env: { TSDRBD_RUN_DIR: directory, TZ: 'UTC', ...env },
    cwd: directory,
    stdin: Readable.from([]),
    stdout: { write: (text: string) => void (stdout += text) },
    stderr: { write: (text: string) => void (stderr += text) },
    now: () => Date.now(),
  };
  const exitCode = await run(argv, io, { ...realSystem(io, 'drbdmeta'), ...overrides });
  return { exitCode, stdout, stderr };
}
