/** Runs a recorded command line in this process. */
import { spawn } from 'node:child_process';
import { bytesOf, canonicalAddress, type CliOutput } from '@tsdrbd/config';
import type { StartProgram } from '../../src/execute/start-program';
import { run } from '../../src/run';
import { programNames, type AdmSystem } from '../../src/system';
import { CONFIG_FOLDER, configReader, recordedAddresses, type RecordedRun } from './corpus';

export interface ReplayedRun {
  readonly rc: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

class Collected implements CliOutput {
  text = '';

  write(text: string): void {
    this.text += text;
  }
}

export function replaySystem(): AdmSystem {
  const addresses = new Set([...recordedAddresses()].map(canonicalAddress));
  return {
    names: programNames('drbdadm'),
    hostName: 'alice',
    reader: configReader(),
    startProgram: startPlainly,
    openConsole: () => null,
    addressState: ({ family, address }) =>
      family === 'sdp' || family === 'ssocks' || address.startsWith('127.') || addresses.has(canonicalAddress(address))
        ? 'up'
        : 'absent',
  };
}

/** jest cannot load execa: it has exports for `import` alone. */
const startPlainly: StartProgram = (executable, argv, io, streams) =>
  new Promise((resolve, reject) => {
    const env = Object.fromEntries(Object.entries(io.env).filter(([, value]) => value !== undefined));
    const child = spawn(executable, [...argv], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const [stdout, stderr] = [new Collected(), new Collected()];
    child.stdout.on('data', (chunk: Buffer) => (streams.stdout === 'shown' ? io.stdout : stdout).write(chunk.toString('latin1')));
    child.stderr.on('data', (chunk: Buffer) => (streams.stderr === 'shown' ? io.stderr : stderr).write(chunk.toString('latin1')));
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ exitCode: exitCode ?? -1, stdout: stdout.text, stderr: stderr.text }));
  });

export async function replay(recorded: RecordedRun, system: AdmSystem): Promise<ReplayedRun> {
  const stdout = new Collected();
  const stderr = new Collected();
  const env: Record<string, string> = { PATH: '/usr/bin:/bin', LC_ALL: 'C', DRBD_DRIVER_VERSION_OVERRIDE: '9.2.0' };
  if (recorded.node !== null) env['__DRBD_NODE__'] = recorded.node;
  if (recorded.show !== null) env['FAKE_DRBDSETUP_SHOW'] = recorded.show;
  const stdin = (async function* () {
    yield recorded.stdin ?? '';
  })();
  let rc: number | string;
  try {
    rc = await run(recorded.argv.map(bytesOf), { env, cwd: CONFIG_FOLDER, stdin, stdout, stderr, now: () => 0 }, system);
  } catch (error) {
    rc = `thrown: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
  return { rc, stdout: normalize(stdout.text), stderr: normalize(stderr.text) };
}

/** As the recorder does: folder, build tag, addresses in memory. */
export function normalize(text: string, folder = CONFIG_FOLDER): string {
  const seen = new Map<string, string>();
  return text
    .replaceAll(folder, '@CONF@')
    .replace(/^GIT-hash: .*$/gm, 'GIT-hash: @BUILDTAG@')
    .replace(/^DRBDADM_BUILDTAG=.*$/gm, 'DRBDADM_BUILDTAG=@BUILDTAG@')
    .replace(/\[0x[0-9a-f]{6,}\]/g, (pointer) => {
      if (!seen.has(pointer)) seen.set(pointer, `[@PTR${seen.size + 1}@]`);
      return seen.get(pointer) ?? pointer;
    });
}

export function isEqual(recorded: RecordedRun, replayed: ReplayedRun): boolean {
  return (
    recorded.rc === replayed.rc && recorded.stdout === replayed.stdout && recorded.stderr === replayed.stderr
  );
}
