/**
 * One resync after the other: a device with the option resync-after waits while the device that it names, or one further
 * up that chain, is being resynchronised or paused.
 *
 * Source: behaviour.md 7.6 (resync-after), setup.md 2.3 (errors 132, 133).
 */
import { Conn, Disk } from '../../wire';
import { ERR } from '../resource/reply-codes';

/** What the rule looks at. */
export interface DependentDevice {
  readonly minor: number;
  readonly diskState: number;
  /** `resyncAfterMinor` -1: nothing. */
  readonly diskOptions: { readonly resyncAfterMinor: number };
  readonly peerDevices: readonly {
    readonly conn: number;
    readonly userIsp: boolean;
    readonly peerIsp: boolean;
    readonly aftrIsp: boolean;
  }[];
}

export type DeviceOfMinor<D extends DependentDevice> = (minor: number) => D | undefined;

/** A device that does not exist, or has no disk, ends the chain. */
export function mayResync<D extends DependentDevice>(device: D, deviceOf: DeviceOfMinor<D>): boolean {
  for (const earlier of chain(device, deviceOf)) {
    if (earlier.diskState === Disk.Diskless) return true;
    const keepsOthersWaiting = earlier.peerDevices.some(
      ({ conn, userIsp, peerIsp, aftrIsp }) =>
        (conn >= Conn.SyncSource && conn <= Conn.PausedSyncT) || userIsp || peerIsp || aftrIsp,
    );
    if (keepsOthersWaiting) return false;
  }
  return true;
}

/** What speaks against the option's value for a minor. A minor that does not exist (yet) is accepted. */
export function resyncAfterProblem<D extends DependentDevice>(
  minor: number,
  resyncAfterMinor: number,
  deviceOf: DeviceOfMinor<D>,
): number {
  if (resyncAfterMinor < -1) return ERR.ERR_RESYNC_AFTER;
  if (resyncAfterMinor === -1) return ERR.NO_ERROR;
  const first = deviceOf(resyncAfterMinor);
  const isLoop =
    resyncAfterMinor === minor ||
    (first !== undefined && [...chain(first, deviceOf)].some((device) => device.minor === minor));
  return isLoop ? ERR.ERR_RESYNC_AFTER_CYCLE : ERR.NO_ERROR;
}

/** The devices that it waits for, nearest first. A loop, which options do not make, ends where it began. */
function* chain<D extends DependentDevice>(device: D, deviceOf: DeviceOfMinor<D>): Generator<D> {
  const seen = new Set([device.minor]);
  for (let next = device.diskOptions.resyncAfterMinor; next !== -1 && !seen.has(next);) {
    const earlier = deviceOf(next);
    if (earlier === undefined) return;
    yield earlier;
    seen.add(next);
    next = earlier.diskOptions.resyncAfterMinor;
  }
}
