/**
 * What drbd.ko has attached, asked of the drbdsetup of drbd-utils as drbdmeta asks it. Its claim on the disk would tell as
 * much, but for metadata in a slot. Source: metadata.md 6.3 step 4.
 */
import { existsSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { EXIT, MetaExit } from '../meta-exit';

type Env = Readonly<Record<string, string | undefined>>;

/** No such minor, and no module. */
const NOT_THERE = [10, 20];
/** More is not looked at. */
const ANSWER_CHARACTERS_MAX = 39;

/** The disk state of a minor, and perhaps its peers'; null: nobody to ask, or no such device. Errors: MetaExit 20. */
export async function kernelDiskState(minor: number, env: Env): Promise<string | null> {
  const drbdsetup = findDrbdsetup(env);
  if (drbdsetup === null) return null;
  const { spawnSync } = await import('node:child_process');
  const { status, stdout } = spawnSync(drbdsetup, ['dstate', `${minor}`], {
    encoding: 'latin1',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  if (status === null || NOT_THERE.includes(status)) return null;
  if (stdout === '') throw new MetaExit(EXIT.usage);
  return stdout.slice(0, ANSWER_CHARACTERS_MAX).replace(/\n[^]*$/, '');
}

/** Our own under that name would ask our engine, which was asked already. */
function findDrbdsetup(env: Env): string | null {
  for (const directory of (env['PATH'] ?? '').split(':')) {
    const path = join(directory, 'drbdsetup');
    if (directory === '' || !existsSync(path)) continue;
    return basename(realpathSync(path)).startsWith('tsdrbdsetup') ? null : path;
  }
  return null;
}
