/** All volumes' block devices on this host, through one frontend. A frontend that fails costs devices, never replication. */
import { DeviceNodes } from './device-nodes';
import type { DeviceVolume } from './device-volume';
import type { DeviceFrontend } from './frontend';
import { ownedByKernelDrbd } from './kernel-drbd';
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

/** How often the users of devices that are open are looked for. */
const LOOK_MS = 1000;

export class BlockDevices {
  private readonly devices = new Map<DeviceVolume, VolumeDevice>();
  private looking: NodeJS.Timeout | null = null;

  constructor(
    private readonly options: BlockDevicesOptions,
    private readonly dependencies: BlockDevicesDependencies,
  ) {}

  /** Why this minor cannot have a device, for people; null if it can. */
  obstacle(minor: number): string | null {
    return ownedByKernelDrbd(minor, this.options.directory);
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
