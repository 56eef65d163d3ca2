/**
 * File systems that only a node under test sees: small ones that fill up, read-only ones. They are mounted in a mount
 * namespace of their own, in which a user namespace makes this user root; no root is needed where the kernel allows that.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { run } from './programs';

/** `test`, or a counted skip where this user may not mount even in a namespace of their own. */
export function testWithPrivateMounts(): jest.It {
  const works =
    spawnSync('unshare', ['--mount', '--map-root-user', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0 &&
    spawnSync('nsenter', ['--version']).status === 0;
  return works ? test : test.skip;
}

/** The same for file systems on loop devices: no user namespace may mount those, so this takes root. */
export function testWithPrivateLoopMounts(): jest.It {
  const works =
    process.getuid?.() === 0 &&
    spawnSync('unshare', ['--mount', 'true']).status === 0 &&
    spawnSync('losetup', ['--find'], { env: { PATH: `${process.env['PATH']}:/usr/sbin:/sbin` } }).status === 0;
  return works ? testWithPrivateMounts() : test.skip;
}

export class PrivateMounts {
  private constructor(
    private readonly holder: ChildProcess,
    private readonly as: 'mapped-root' | 'root',
  ) {}

  /** The namespace lives as long as a process in it, which waits. */
  static async create(as: 'mapped-root' | 'root' = 'mapped-root'): Promise<PrivateMounts> {
    const user = as === 'mapped-root' ? ['--map-root-user'] : [];
    const holder = spawn('unshare', ['--mount', ...user, 'sh', '-c', 'echo ready; exec cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await new Promise((resolve, reject) => {
      holder.stdout?.once('data', resolve);
      holder.once('exit', (code) => reject(new Error(`unshare: exit code ${code}`)));
    });
    return new PrivateMounts(holder, as);
  }

  /** What is put in front of a program so that it runs inside. */
  get prefix(): readonly string[] {
    const user = this.as === 'mapped-root' ? ['--user', '--preserve-credentials'] : [];
    return ['nsenter', '--target', String(this.holder.pid), '--mount', ...user, '--'];
  }

  /** Runs a shell command inside. Throws if it fails. */
  async sh(command: string): Promise<string> {
    const [program = 'nsenter', ...argv] = [...this.prefix, 'sh', '-c', command];
    const { code, stdout, stderr } = await run(program, argv, {
      env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
    });
    if (code !== 0) throw new Error(`${command}: exit code ${code}\n${stdout}${stderr}`);
    return stdout;
  }

  /** A path inside, as this process may open it. */
  outside(path: string): string {
    return `/proc/${this.holder.pid}/root${path}`;
  }

  /** The mounts go with the last process inside. */
  end(): void {
    this.holder.kill('SIGKILL');
  }
}
