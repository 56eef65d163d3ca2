/**
 * tsdrbdadm leaves links in the run directory, from resources and minors to the configuration file that made them. They go
 * with what they stand for, whoever takes it down. Source: setup.md 1.4, adm.md 8.1.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { runDirOf } from '@tsdrbd/engine/control';

export interface Gone {
  readonly minors?: readonly number[];
  readonly resourceName?: string;
}

/** A link that cannot be removed is no reason to fail: the command itself was carried out. */
export function unregister(
  env: Readonly<Record<string, string | undefined>>,
  { minors = [], resourceName }: Gone,
): void {
  const names = minors.map((minor) => `drbd-minor-${minor}.conf`);
  if (resourceName !== undefined && !resourceName.includes('/')) names.push(`drbd-resource-${resourceName}.conf`);
  for (const name of names) {
    try {
      rmSync(join(runDirOf(env), name), { force: true });
    } catch {
      // Not ours to remove.
    }
  }
}
