/** What a configuration means depends on the host that reads it. */
import type { Address } from './address';

export interface Surroundings {
  /** `__DRBD_NODE__`, else `uname -n`. */
  readonly nodeName: string;
  /** `up`: on an interface that is up; `down`: only on one that is not; `absent`: on none. */
  addressState(address: Address): 'up' | 'down' | 'absent';
  /** Version that `require-drbd-module-version-*` compares with, as `9.1.0`. */
  readonly moduleVersion: string | undefined;
  /** Minor of an existing block device node with major 147. */
  minorOfDeviceNode?(path: string): number | undefined;
  /** Whether the standard streams are a terminal; a few checks are errors only then. */
  readonly isTerminal: boolean;
}
