import { mayResync, type Device } from '../core';

/**
 * Keeps the pause flag "dependency" (resync-after) of all devices true to the states of the others. Changes come in
 * bursts, and setting a flag is a change, so they are looked at once at the end of a turn.
 */
export class ResyncOrder {
  private scheduled = false;

  constructor(
    private readonly devices: () => readonly Device[],
    private readonly deviceOf: (minor: number) => Device | undefined,
  ) {}

  /** A device changed its state or its options. */
  noteChange(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.apply();
    });
  }

  private apply(): void {
    for (const device of this.devices()) {
      const waits = !mayResync(device, this.deviceOf);
      for (const peerDevice of device.peerDevices) {
        if (peerDevice.aftrIsp !== waits) device.resource.states.force(peerDevice, { aftrIsp: waits });
      }
    }
  }
}
