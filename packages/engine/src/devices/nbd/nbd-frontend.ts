/**
 * Block devices by the kernel's nbd driver, which nbd-client(8) connects to a socket of this engine. When the engine dies,
 * requests fail, and the next engine frees the device (connected-note.ts).
 *
 * Unlike a loop device, the driver lets itself be disconnected while the device is open: whether it is in use is known
 * from its users alone (device-users.ts).
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createNbdServer, type NbdServer } from '../../export';
import { deviceNumberOf } from '../device-numbers';
import type { DeviceVolume } from '../device-volume';
import type { AttachedDevice, DeviceFrontend } from '../frontend';
import { runTool, type RunTool } from '../run-tool';
import { deviceSystemCalls } from '../system-calls';
import { ConnectedNote } from './connected-note';
import { DeviceExport } from './device-export';
import { setNbdSize, type NetlinkExchange } from './netlink';

export interface NbdFrontendOptions {
  /** Where the sockets for the driver go. */
  readonly socketDirectory: string;
  /** Of sysfs; a test has one of its own. */
  readonly sysBlock?: string;
}

export interface NbdFrontendDependencies {
  readonly onUse: (volume: DeviceVolume) => void;
  readonly run?: RunTool;
  readonly exchange?: NetlinkExchange;
}

const ATTACH_TRIES = 8;

export class NbdFrontend implements DeviceFrontend {
  readonly kind = 'nbd';
  private readonly run: RunTool;
  private readonly exchange: NetlinkExchange;
  private readonly sysBlock: string;
  private readonly note: ConnectedNote;
  /** Between looking for a free device and connecting it nobody else of ours may look. */
  private connecting: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly options: NbdFrontendOptions,
    private readonly dependencies: NbdFrontendDependencies,
  ) {
    this.run = dependencies.run ?? runTool;
    this.exchange = dependencies.exchange ?? ((message) => deviceSystemCalls().netlinkExchange(message));
    this.sysBlock = options.sysBlock ?? '/sys/block';
    this.note = new ConnectedNote(join(options.socketDirectory, 'connected'), this.sysBlock);
  }

  /** A device that is still mounted becomes free when it is unmounted. */
  async start(): Promise<void> {
    for (const name of this.note.leftConnected()) await this.disconnect(name);
  }

  add(): void {
    // A socket is made for an attached device only.
  }

  remove(): void {
    // Likewise.
  }

  doorPath(): null {
    return null;
  }

  async attach(volume: DeviceVolume): Promise<AttachedDevice> {
    const served = new DeviceExport(volume, this.dependencies.onUse);
    const find = (name: string) => (name === '' || name === served.name ? served : undefined);
    const server = createNbdServer({ exports: { list: () => [served], find } }, { report: () => undefined });
    const path = join(this.options.socketDirectory, `${volume.minor}.sock`);
    await server.listen({ kind: 'unix', path });
    try {
      const connected = this.connecting.then(() => this.connect(path, served));
      this.connecting = connected.catch(() => undefined);
      return this.attached(await connected, served, server);
    } catch (error) {
      await server.close('forced');
      throw error;
    }
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  /** Gives the kernel's name of the device. Throws. */
  private async connect(socketPath: string, served: DeviceExport): Promise<string> {
    let problem = 'all nbd devices are in use (modprobe nbd nbds_max=N)';
    for (const name of this.free().slice(0, ATTACH_TRIES)) {
      const argv = ['-unix', socketPath, `/dev/${name}`, '-name', served.name, '-block-size', '512'];
      const outcome = await this.run('nbd-client', argv);
      if (outcome.exitCode === 0) {
        this.note.add(name);
        return name;
      }
      problem = `nbd-client: ${outcome.stderr || `exit code ${String(outcome.exitCode)}`}`;
    }
    throw new Error(problem);
  }

  private attached(kernelName: string, served: DeviceExport, server: NbdServer): AttachedDevice {
    return {
      kernelName,
      deviceNumber: deviceNumberOf(kernelName, this.sysBlock),
      detach: async (mode) => {
        if (mode === 'forced') served.revoke();
        await this.disconnect(kernelName);
        served.revoke();
        await server.close('forced');
        return 'detached';
      },
      isAttached: () => this.isConnected(kernelName),
      resize: () => {
        setNbdSize(this.exchange, Number(kernelName.slice('nbd'.length)), served.sizeBytes());
        return Promise.resolve();
      },
    };
  }

  private async disconnect(kernelName: string): Promise<void> {
    await this.run('nbd-client', ['-d', `/dev/${kernelName}`]);
    this.note.remove(kernelName);
  }

  private free(): string[] {
    const number = (name: string): number => Number(name.slice('nbd'.length));
    return readdirSync(this.sysBlock)
      .filter((name) => /^nbd\d+$/.test(name) && !this.isConnected(name))
      .sort((a, b) => number(a) - number(b));
  }

  /** A connected device has the process that connected it. */
  private isConnected(kernelName: string): boolean {
    return this.note.connectedBy(kernelName) !== null;
  }
}
