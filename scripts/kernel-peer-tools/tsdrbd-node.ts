/** tsdrbd as the other node of a room: its programs, run directory and backing files. */
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { HOST_NAME, RESOURCE } from './drbd-config';
import { commandLine, ended } from './process-state';
import type { Room } from './room';
import { environment, type Ran } from './shell';

const PROGRAMS = {
  tsdrbdadm: 'packages/adm/dist/tsdrbdadm.cjs',
  tsdrbdsetup: 'packages/setup/dist/tsdrbdsetup.cjs',
  tsdrbdmeta: 'packages/meta/dist/tsdrbdmeta.cjs',
} as const;

const ROOT = join(__dirname, '../..');
const COMMAND_TIMEOUT_MS = 60_000;

export type TsdrbdProgram = keyof typeof PROGRAMS;

export class TsdrbdNode {
  constructor(
    private readonly room: Room,
    readonly configPath: string,
  ) {
    mkdirSync(this.directory, { recursive: true });
  }

  get directory(): string {
    return join(this.room.directory, HOST_NAME);
  }

  get runDirectory(): string {
    return join(this.directory, 'run');
  }

  get logPath(): string {
    return join(this.runDirectory, 'tsdrbdd.log');
  }

  diskPath(volume: number): string {
    return join(this.directory, `disk-${volume}`);
  }

  /** Makes the backing file, or changes its size. */
  setDiskSize(volume: number, sizeBytes: number): void {
    closeSync(openSync(this.diskPath(volume), 'a'));
    truncateSync(this.diskPath(volume), sizeBytes);
  }

  /** Where applications find a volume while this node is Primary. */
  nbdSocketPath(volume: number): string {
    return join(this.runDirectory, 'nbd', RESOURCE, `${volume}.sock`);
  }

  environment(): Readonly<Record<string, string>> {
    return { __DRBD_NODE__: HOST_NAME, TSDRBD_RUN_DIR: this.runDirectory };
  }

  /** Any command, in the room and as this node. */
  exec(words: readonly string[], timeoutMs = COMMAND_TIMEOUT_MS): Promise<Ran> {
    return this.room.run(words, { env: this.environment(), timeoutMs });
  }

  /** As exec, on the caller's terminal. Programs of tsdrbd are found by their names. Returns the exit code. */
  execVisibly(words: readonly string[]): Promise<number> {
    const bin = join(this.directory, 'bin');
    mkdirSync(bin, { recursive: true });
    for (const [name, program] of Object.entries(PROGRAMS)) {
      const config = name === 'tsdrbdadm' ? `-c '${this.configPath}' ` : '';
      const text = `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, program)}' ${config}"$@"\n`;
      writeFileSync(join(bin, name), text, { mode: 0o755 });
    }
    const [program = '', ...args] = this.room.words(words);
    const env = environment(this.environment());
    return new Promise((resolve, reject) => {
      const child = spawn(program, args, { env: { ...env, PATH: `${bin}:${env['PATH'] ?? ''}` }, stdio: 'inherit' });
      child.on('error', reject);
      child.on('close', (code) => resolve(code ?? KILLED));
    });
  }

  program(name: TsdrbdProgram, ...words: readonly string[]): Promise<Ran> {
    return this.exec([process.execPath, join(ROOT, PROGRAMS[name]), ...words]);
  }

  adm(...words: readonly string[]): Promise<Ran> {
    return this.program('tsdrbdadm', '-c', this.configPath, ...words);
  }

  /** The engine's process id while it runs. */
  enginePid(): number | null {
    if (!existsSync(this.logPath)) return null;
    const started = [...readFileSync(this.logPath, 'utf8').matchAll(/"pid":(\d+).*"started"/g)].pop();
    const pid = Number(started?.[1] ?? 0);
    return isEngine(pid) ? pid : null;
  }

  /** The engine stands still, until thaw(). */
  freeze(): void {
    this.signalEngine('SIGSTOP');
  }

  thaw(): void {
    this.signalEngine('SIGCONT');
  }

  private signalEngine(signal: NodeJS.Signals): void {
    const pid = this.enginePid();
    if (pid === null) throw new Error('the engine is not running');
    process.kill(pid, signal);
  }

  /** Returns when the engine is gone. SIGKILL is a crash of this node. */
  async endEngine(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const pid = this.enginePid();
    if (pid === null) return;
    process.kill(pid, signal);
    await ended(pid);
  }
}

const KILLED = 137;

function isEngine(pid: number): boolean {
  return commandLine(pid).includes('tsdrbdd');
}
