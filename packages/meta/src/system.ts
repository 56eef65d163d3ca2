/** What tsdrbdmeta needs from the machine besides `CliIo`; tests hand in their own. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { CliIo } from '@tsdrbd/config';
import { runDirOf } from '@tsdrbd/engine/control';
import { engineDevices, type EngineDevice } from './device/engine-devices';
import { openFileDevice } from './device/file-device';
import type { DeviceAccess, MetaDevice } from './device/meta-device';
import { kernelDiskState } from './device/kernel-devices';
import { acquireMinorLock, type MinorLock } from './device/minor-lock';

export interface MetaSystem {
  /** Its own name, in messages and in the head of a dump. */
  readonly programName: string;
  readonly hostName: string;
  /** Errors: OpenError. */
  open(path: string, access: DeviceAccess): MetaDevice;
  /**
   * `refused-unless-forced` is how drbdmeta treats them, with its remarks about missing ioctls. tsdrbd keeps
   * data in regular files as a matter of course: `ordinary`.
   */
  readonly regularFiles: 'ordinary' | 'refused-unless-forced';
  /** Where the last-known files are, when no option says so. */
  readonly stateDirectory: string;
  /** Held until released. Errors: MetaExit 20, when another process holds it. */
  lockMinor(minor: number): Promise<MinorLock>;
  /** None where no engine runs. Errors: MetaExit 20. */
  engineDevices(): Promise<readonly EngineDevice[]>;
  /** What drbd.ko has as that minor, in the words of `drbdsetup dstate`; null: nothing, or not asked. Errors: MetaExit 20. */
  kernelDiskState(minor: number): Promise<string | null>;
  randomUuid(): bigint;
}

export function realSystem(io: CliIo, programName = 'tsdrbdmeta'): MetaSystem {
  const runDirectory = runDirOf(io.env);
  // Under another name minors are those of our engine alone; drbd.ko may have others of the same numbers.
  const asksKernel = programName === 'drbdmeta';
  return {
    programName,
    get hostName() {
      return hostname();
    },
    open: openFileDevice,
    regularFiles: 'ordinary',
    // Nodes that share a machine have run directories of their own, and must not share this one either.
    stateDirectory: io.env['TSDRBD_RUN_DIR'] === undefined ? '/var/lib/drbd' : join(runDirectory, 'lib'),
    lockMinor: (minor) => acquireMinorLock(join(runDirectory, 'lock', `drbd-147-${minor}`)),
    engineDevices: () => engineDevices(runDirectory, io.env),
    kernelDiskState: async (minor) => (asksKernel ? await kernelDiskState(minor, io.env) : null),
    // node:crypto costs every start as much as all of this program; few commands make up a UUID.
    randomUuid: () => globalThis.crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n,
  };
}
