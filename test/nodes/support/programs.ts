/** Runs programs as a user would: a process, its output, its exit code. */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(__dirname, '../../..');

const BUNDLES = {
  tsdrbdadm: 'packages/adm/dist/tsdrbdadm.cjs',
  tsdrbdsetup: 'packages/setup/dist/tsdrbdsetup.cjs',
  tsdrbdmeta: 'packages/meta/dist/tsdrbdmeta.cjs',
  tsdrbdd: 'packages/engine/dist/tsdrbdd.cjs',
} as const;
export type Program = keyof typeof BUNDLES;

/** The bundled program of this checkout. Throws if it was not built. */
export function bundle(program: Program): string {
  const path = join(ROOT, BUNDLES[program]);
  if (!existsSync(path)) throw new Error(`${path} is missing: node scripts/build.mjs`);
  return path;
}

export interface Outcome {
  /** Exit code; -1 after a signal or a timeout. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly timeoutMs?: number;
  readonly input?: string;
}

export function run(program: string, argv: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(
      program,
      argv,
      {
        env: options.env ?? process.env,
        ...(options.cwd !== undefined && { cwd: options.cwd }),
        timeout: options.timeoutMs ?? 60_000,
        maxBuffer: 64 * 1024 * 1024,
      },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ code, stdout, stderr: code === -1 ? `${stderr}${String(error)}` : stderr });
      },
    );
    child.stdin?.end(options.input);
  });
}

/** The output of a program that has to succeed. */
export async function succeeds(program: string, argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await run(program, argv, options);
  if (code !== 0) throw new Error(`${program} ${argv.join(' ')}: exit code ${code}\n${stdout}${stderr}`);
  return stdout;
}

/** `test`, or a test that is counted as skipped where one of the programs is not installed. */
export function testWith(...programs: readonly string[]): jest.It {
  const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
  const missing = programs.filter(
    (program) => spawnSync('sh', ['-c', `command -v ${program}`], { env: { PATH: path } }).status !== 0,
  );
  return missing.length === 0 ? test : test.skip;
}
