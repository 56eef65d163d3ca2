/**
 * One volume's block device: attached to the kernel while this node is Primary, else a node that cannot be opened.
 *
 * Invariants:
 * - One step at a time: attaching, detaching and resizing never overlap.
 * - The volume counts as open while `handle` is there: from the first request that comes through the device until nobody uses it any more.
 */
import type { Errno, OpenHandle } from '../export';
import { findUser, isClaimed, type UsedDevice } from './device-users';
import { NO_DEVICE, byDiskLink, byResourceLink, type DeviceNodes } from './device-nodes';
import type { DeviceVolume } from './device-volume';
import type { AttachedDevice, DeviceFrontend } from './frontend';
import type { OpenIntent } from './fuse/open-intent';
import type { DeviceNumber } from './device-numbers';

export interface VolumeDeviceDependencies {
  readonly frontend: DeviceFrontend;
  readonly nodes: Pick<DeviceNodes, 'path' | 'put' | 'putDoor' | 'link' | 'removeNode' | 'removeLink'>;
  readonly log: (level: 'info' | 'warn', subject: string, text: string) => void;
  readonly findUser?: (device: UsedDevice) => Promise<string | null>;
  readonly isClaimed?: (device: Pick<UsedDevice, 'kernelName'>) => Promise<boolean>;
}

/** Looks that find no user and no request, before the volume counts as closed. */
const IDLE_LOOKS = 2;
/** After a failure. A change of the volume comes first. */
const RETRY_MS = 10_000;

export class VolumeDevice {
  private attached: AttachedDevice | null = null;
  private attachedBytes = 0;
  private shownNode: string | null = null;
  private readonly links = new Set<string>();
  private handle: OpenHandle | null = null;
  private opening = false;
  private requestSeen = false;
  private requestSeenSinceAsked = false;
  private idleLooks = 0;
  /** A demotion is under way: the device goes if nobody uses it, or is torn away. */
  private demotion: 'none' | 'if unused' | 'forced' = 'none';
  private withdrawn = false;
  /** The kernel was asked to detach while the device was in use: it does with the last close. */
  private leaving = false;
  private running: Promise<void> | null = null;
  private again = false;
  private failedWith: string | null = null;
  private retry: NodeJS.Timeout | null = null;
  private readonly subject: string;

  constructor(
    readonly volume: DeviceVolume,
    private readonly dependencies: VolumeDeviceDependencies,
  ) {
    this.subject = `${volume.name} (minor ${volume.minor})`;
  }

  /** `/dev/loop3`; null while it is not attached. */
  get kernelPath(): string | null {
    return this.attached === null ? null : `/dev/${this.attached.kernelName}`;
  }

  /** Whether somebody has to look after it from time to time. */
  get needsLook(): boolean {
    return this.handle !== null || this.leaving;
  }

  /** Who uses it, for people; null: nobody that can be seen, and no request came since this was asked last. */
  async lastUser(): Promise<string | null> {
    if (this.attached === null) return null;
    const { requestSeenSinceAsked } = this;
    this.requestSeenSinceAsked = false;
    return (await this.userOrClaim(this.attached)) ?? (requestSeenSinceAsked ? 'requests' : null);
  }

  /** A request came through the device. */
  used(): void {
    this.requestSeen = true;
    this.requestSeenSinceAsked = true;
    if (this.handle === null && !this.opening) this.countAsOpen();
  }

  /**
   * An open that came to the door on a Secondary. For writing it promotes, where auto-promote applies; from then on
   * the volume counts as open, and whoever asked is looked for among the users. A mere look sees what is there.
   */
  openAtDoor(intent: OpenIntent): Promise<DeviceNumber | Errno> {
    if (intent === 'none') return Promise.resolve(this.attached?.deviceNumber ?? NO_DEVICE);
    const mode = intent === 'write' ? 'read-write' : 'read-only';
    return new Promise((resolve) =>
      this.volume.open(mode, { description: `device drbd${this.volume.minor}` }, (result) => {
        if (result.kind === 'refused') return resolve(result.errno);
        void this.changed().then(() => {
          const { attached } = this;
          if (attached === null || this.handle !== null) this.volume.close(result.handle);
          else this.handle = result.handle;
          this.idleLooks = 0;
          resolve(attached?.deviceNumber ?? 'EIO');
        });
      }),
    );
  }

  /** Role, size or backing disk may be others now. */
  changed(): Promise<void> {
    if (this.running !== null) {
      this.again = true;
      return this.running;
    }
    this.running = this.steps();
    return this.running;
  }

  /** Before this node becomes Secondary. Afterwards the volume is open if it is in use. */
  async beforeDemotion(mode: 'if unused' | 'forced'): Promise<void> {
    this.demotion = mode;
    await this.changed();
  }

  async afterDemotion(): Promise<void> {
    this.demotion = 'none';
    await this.changed();
  }

  async withdraw(): Promise<void> {
    this.withdrawn = true;
    await this.changed();
  }

  /** Now and then while `needsLook`. */
  async look(): Promise<void> {
    const { attached } = this;
    if (this.leaving) return this.changed();
    if (attached === null || this.handle === null) return;
    const requestSeen = this.requestSeen;
    this.requestSeen = false;
    const user = await this.user(attached);
    if (requestSeen || user !== null) this.idleLooks = 0;
    else this.idleLooks += 1;
    if (this.idleLooks >= IDLE_LOOKS && this.attached === attached && this.running === null) this.countAsClosed();
  }

  // ---- open or not ----

  private countAsOpen(): void {
    this.opening = true;
    this.volume.open('read-write', { description: `device ${this.attached?.kernelName ?? ''}` }, (result) => {
      this.opening = false;
      if (result.kind === 'refused') return;
      this.idleLooks = 0;
      if (this.attached === null) this.volume.close(result.handle);
      else this.handle = result.handle;
    });
  }

  private countAsClosed(): void {
    const { handle } = this;
    this.handle = null;
    this.idleLooks = 0;
    if (handle !== null) this.volume.close(handle);
  }

  private user(attached: AttachedDevice): Promise<string | null> {
    const { kernelName, deviceNumber } = attached;
    const find = this.dependencies.findUser ?? findUser;
    const door = this.dependencies.frontend.doorPath(this.volume);
    const paths = [this.dependencies.nodes.path(this.volume.minor), ...(door === null ? [] : [door])];
    return find({ kernelName, deviceNumber, paths });
  }

  /** For when the device is to go: also what is about to let go of it. */
  private async userOrClaim(attached: AttachedDevice): Promise<string | null> {
    const user = await this.user(attached);
    if (user !== null) return user;
    const claimed = this.dependencies.isClaimed ?? isClaimed;
    return (await claimed(attached)) ? 'a file system that is being unmounted' : null;
  }

  // ---- steps ----

  private async steps(): Promise<void> {
    do {
      this.again = false;
      try {
        await this.step();
        this.failedWith = null;
      } catch (error) {
        this.failed(error instanceof Error ? error.message : String(error));
      }
    } while (this.again);
    // In the same breath as the look at `again`: what changes from now on begins anew.
    this.running = null;
  }

  private failed(message: string): void {
    if (message !== this.failedWith) this.dependencies.log('warn', this.subject, `device: ${message}`);
    this.failedWith = message;
    if (this.withdrawn || this.retry !== null) return;
    this.retry = setTimeout(() => {
      this.retry = null;
      void this.changed();
    }, RETRY_MS);
    this.retry.unref();
  }

  private async step(): Promise<void> {
    const { volume } = this;
    const { frontend } = this.dependencies;
    if (this.attached !== null && this.leaving && !this.attached.isAttached()) this.forget();
    const wanted = volume.isPrimary && volume.sizeBytes() > 0 && this.demotion === 'none' && !this.withdrawn;
    if (!wanted && this.attached !== null) await this.detach(this.attached);
    if (this.withdrawn) return this.removeNames();
    // Also where attaching fails.
    this.showNames();
    if (wanted && this.attached === null) {
      const sizeBytes = volume.sizeBytes();
      this.attached = await frontend.attach(volume);
      this.attachedBytes = sizeBytes;
      this.requestSeen = false;
      this.again = true;
      this.showNames();
    }
    if (this.attached !== null && this.attachedBytes !== volume.sizeBytes()) {
      const sizeBytes = volume.sizeBytes();
      await this.attached.resize();
      this.attachedBytes = sizeBytes;
      this.again = true;
    }
  }

  private async detach(attached: AttachedDevice): Promise<void> {
    // A node that is Secondary already, or goes away, asks nobody.
    const asks = this.demotion === 'if unused' && this.volume.isPrimary && !this.withdrawn;
    if (asks) {
      const user = await this.userOrClaim(attached);
      if (user !== null) return this.keep(user);
      if ((await attached.detach('if unused')) === 'in use') {
        this.leaving = true;
        return this.keep('a process that cannot be seen from here');
      }
    } else if ((await attached.detach('forced')) === 'in use') {
      const text = `${attached.kernelName} is in use; whoever has it open gets I/O errors from now on`;
      this.dependencies.log('warn', this.subject, text);
    }
    this.forget();
  }

  private keep(user: string): void {
    this.dependencies.log(
      'info',
      this.subject,
      `${this.dependencies.nodes.path(this.volume.minor)} is held open: ${user}`,
    );
    if (this.handle === null && !this.opening) this.countAsOpen();
  }

  /** The kernel does not have it any more. */
  private forget(): void {
    this.attached = null;
    this.leaving = false;
    if (!this.withdrawn) this.showNames();
    this.countAsClosed();
  }

  private showNames(): void {
    const { volume } = this;
    const { nodes } = this.dependencies;
    const door = this.attached === null ? this.dependencies.frontend.doorPath(volume) : null;
    const deviceNumber = this.attached?.deviceNumber ?? NO_DEVICE;
    const node = door ?? `${deviceNumber.major}:${deviceNumber.minor}`;
    if (node !== this.shownNode && door !== null) nodes.putDoor(volume.minor, door);
    if (node !== this.shownNode && door === null) nodes.put(volume.minor, deviceNumber);
    this.shownNode = node;
    const wanted = [byResourceLink(volume.resourceName, volume.volumeNumber)];
    if (volume.backingPath !== null) wanted.push(byDiskLink(volume.backingPath));
    for (const name of [...this.links]) if (!wanted.includes(name)) this.unlink(name);
    for (const name of wanted) {
      if (this.links.has(name)) continue;
      nodes.link(name, volume.minor);
      this.links.add(name);
    }
  }

  private removeNames(): void {
    if (this.retry !== null) clearTimeout(this.retry);
    for (const name of [...this.links]) this.unlink(name);
    if (this.shownNode !== null) this.dependencies.nodes.removeNode(this.volume.minor);
    this.shownNode = null;
  }

  private unlink(name: string): void {
    this.links.delete(name);
    this.dependencies.nodes.removeLink(name, this.volume.minor);
  }
}
