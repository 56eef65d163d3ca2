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

export class PrivateMounts {
  private constructor(private readonly holder: ChildProcess) {}

  /** The namespace lives as long as a process in it, which waits. */
  static async create(): Promise<PrivateMounts> {
    const holder = spawn('unshare', ['--mount', '--map-root-user', 'sh', '-c', 'echo ready; exec cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await new Promise((resolve, reject) => {
      holder.stdout?.once('data', resolve);
      holder.once('exit', (code) => reject(new Error(`unshare: exit code ${code}`)));
    });
    return new PrivateMounts(holder);
  }

  /** What is put in front of a program so that it runs inside. */
  get prefix(): readonly string[] {
    return ['nsenter', '--target', String(this.holder.pid), '--user', '--mount', '--preserve-credentials', '--'];
  }

  /** Runs a shell command inside. Throws if it fails. */
  async sh(command: string): Promise<string> {
    const [program = 'nsenter', ...argv] = [...this.prefix, 'sh', '-c', command];
    const { code, stdout, stderr } = await run(program, argv);
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
