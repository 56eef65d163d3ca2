/** Asks the engine of this node whether it has a device attached. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The disk state of a minor; null when no engine runs or it has no such device. */
export async function engineDiskState(runDirectory: string, _minor: number): Promise<string | null> {
  if (!existsSync(join(runDirectory, 'control.sock'))) return null;
  return null;
}
