/** What adjust is asked for, and questions about it that more than one part of the plan has. */
import type { Target } from '../../commands/target';
import type { RunningResource } from '../../running-state/running-state';

export interface AdjustRequest {
  readonly target: Target;
  /** null: it does not run. */
  readonly running: RunningResource | null;
  readonly backend: readonly string[];
  readonly skip: ReadonlySet<'disk' | 'net'>;
  readonly hostName: string;
  /** This host runs a proxy for the resource, and nothing else of it. */
  readonly proxyOnly: boolean;
}

/** Whether the peers' options for a volume come with the making of the volume. */
export function setsPeerDevicesWithVolume({ target, running, skip }: AdjustRequest, volumeNumber: number): boolean {
  const volume = target.volumes.find(({ number }) => number === volumeNumber);
  return volume !== undefined && !skip.has('disk') && isNewVolume(running, volume.number, volume.minor);
}

/** Volumes that do not run, or run as another minor. */
export function isNewVolume(running: RunningResource | null, number: number, minor: number): boolean {
  return !running?.volumes.some((volume) => volume.number === number && volume.minor === minor);
}
