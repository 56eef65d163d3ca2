/**
 * One node as a process of its own: a name, a run directory, a file as backing disk, and the engine that its commands
 * start. What is changed goes through the real programs; only waiting asks the control socket directly, since a
 * process per question would take most of the machine.
 */
import { closeSync, mkdirSync, openSync, readFileSync, readSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ControlClient } from '../../../packages/engine/src/control/client';
import type {
  ControlReply,
  ControlRequest,
  NodeState,
  PeerDeviceState,
  ResourceState,
} from '../../../packages/engine/src/control';
import type { PrivateMounts } from './private-mounts';
import { bundle, run, type Outcome, type Program } from './programs';

export interface NodeOptions {
  readonly name: string;
  /** Everything of this node lies here. */
  readonly directory: string;
  readonly configPath: string;
  readonly diskBytes: number;
  readonly env?: NodeJS.ProcessEnv;
  /** This node's programs see these mounts, and its disk lies among them. */
  readonly mounts?: PrivateMounts;
}

export class TestNode {
  readonly name: string;
  readonly runDir: string;
  readonly diskPath: string;
  /** The disk as a test opens it. */
  readonly diskPathOutside: string;
  readonly env: NodeJS.ProcessEnv;
  private readonly configPath: string;
  private readonly client: ControlClient;
  private readonly prefix: readonly string[];

  constructor(options: NodeOptions) {
    this.name = options.name;
    this.runDir = join(options.directory, 'run');
    this.diskPath = join(options.directory, 'storage/disk');
    this.diskPathOutside = options.mounts?.outside(this.diskPath) ?? this.diskPath;
    this.prefix = options.mounts?.prefix ?? [];
    this.configPath = options.configPath;
    this.env = {
      ...process.env,
      PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`,
      __DRBD_NODE__: options.name,
      TSDRBD_RUN_DIR: this.runDir,
      TSDRBD_INI: undefined,
      TSDRBD_HANDLER: undefined,
      TSDRBDD: bundle('tsdrbdd'),
      ...options.env,
    };
    this.client = new ControlClient(this.env);
    mkdirSync(dirname(this.diskPath), { recursive: true });
    writeFileSync(this.diskPathOutside, '');
    truncateSync(this.diskPathOutside, options.diskBytes);
  }

  // ---- commands ----

  /** Any of the four programs, in this node's environment. */
  program(program: Program, ...argv: string[]): Promise<Outcome> {
    const [first = process.execPath, ...rest] = [...this.prefix, process.execPath, bundle(program), ...argv];
    return run(first, rest, { env: this.env });
  }

  /** `tsdrbdadm` with this node's configuration. */
  adm(...argv: string[]): Promise<Outcome> {
    return this.program('tsdrbdadm', '-c', this.configPath, ...argv);
  }

  /** A command that has to succeed. Returns its standard output. */
  async does(...argv: string[]): Promise<string> {
    const outcome = await this.adm(...argv);
    if (outcome.code !== 0) {
      throw new Error(
        `${this.name}: tsdrbdadm ${argv.join(' ')}: exit code ${outcome.code}\n${outcome.stdout}${outcome.stderr}\n${this.logEnd()}`,
      );
    }
    return outcome.stdout;
  }

  // ---- the device ----

  /** Applications' way to volume 0 of r0. */
  get socketPath(): string {
    return join(this.runDir, 'nbd/r0/0.sock');
  }

  get uri(): string {
    return `nbd+unix:///?socket=${this.socketPath}`;
  }

  // ---- state ----

  state(): Promise<NodeState | null> {
    return this.client.state();
  }

  /** A request that no program would send. */
  request(request: ControlRequest): Promise<ControlReply> {
    return this.client.executeIfRunning(request);
  }

  /** Waits until r0 is as wanted, and returns it. Throws with state and log after `timeoutMs`. */
  async until(
    what: string,
    wanted: (resource: ResourceState, peer: PeerDeviceState | undefined) => boolean,
    timeoutMs = 30_000,
  ): Promise<ResourceState> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const state = await this.state().catch(() => null);
      const resource = state?.resources.find(({ name }) => name === 'r0');
      if (resource !== undefined && wanted(resource, resource.connections[0]?.peerDevices[0])) return resource;
      if (performance.now() > deadline) {
        const now = JSON.stringify(resource, null, 1);
        throw new Error(`${this.name} does not become ${what} within ${timeoutMs} ms: ${now}\n${this.logEnd()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  /** Both disks hold the same, as this node sees it. */
  untilInSync(timeoutMs?: number): Promise<ResourceState> {
    return this.until(
      'UpToDate/UpToDate',
      ({ devices }, peer) =>
        devices[0]?.diskState === 'UpToDate' &&
        peer?.peerDiskState === 'UpToDate' &&
        peer.replicationState === 'Established',
      timeoutMs,
    );
  }

  untilConnecting(timeoutMs?: number): Promise<ResourceState> {
    return this.until('Connecting', ({ connections }) => connections[0]?.connectionState === 'Connecting', timeoutMs);
  }

  // ---- the engine as a process ----

  get logPath(): string {
    return join(this.runDir, 'tsdrbdd.log');
  }

  log(): string {
    try {
      return readFileSync(this.logPath, 'utf8');
    } catch {
      return ''; // No engine was started yet.
    }
  }

  logEnd(): string {
    return `--- the end of ${this.name}'s log\n${this.log().split('\n').slice(-20).join('\n')}`;
  }

  /** Process id of the running engine; null if there is none. */
  enginePid(): number | null {
    const started = [...this.log().matchAll(/"pid":(\d+).*"started"/g)].at(-1)?.[1];
    if (started === undefined) return null;
    const pid = Number(started);
    return isOurEngine(pid, this.runDir) ? pid : null;
  }

  /** Ends the engine by its id, and returns when the process is gone. */
  async endEngine(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const pid = this.enginePid();
    if (pid === null) return;
    process.kill(pid, signal);
    const deadline = performance.now() + 20_000;
    while (isOurEngine(pid, this.runDir)) {
      if (performance.now() > deadline)
        throw new Error(`engine ${pid} of ${this.name} ignores ${signal}\n${this.logEnd()}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Resident memory of the engine, now and at most, in bytes. */
  engineMemory(): { readonly now: number; readonly peak: number } {
    const status = readFileSync(`/proc/${this.enginePid()}/status`, 'utf8');
    const kib = (field: string): number => Number(new RegExp(`^${field}:\\s*(\\d+) kB`, 'm').exec(status)?.[1]);
    return { now: kib('VmRSS') * 1024, peak: kib('VmHWM') * 1024 };
  }

  /** CPU time that the engine has used, in milliseconds. */
  engineCpuMs(): number {
    const stat = readFileSync(`/proc/${this.enginePid()}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticksPerSecond = 100; // USER_HZ is 100 on every Linux that Node runs on.
    return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond;
  }
}

/** The process is an engine of this run directory: a process number may have been given to somebody else since. */
function isOurEngine(pid: number, runDir: string): boolean {
  try {
    // Empty for a process that has ended and was not waited for yet.
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`TSDRBD_RUN_DIR=${runDir}`);
  } catch {
    return false;
  }
}

/** First byte in which the first `lengthBytes` of two files differ; null if they are equal. */
export function firstDifference(pathA: string, pathB: string, lengthBytes: number): number | null {
  const a = openSync(pathA, 'r');
  const b = openSync(pathB, 'r');
  const pieceBytes = 1024 * 1024;
  const pieceA = Buffer.alloc(pieceBytes);
  const pieceB = Buffer.alloc(pieceBytes);
  try {
    for (let at = 0; at < lengthBytes; at += pieceBytes) {
      const wanted = Math.min(pieceBytes, lengthBytes - at);
      if (readSync(a, pieceA, 0, wanted, at) !== wanted || readSync(b, pieceB, 0, wanted, at) !== wanted) return at;
      if (pieceA.compare(pieceB, 0, wanted, 0, wanted) === 0) continue;
      for (let offset = 0; offset < wanted; offset++) if (pieceA[offset] !== pieceB[offset]) return at + offset;
    }
    return null;
  } finally {
    closeSync(a);
    closeSync(b);
  }
}
