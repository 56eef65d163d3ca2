import { mayResync, type Device } from '../core';

/**
 * Keeps the pause flag "dependency" (resync-after) true to the states of the devices that others wait for. Changes come
 * in bursts, and setting a flag is a change, so they are looked at once at the end of a turn.
 *
 * Only devices that have the option are looked at: of hundreds on a node mostly none has.
 */
export class ResyncOrder {
  private readonly dependents = new Set<Device>();
  private scheduled = false;

  constructor(private readonly deviceOf: (minor: number) => Device | undefined) {}

  /** Its disk options are new. */
  noteOptions(device: Device): void {
    if (device.diskOptions.resyncAfterMinor !== NOTHING) this.dependents.add(device);
    this.noteChange();
  }

  noteRemoved(device: Device): void {
    this.dependents.delete(device);
  }

  /** Some device changed its state. */
  noteChange(): void {
    if (this.scheduled || this.dependents.size === 0) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.apply();
    });
  }

  private apply(): void {
    for (const device of [...this.dependents]) {
      const waits = !mayResync(device, this.deviceOf);
      // An option that was taken back leaves no flag behind.
      if (device.diskOptions.resyncAfterMinor === NOTHING) this.dependents.delete(device);
      for (const peerDevice of device.peerDevices) {
        if (peerDevice.aftrIsp !== waits) device.resource.states.force(peerDevice, { aftrIsp: waits });
      }
    }
  }
}

const NOTHING = -1;
