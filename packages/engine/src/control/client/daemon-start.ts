/**
 * Starts the daemon for whoever needs one, as drbdadm loads the kernel module. Several may do so at once: the run
 * directory's lock lets one daemon live, the others leave with exit code 0, and every caller waits for the socket.
 */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readdirSync, realpathSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { controlSocketPath, daemonLogPath, DEFAULT_RUN_DIR } from '../socket-path';
import { ControlError } from './control-error';

/** The engine's work is one thread's and its disks' own: V8's four helpers would cost 14 MB of an idle daemon. */
const NODE_FLAGS = ['--v8-pool-size=1'];
const START_TIMEOUT_MS = 10_000;
const POLL_MS = 20;

type Env = Readonly<Record<string, string | undefined>>;

/** Resolves when the daemon of `runDir` answers. Throws ControlError 'daemon-start'. */
export async function startDaemon(runDir: string, env: Env): Promise<void> {
  if (runDir === DEFAULT_RUN_DIR && isAsForUnits(env) && startedBySystemd()) return;
  try {
    mkdirSync(runDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new ControlError('daemon-start', `cannot create the run directory ${runDir}: ${messageOf(error)}`);
  }
  const program = daemonProgram(env);
  const logPath = daemonLogPath(runDir);
  const logStart = logSize(logPath);
  const child = spawnDaemon(program, runDir, env);
  let failure: string | null = null;
  child.on('error', (error) => (failure = `cannot run ${program}: ${error.message}`));
  child.on('exit', (code, signal) => {
    if (code !== 0)
      failure = `${program} ended at once (${signal ?? `exit code ${code}`})${lastLogLine(logPath, logStart)}`;
  });

  const deadline = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    if (await answers(controlSocketPath(runDir))) return;
    if (failure !== null) throw new ControlError('daemon-start', failure);
    if (performance.now() > deadline) {
      const seconds = START_TIMEOUT_MS / 1000;
      throw new ControlError(
        'daemon-start',
        `${program} did not open ${controlSocketPath(runDir)} within ${seconds} s`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Nothing tells this node apart from the host's, for which the unit is. */
const isAsForUnits = (env: Env): boolean =>
  process.getuid?.() === 0 && !Object.keys(env).some((name) => /^(TSDRBD|__DRBD_NODE__)/.test(name));

/**
 * Where the unit is installed. A daemon that is a child of a login, or of a cluster manager's agent, would end with them when the
 * host is shut down, before the file systems on its devices are unmounted (packaging/systemd/tsdrbdd.service). The unit counts
 * as started once the daemon answers.
 */
function startedBySystemd(): boolean {
  if (!existsSync('/run/systemd/system')) return false;
  const { status } = spawnSync('systemctl', ['start', 'tsdrbdd.service'], { stdio: 'ignore' });
  return status === 0;
}

/**
 * `TSDRBDD`; else the bundle that lies beside this program's, in an installation in the same directory, in a checkout
 * in its own package; else `tsdrbdd` on PATH.
 */
function daemonProgram(env: Env, ownProgram: string | undefined = process.argv[1]): string {
  const wanted = env['TSDRBDD'];
  if (wanted) return wanted;
  if (ownProgram !== undefined && existsSync(ownProgram)) {
    const directory = dirname(realpathSync(ownProgram));
    const beside = ['tsdrbdd.cjs', '../../engine/dist/tsdrbdd.cjs'].map((path) => join(directory, path));
    const found = beside.find((path) => existsSync(path));
    if (found !== undefined) return found;
  }
  return 'tsdrbdd';
}

function spawnDaemon(program: string, runDir: string, env: Env): ChildProcess {
  const log = openSync(daemonLogPath(runDir), 'a', 0o600);
  const nothing = openSync('/dev/null', 'r+');
  try {
    const isScript = /\.[cm]?js$/.test(program);
    const child = spawn(isScript ? process.execPath : program, isScript ? [...NODE_FLAGS, program] : [], {
      cwd: '/',
      detached: true,
      stdio: ['ignore', log, log, ...coverInherited(nothing)],
      env: { ...env, TSDRBD_RUN_DIR: runDir },
    });
    child.unref();
    return child;
  } finally {
    closeSync(log);
    closeSync(nothing);
  }
}

/**
 * Entries from descriptor 3 up that put `nothing` over every one that a child would inherit. The daemon must hold none
 * of them: a shell's pipe that it kept open would make `$(tsdrbdadm up r0)`, or any reader behind a process
 * substitution, wait for the daemon's end. Node's own ones close on exec and are left alone.
 */
function coverInherited(nothing: number): (number | 'ignore')[] {
  const inherited = readdirSync('/proc/self/fd')
    .map(Number)
    .filter((fd) => fd > 2 && isInherited(fd));
  const entries = new Array<number | 'ignore'>(Math.max(2, ...inherited) - 2).fill('ignore');
  for (const fd of inherited) entries[fd - 3] = nothing;
  return entries;
}

const O_CLOEXEC = 0o2000000;

function isInherited(fd: number): boolean {
  try {
    const flags = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
    return flags !== undefined && (parseInt(flags, 8) & O_CLOEXEC) === 0;
  } catch {
    // The descriptor that listed the directory is gone again.
    return false;
  }
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

function logSize(path: string): number {
  return existsSync(path) ? readFileSync(path).length : 0;
}

function lastLogLine(path: string, from: number): string {
  if (!existsSync(path)) return '';
  const line = readFileSync(path).subarray(from).toString().trim().split('\n').pop();
  return line ? `: ${line}` : '';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
