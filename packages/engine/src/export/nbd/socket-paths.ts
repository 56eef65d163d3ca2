/** Where applications find a volume: `<runDir>/nbd/<resource>/<volume>.sock`, and a link by minor number. */
import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

export const volumeSocketPath = (runDir: string, resource: string, volumeNumber: number): string =>
  join(runDir, 'nbd', resource, `${volumeNumber}.sock`);

/** Not below a resource's name, so that no resource can be called like it. */
export const minorSocketPath = (runDir: string, minor: number): string => join(runDir, 'nbd-minor', `${minor}.sock`);

/** Replaces an older link in one step. */
export function linkMinor(runDir: string, minor: number, socketPath: string): void {
  const link = minorSocketPath(runDir, minor);
  mkdirSync(dirname(link), { recursive: true });
  const fresh = `${link}.new`;
  rmSync(fresh, { force: true });
  symlinkSync(relative(dirname(link), socketPath), fresh);
  renameSync(fresh, link);
}

export const unlinkMinor = (runDir: string, minor: number): void =>
  rmSync(minorSocketPath(runDir, minor), { force: true });
