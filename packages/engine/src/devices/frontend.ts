/** What turns a volume into a block device of the kernel. */
import type { DeviceVolume } from './device-volume';
import type { DeviceNumber } from './device-numbers';

export interface DeviceFrontend {
  readonly kind: 'nbd' | 'fuse';
  /** Removes what a killed engine left, and makes ready. Throws where the host cannot do it. */
  start(): Promise<void>;
  add(volume: DeviceVolume): void;
  /** Where opening the device on a Secondary goes to the engine, which may promote; null: it cannot be opened at all. */
  doorPath(volume: DeviceVolume): string | null;
  /** After its device was detached. */
  remove(volume: DeviceVolume): void;
  /** Only while this node is Primary. Throws with a message for people. */
  attach(volume: DeviceVolume): Promise<AttachedDevice>;
  /** Nothing stays behind, except what somebody still has open; the kernel takes that away with the last close. */
  stop(): Promise<void>;
}

export interface AttachedDevice {
  /** As below /sys/block: `loop3`, `nbd0`. */
  readonly kernelName: string;
  readonly deviceNumber: DeviceNumber;
  /** `forced`: whoever has it open gets errors from now on. Else it stays usable when it is in use. */
  detach(mode: 'if unused' | 'forced'): Promise<'detached' | 'in use'>;
  /** False once the kernel let it go, as it does with the last close after a detach that found it in use. */
  isAttached(): boolean;
  /** The volume has another size. Throws. */
  resize(): Promise<void>;
}
