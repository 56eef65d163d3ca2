/** The ways in which applications reach a volume: NBD always, a block device of the kernel where the host can have one. */
import type { Device, Resource } from '../core';
import type { BlockDevices } from '../devices';
import type { AutoPromotion, DemotionHooks } from './auto-promotion';
import type { VolumeExporter } from './backend';
import { ExportedDevice } from './exported-device';
import type { NbdExporter } from './nbd-exporter';

export interface ExportsDependencies {
  readonly nbd: NbdExporter;
  /** Settles once it is known whether there are block devices; null for none. Left out: none are wanted. */
  readonly blockDevices?: Promise<BlockDevices | null>;
}

export class Exports implements VolumeExporter {
  readonly demotion: DemotionHooks | null;
  private readonly volumes = new Map<Device, ExportedDevice>();
  private blockDevices: BlockDevices | null = null;

  constructor(private readonly dependencies: ExportsDependencies) {
    const { blockDevices } = dependencies;
    void blockDevices?.then((started) => {
      this.blockDevices = started;
    });
    this.demotion =
      blockDevices === undefined
        ? null
        : {
            before: async ({ name }, mode) => (await blockDevices)?.beforeDemotion(name, mode),
            after: async ({ name }) => (await blockDevices)?.afterDemotion(name),
          };
  }

  async publish(device: Device, autoPromotion: AutoPromotion): Promise<void> {
    const { nbd } = this.dependencies;
    const blockDevices = (await this.dependencies.blockDevices) ?? null;
    const volume = new ExportedDevice(device, autoPromotion);
    const obstacle = blockDevices?.obstacle(volume) ?? null;
    if (obstacle !== null) throw new Error(obstacle);
    await nbd.publish(device, volume);
    this.volumes.set(device, volume);
    if (blockDevices === null) return;
    device.onResize = () => blockDevices.changed(device.resource.name);
    await blockDevices.add(volume);
  }

  async withdraw(device: Device): Promise<void> {
    const volume = this.volumes.get(device);
    if (volume === undefined) return;
    this.volumes.delete(device);
    await this.blockDevices?.remove(volume);
    await this.dependencies.nbd.withdraw(device);
  }

  changed(resource: Resource): void {
    this.blockDevices?.changed(resource.name);
  }

  owns(path: string): boolean {
    return this.blockDevices?.owns(path) ?? false;
  }

  async settled(resource: Resource): Promise<void> {
    await this.blockDevices?.settled(resource.name);
  }

  /** As BlockDevices.unused(). Clients of NBD are not waited for: they tell nobody whether they will ever leave. */
  async unused(signal: AbortSignal, onWait: (device: string, user: string) => void): Promise<void> {
    await this.blockDevices?.unused(signal, onWait);
  }

  /** After the last volume was withdrawn. */
  async stop(): Promise<void> {
    await (await this.dependencies.blockDevices)?.stop();
  }
}
