/** A virtual machine with the kernel's DRBD: boots in a room, carries out commands, loses its power. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { CommandChannel } from './command-channel';
import { GUEST_NAME } from './drbd-config';
import { guestImage } from './guest-image';
import { commandLine, ended } from './process-state';
import type { Room } from './room';
import { environment, type Ran } from './shell';

export interface GuestOptions {
  readonly name?: string;
  readonly memoryMib?: number;
  /** Its file system: busybox's alone, or the host's as it is now; what the guest writes there is in its memory only. */
  readonly root?: 'busybox' | 'host';
  /** With the host's file system: what carries out commands, the first process or a service of systemd. */
  readonly init?: 'commands' | 'systemd';
  /** Whether the machine goes when this process does. */
  readonly ends?: 'with-this-process' | 'when-told';
}

/** Two processors of the host work for it: there is more to do than in busybox's. */
const HOST_ROOT: readonly string[] = [
  ...['-smp', '2'],
  ...['-fsdev', 'local,id=host,path=/,security_model=none,multidevs=remap,readonly=on'],
  ...['-device', 'virtio-9p-pci,fsdev=host,mount_tag=host'],
];

const BOOT_TIMEOUT_MS = 180_000;
const ANSWER_TIMEOUT_MS = 2_000;
/** The first program is read through the host: on a busy machine, more questions would only delay the answer. */
const HOST_ROOT_ANSWER_TIMEOUT_MS = 15_000;
const COMMAND_TIMEOUT_MS = 60_000;

export class Guest {
  private channel: CommandChannel | null = null;

  constructor(
    private readonly room: Room,
    private readonly options: GuestOptions = {},
  ) {}

  get name(): string {
    return this.options.name ?? GUEST_NAME;
  }

  get consolePath(): string {
    return join(this.room.directory, 'console');
  }

  get consoleLogPath(): string {
    return join(this.room.directory, 'console.log');
  }

  /** The file behind a disk of the guest: to be read when the guest is not writing. */
  diskPath(index: number): string {
    return join(this.room.directory, `disk-${index}`);
  }

  /** Makes a disk, or changes its size; the guest has it from the next boot on. Disk 0 is /dev/vda, 1 is /dev/vdb. */
  setDiskSize(index: number, sizeBytes: number): void {
    closeSync(openSync(this.diskPath(index), 'a'));
    truncateSync(this.diskPath(index), sizeBytes);
  }

  /** Grows a disk of the running guest, which learns it at once. */
  async growDisk(index: number, sizeBytes: number): Promise<void> {
    const monitor = connect(this.monitorPath());
    monitor.write(`block_resize virtio${index} ${sizeBytes}B\n`);
    monitor.resume();
    const device = `/sys/block/vd${'abcdefgh'[index] ?? ''}/size`;
    const sectors = String(sizeBytes / 512);
    await this.mustRun(`until [ "$(cat ${device})" = ${sectors} ]; do sleep 0.1; done`);
    monitor.destroy();
  }

  /** Returns when the guest carries out commands. */
  async boot(): Promise<void> {
    const image = await guestImage();
    // What an earlier machine left would not answer.
    for (const path of [this.commandPath(), this.pidPath()]) rmSync(path, { force: true });
    const words = this.room.words([
      'qemu-system-x86_64',
      ...['-accel', 'tcg', '-cpu', 'qemu64,+rdrand', '-m', String(this.options.memoryMib ?? 512)],
      ...['-nodefaults', '-display', 'none', '-no-reboot', '-no-user-config', '-rtc', 'base=utc'],
      ...['-kernel', image.kernelPath, '-initrd', image.initramfsPath],
      ...['-append', this.kernelCommandLine()],
      ...['-chardev', `socket,id=console,path=${this.consolePath},server=on,wait=off,logfile=${this.consoleLogPath}`],
      ...['-serial', 'chardev:console'],
      ...['-device', 'virtio-serial-pci', '-device', 'virtserialport,chardev=command,nr=1'],
      ...['-chardev', `socket,id=command,path=${this.commandPath()},server=on,wait=off`],
      ...['-netdev', `tap,id=net0,ifname=${this.room.tap},script=no,downscript=no`],
      ...['-device', 'virtio-net-pci,netdev=net0,romfile='],
      ...(this.options.root === 'host' ? HOST_ROOT : []),
      ...['-pidfile', this.pidPath(), '-monitor', `unix:${this.monitorPath()},server=on,wait=off`],
      ...this.diskPaths().flatMap((path) => ['-drive', `file=${path},format=raw,if=virtio,cache=unsafe,discard=unmap`]),
    ]);
    const owned = this.options.ends !== 'when-told';
    const [program = '', ...args] = owned ? ['setpriv', '--pdeathsig', 'KILL', ...words] : words;
    const output = openSync(join(this.room.directory, 'qemu.log'), 'a');
    const machine = spawn(program, args, { detached: true, env: environment(), stdio: ['ignore', output, output] });
    closeSync(output);
    machine.unref();
    await this.attach(() => machine.exitCode === null && machine.signalCode === null);
  }

  /** Takes the command channel of a machine that runs already. */
  async attach(stillRunning: () => boolean = () => false): Promise<void> {
    try {
      this.channel = await CommandChannel.open(this.commandPath(), stillRunning);
      await answering(this.channel, this.options.root === 'host' ? HOST_ROOT_ANSWER_TIMEOUT_MS : ANSWER_TIMEOUT_MS);
    } catch (error) {
      throw new Error(`the guest does not answer: ${this.lastWords()}`, { cause: error });
    }
  }

  async run(command: string, timeoutMs = COMMAND_TIMEOUT_MS): Promise<Ran> {
    if (this.channel === null) throw new Error('the guest is not running');
    return this.channel.run(command, timeoutMs);
  }

  /** Standard output of a command; throws when it fails. */
  async mustRun(command: string, timeoutMs = COMMAND_TIMEOUT_MS): Promise<string> {
    const ran = await this.run(command, timeoutMs);
    if (ran.exitCode !== 0) {
      throw new Error(`guest: ${command}: exit code ${ran.exitCode}: ${(ran.stderr + ran.stdout).trim()}`);
    }
    return ran.stdout;
  }

  async putFile(path: string, contents: string): Promise<void> {
    await this.mustRun(`base64 -d >${path} <<'END'\n${Buffer.from(contents).toString('base64')}\nEND`);
  }

  /** The machine is gone from one instruction to the next; what its disks have been given stays. */
  async powerCut(): Promise<void> {
    this.leave();
    const pid = this.machinePid();
    if (pid === null) return;
    process.kill(pid, 'SIGKILL');
    await ended(pid);
  }

  /** The machine stands still, until thaw(). */
  freeze(): void {
    this.signal('SIGSTOP');
  }

  thaw(): void {
    this.signal('SIGCONT');
  }

  private signal(signal: NodeJS.Signals): void {
    const pid = this.machinePid();
    if (pid === null) throw new Error('the guest is not running');
    process.kill(pid, signal);
  }

  /** Lets go of the command channel; the machine runs on. */
  leave(): void {
    this.channel?.close();
    this.channel = null;
  }

  /** What the guest's console and qemu said last. */
  lastWords(): string {
    return ['qemu.log', 'console.log']
      .map((name) => join(this.room.directory, name))
      .filter((path) => existsSync(path))
      .map((path) => readFileSync(path, 'utf8').slice(-LAST_WORDS_LENGTH))
      .join('\n');
  }

  /** qemu's process id while it runs. */
  machinePid(): number | null {
    if (!existsSync(this.pidPath())) return null;
    const pid = Number(readFileSync(this.pidPath(), 'utf8'));
    return pid > 0 && commandLine(pid).includes('qemu') ? pid : null;
  }

  private monitorPath(): string {
    return join(this.room.directory, 'monitor');
  }

  private pidPath(): string {
    return join(this.room.directory, 'qemu.pid');
  }

  private diskPaths(): readonly string[] {
    const paths: string[] = [];
    while (existsSync(this.diskPath(paths.length))) paths.push(this.diskPath(paths.length));
    return paths;
  }

  private commandPath(): string {
    return join(this.room.directory, 'command');
  }

  private kernelCommandLine(): string {
    return [
      'console=ttyS0 quiet panic=-1 mitigations=off tsc=reliable no_timer_check',
      // A guest that stands still, on a busy machine or because a test stopped it, is no fault of its kernel.
      'nowatchdog rcupdate.rcu_cpu_stall_suppress=1',
      `kp.hostname=${this.name}`,
      `kp.address=${this.room.guestAddress()}`,
      ...(this.options.root === 'host' ? ['kp.root=host'] : []),
      ...(this.options.init === 'systemd' ? ['kp.init=systemd'] : []),
    ].join(' ');
  }
}

/** What is sent while the guest opens its end of the channel may be lost: asks again. */
async function answering(channel: CommandChannel, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + BOOT_TIMEOUT_MS;
  for (;;) {
    try {
      await channel.run('true', timeoutMs);
      return;
    } catch (error) {
      if (performance.now() > deadline || channel.isClosed) throw error;
    }
  }
}

const LAST_WORDS_LENGTH = 2000;
