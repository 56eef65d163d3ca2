/** On one host every minor and every device name belongs to one volume. Source: config.md 7.2. */
import type { HostSection, Position, VolumeSection } from '../model';
import type { ParseRun } from './parse-run';

/** What to claim of a volume; all of it where nothing is said. */
export type DeviceParts = Partial<Pick<VolumeSection, 'device' | 'minor'>>;

export function claimDevice(
  run: Pick<ParseRun, 'unique'>,
  host: Pick<HostSection, 'names' | 'position'>,
  { device, minor }: DeviceParts,
  position: Position = host.position,
): void {
  if (minor === undefined && device === undefined) return;
  for (const name of host.names) {
    if (minor !== undefined) run.unique.claimOnHost('device-minor', name, minor, position);
    if (device !== undefined) run.unique.claimOnHost('device', name, device, position);
  }
}
