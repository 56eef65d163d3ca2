import { Disk } from '../../wire';
import type { Device } from './device';

/** By command: newer data is elsewhere. Answers with an SS code. */
export function outdate(device: Device): number {
  return device.resource.states.request((view) => (view.device === device ? { disk: Disk.Outdated } : null));
}
