import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Who is called for handlers where no setting says so, as the module calls /sbin/drbdadm: tsdrbdadm, the one that lies
 * beside this program (in an installation in the same directory, in a checkout in its own package), else the one on
 * PATH.
 */
export function defaultHandlerProgram(ownProgram: string | undefined = process.argv[1]): string {
  if (ownProgram !== undefined && existsSync(ownProgram)) {
    const directory = dirname(realpathSync(ownProgram));
    const beside = ['tsdrbdadm.cjs', '../../adm/dist/tsdrbdadm.cjs'].map((path) => join(directory, path));
    const found = beside.find((path) => existsSync(path));
    if (found !== undefined) return found;
  }
  return 'tsdrbdadm';
}

/** Where the programs of this installation or checkout have DRBD's own names; '' if nowhere. */
export function compatFolder(handlerProgram: string): string {
  if (!existsSync(handlerProgram)) return '';
  const directory = dirname(realpathSync(handlerProgram));
  const folders = ['../compat', '../../../.cache/bin-compat'].map((path) => join(directory, path));
  return folders.find((path) => existsSync(join(path, 'drbdadm'))) ?? '';
}
