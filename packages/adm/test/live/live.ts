/** One command line, given to the installed drbdadm and to ours, which works in this process under the same name. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bytesOf, nodeReader, ownAddressState } from '@tsdrbd/config';
import { run } from '../../src/run';
import { programNames, type AdmSystem } from '../../src/system';

export interface Result {
  readonly rc: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandLine {
  /** Relative file names start at `CONFIGS`. */
  readonly argv: readonly string[];
  readonly node: string;
  readonly cwd?: string;
}

export const CONFIGS = join(__dirname, 'configs');

/** drbd-utils of Debian 12: what it does otherwise than 9.34 is in version-differences.ts. */
export const ORACLE_VERSION = '9.22.0';

/** Undefined: not installed, or another version. */
export function findOracle(): string | undefined {
  const { stdout } = spawnSync('drbdadm', ['--version'], { encoding: 'utf8', env: environment('alice') });
  return stdout?.includes(`DRBDADM_VERSION=${ORACLE_VERSION}`) ? 'drbdadm' : undefined;
}

function environment(node: string): Record<string, string> {
  return {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    LC_ALL: 'C',
    __DRBD_NODE__: node,
    DRBD_DRIVER_VERSION_OVERRIDE: '9.1.0',
    FAKE_DRBDSETUP_SHOW: '/dev/null',
  };
}

/** All lines in one shell: starting thousands of programs from here would take most of the time. */
export async function runTheirs(lines: readonly CommandLine[]): Promise<readonly Result[]> {
  const directory = await mkdtemp(join(tmpdir(), 'tsdrbdadm-live-'));
  try {
    const script = lines.map(({ argv, node, cwd = CONFIGS }, index) => {
      const words = argv.map((word) => `'${word}'`).join(' ');
      const run = `(cd '${cwd}' && __DRBD_NODE__='${node}' exec drbdadm ${words})`;
      return `${run} >${index}.out 2>${index}.err </dev/null; echo $? >${index}.rc`;
    });
    await runShell(script.join('\n'), directory);
    // Bytes, one a character, as ours.
    const read = (name: string) => readFile(join(directory, name), 'latin1');
    return await Promise.all(
      lines.map(async (_, index) => ({
        rc: Number(await read(`${index}.rc`)),
        stdout: await read(`${index}.out`),
        stderr: await read(`${index}.err`),
      })),
    );
  } finally {
    await rm(directory, { recursive: true });
  }
}

function runShell(script: string, cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('sh', ['-s'], { cwd, env: environment('alice'), stdio: ['pipe', 'ignore', 'ignore'] });
    child.on('error', reject);
    child.on('close', () => resolve());
    child.stdin.end(script);
  });
}

export async function runOurs({ argv, node, cwd = CONFIGS }: CommandLine): Promise<Result> {
  let [stdout, stderr] = ['', ''];
  const system: AdmSystem = {
    names: programNames('drbdadm'),
    hostName: node,
    reader: nodeReader({ cwd, texts: 'bytes' }),
    startProgram: () => Promise.reject(new Error('a dry run starts nothing')),
    openConsole: () => null,
    addressState: ownAddressState,
  };
  const stdin = (async function* () {
    yield '';
  })();
  const io = {
    env: environment(node),
    cwd,
    stdin,
    stdout: { write: (text: string) => void (stdout += text) },
    stderr: { write: (text: string) => void (stderr += text) },
    now: () => 0,
  };
  const rc = await run(argv.map(bytesOf), io, system);
  return { rc, stdout, stderr };
}

export function firstDifference(theirs: Result, ours: Result): object {
  if (theirs.rc !== ours.rc) return { rc: [theirs.rc, ours.rc], stderr: [theirs.stderr, ours.stderr] };
  const part = theirs.stdout === ours.stdout ? 'stderr' : 'stdout';
  const [left, right] = [theirs[part].split('\n'), ours[part].split('\n')];
  const at = left.findIndex((text, index) => text !== right[index]);
  const index = at < 0 ? left.length : at;
  return { part, at: index + 1, theirs: left[index], ours: right[index] };
}
