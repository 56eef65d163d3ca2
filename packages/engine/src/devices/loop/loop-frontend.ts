/**
 * Block devices where the kernel has no NBD driver: a FUSE mount in which each volume is a file, served by this process, and
 * a loop device on the file while this node is Primary.
 *
 * The engine dies: /dev/fuse closes with it, so that everything waiting on the mount gets an error at once. Mount and
 * loop devices are then removed by the next engine's start.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DeviceVolume } from '../device-volume';
import type { AttachedDevice, DeviceFrontend } from '../frontend';
import { openFuseChannel, type FuseChannel } from '../fuse/fuse-channel';
import { REQUEST_MAX_BYTES, VolumeFiles, deviceFileName, type VolumeFilesOptions } from '../fuse/volume-files';
import { readMounts } from '../mounts';
import { runTool, type RunTool } from '../run-tool';
import { LoopTokens } from './loop-tokens';
import { attachLoop, detachLoop, loopBackingFile, resizeLoop } from './losetup';

export interface LoopFrontendOptions {
  /** Where the FUSE file system goes; made if need be. */
  readonly mountPoint: string;
  /** Where is noted how our loop devices are known again. */
  readonly tokensFile: string;
  /** Group of the files. */
  readonly gid: number;
}

export interface LoopFrontendDependencies {
  readonly onUse: (volume: DeviceVolume) => void;
  readonly onNodeOpen: VolumeFilesOptions['onNodeOpen'];
  /** The mount was taken away from us: no device works any more. */
  readonly onLost: (reason: string) => void;
  readonly run?: RunTool;
}

/** So does `mount` show it, with the type `fuse.tsdrbd`. */
const SOURCE = 'tsdrbd';

export class LoopFrontend implements DeviceFrontend {
  readonly kind = 'fuse';
  private readonly run: RunTool;
  private readonly tokens: LoopTokens;
  private channel: FuseChannel | null = null;
  private files: VolumeFiles | null = null;
  private stopping = false;

  constructor(
    private readonly options: LoopFrontendOptions,
    private readonly dependencies: LoopFrontendDependencies,
  ) {
    this.run = dependencies.run ?? runTool;
    this.tokens = new LoopTokens(options.tokensFile);
  }

  async start(): Promise<void> {
    const { mountPoint, gid } = this.options;
    const { onUse, onNodeOpen } = this.dependencies;
    await this.cleanUp();
    this.tokens.note();
    mkdirSync(mountPoint, { recursive: true, mode: 0o755 });
    const channel = openFuseChannel(REQUEST_MAX_BYTES);
    const files = new VolumeFiles(channel, { gid, onLoopUse: onUse, onNodeOpen });
    this.channel = channel;
    this.files = files;
    channel.start(files.received, () => {
      files.closeAll();
      if (!this.stopping) this.dependencies.onLost(`${mountPoint} was unmounted`);
    });
    const mountOptions = `fd=3,rootmode=40000,user_id=0,group_id=0,default_permissions,allow_other,nosuid,noexec`;
    // -i: no helper program; the kernel's own mount(2).
    const argv = ['-i', '-t', 'fuse.tsdrbd', '-o', mountOptions, SOURCE, mountPoint];
    const outcome = await this.run('mount', argv, channel.fd);
    if (outcome.exitCode === 0) return;
    await this.stop();
    throw new Error(outcome.stderr || `mount: exit code ${String(outcome.exitCode)}`);
  }

  add(volume: DeviceVolume): void {
    this.files?.add(volume);
  }

  remove(volume: DeviceVolume): void {
    this.files?.remove(volume);
  }

  doorPath(volume: DeviceVolume): string {
    return join(this.options.mountPoint, deviceFileName(volume));
  }

  async attach(volume: DeviceVolume): Promise<AttachedDevice> {
    if (this.files === null) throw new Error('no FUSE mount');
    const file = this.files.addLoopFile(volume, this.tokens.own);
    const backingFile = join(this.options.mountPoint, file.name);
    try {
      const device = await attachLoop(this.run, backingFile);
      return {
        kernelName: device.name,
        deviceNumber: device.deviceNumber,
        detach: async (mode) => {
          if (mode === 'forced') file.revoke();
          const result = await detachLoop(this.run, device, backingFile);
          if (result === 'detached') file.revoke();
          return result;
        },
        isAttached: () => loopBackingFile(device.name) === backingFile,
        resize: () => resizeLoop(this.run, device, backingFile),
      };
    } catch (error) {
      file.revoke();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.channel?.close();
    this.channel = null;
    this.files = null;
    await this.cleanUp();
  }

  /** Loop devices on our files, then the mount itself: this engine's, or one that an engine left which was killed. */
  private async cleanUp(): Promise<void> {
    const { mountPoint } = this.options;
    for (const name of this.tokens.attached()) await this.run('losetup', ['--detach', `/dev/${name}`]);
    this.tokens.forgetDetached();
    // Lazily: a loop device that is in use holds it. More than one, where engines were killed in the middle of this.
    for (const mount of readMounts())
      if (mount.mountPoint === mountPoint) await this.run('umount', ['--lazy', '--no-canonicalize', mountPoint]);
  }
}
