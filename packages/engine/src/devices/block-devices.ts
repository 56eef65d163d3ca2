/** All volumes' block devices on this host, through one frontend. A frontend that fails costs devices, never replication. */
import { readlinkSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Errno } from '../export';
import { DeviceNodes } from './device-nodes';
import type { DeviceVolume } from './device-volume';
import type { DeviceFrontend } from './frontend';
import type { DeviceNumber } from './device-numbers';
import type { OpenIntent } from './fuse/open-intent';
import { ownedByKernelDrbd, type DeviceName } from './kernel-drbd';
import { VolumeDevice, type VolumeDeviceDependencies } from './volume-device';

export interface BlockDevicesOptions {
  /** Where nodes and links go: `/dev`. */
  readonly directory: string;
  readonly nodes: DeviceNodes;
}

export interface BlockDevicesDependencies {
  readonly frontend: DeviceFrontend;
  readonly log: VolumeDeviceDependencies['log'];
}

/** As many as the kernel follows. */
const LINKS_MAX = 40;
/** How often the users of devices that are open are looked for. */
const LOOK_MS = 1000;
/** The same where somebody waits for the end of their use. */
const LOOK_FOR_END_MS = 200;

export class BlockDevices {
  private readonly devices = new Map<DeviceVolume, VolumeDevice>();
  private looking: NodeJS.Timeout | null = null;

  constructor(
    private readonly options: BlockDevicesOptions,
    private readonly dependencies: BlockDevicesDependencies,
  ) {}

  /** Why this volume cannot have a device, for people; null if it can. */
  obstacle(volume: DeviceName): string | null {
    return ownedByKernelDrbd(volume, this.options.directory);
  }

  /**
   * Whether a path leads to a device of this engine. It must never open one itself: its own thread would wait for itself.
   * Follows links by their text, since looking at what they lead to would ask this engine too.
   */
  owns(path: string): boolean {
    const minors = [...this.devices.values()].map(({ volume }) => volume.minor);
    const nodePaths = new Set(minors.map((minor) => this.options.nodes.path(minor)));
    const doors = new Set([...this.devices.keys()].map((volume) => this.dependencies.frontend.doorPath(volume)));
    const loops = new Set([...this.devices.values()].map(({ kernelPath }) => kernelPath));
    let at = resolve(path);
    for (let links = 0; links < LINKS_MAX; links++) {
      if (nodePaths.has(at) || doors.has(at) || loops.has(at)) return true;
      const target = linkTarget(at);
      if (target === null) return false;
      at = resolve(dirname(at), target);
    }
    return false;
  }

  async add(volume: DeviceVolume): Promise<void> {
    const { frontend, log } = this.dependencies;
    const device = new VolumeDevice(volume, { frontend, nodes: this.options.nodes, log });
    this.devices.set(volume, device);
    frontend.add(volume);
    await device.changed();
  }

  async remove(volume: DeviceVolume): Promise<void> {
    const device = this.devices.get(volume);
    if (device === undefined) return;
    await device.withdraw();
    this.devices.delete(volume);
    this.dependencies.frontend.remove(volume);
  }

  /** A request came through the volume's device. */
  used(volume: DeviceVolume): void {
    this.devices.get(volume)?.used();
    this.lookLater();
  }

  /** Somebody opens a device where this node is Secondary. */
  async openAtDoor(volume: DeviceVolume, intent: OpenIntent): Promise<DeviceNumber | Errno> {
    const result = await (this.devices.get(volume)?.openAtDoor(intent) ?? 'EIO');
    this.lookLater();
    return result;
  }

  changed(resourceName: string): void {
    for (const device of this.of(resourceName)) void device.changed();
  }

  /** When all that follows from the changes so far is done. */
  async settled(resourceName: string): Promise<void> {
    await Promise.all(this.of(resourceName).map((device) => device.changed()));
  }

  /** Detaches what nobody uses. What is in use counts as open afterwards, and stays, unless forced. */
  async beforeDemotion(resourceName: string, mode: 'if unused' | 'forced'): Promise<void> {
    await Promise.all(this.of(resourceName).map((device) => device.beforeDemotion(mode)));
    this.lookLater();
  }

  async afterDemotion(resourceName: string): Promise<void> {
    await Promise.all(this.of(resourceName).map((device) => device.afterDemotion()));
  }

  /** Resolves when nobody that can be seen uses a device, or when `signal` fires; `onWait` hears whom it waits for. */
  async unused(signal: AbortSignal, onWait: (device: string, user: string) => void): Promise<void> {
    const told = new Set<VolumeDevice>();
    for (;;) {
      let isUsed = false;
      for (const device of this.devices.values()) {
        const user = await device.lastUser();
        if (user === null) continue;
        isUsed = true;
        if (!told.has(device)) onWait(this.options.nodes.path(device.volume.minor), user);
        told.add(device);
      }
      if (!isUsed || signal.aborted) return;
      // Rejects when the signal fires.
      await delay(LOOK_FOR_END_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** All volumes were removed. */
  async stop(): Promise<void> {
    if (this.looking !== null) clearTimeout(this.looking);
    await this.dependencies.frontend.stop();
  }

  private of(resourceName: string): VolumeDevice[] {
    return [...this.devices.values()].filter(({ volume }) => volume.resourceName === resourceName);
  }

  private lookLater(): void {
    if (this.looking !== null || ![...this.devices.values()].some(({ needsLook }) => needsLook)) return;
    this.looking = setTimeout(() => {
      const inUse = [...this.devices.values()].filter(({ needsLook }) => needsLook);
      void Promise.allSettled(inUse.map((device) => device.look())).then(() => {
        this.looking = null;
        this.lookLater();
      });
    }, LOOK_MS);
    this.looking.unref();
  }
}

function linkTarget(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null; // Not a link.
  }
}
