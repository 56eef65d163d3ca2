/** Fetches Debian packages and unpacks them beside the system: nothing is installed. */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun, run } from './shell';

/** The package that carries the distribution's newest kernel: what linux-image-amd64 depends on. */
export async function kernelPackage(): Promise<string> {
  const text = await mustRun(['apt-cache', 'depends', 'linux-image-amd64']);
  const name = /Depends: (linux-image-\S+)/.exec(text)?.[1];
  if (name === undefined) throw new Error(`no kernel package is known to apt (apt-cache depends linux-image-amd64)`);
  return name;
}

/** Runs `work`; when it fails, once more after `apt-get update`, since the lists may be missing or old. */
export async function withFreshLists<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch {
    await run(['apt-get', 'update', '-qq']);
    return work();
  }
}

/** Downloads into `directory`/deb and unpacks into `directory`/tree; returns the packages' file names, which tell versions. */
export async function fetchPackages(names: readonly string[], directory: string): Promise<readonly string[]> {
  const debs = join(directory, 'deb');
  mkdirSync(debs, { recursive: true });
  await mustRun(['apt-get', 'download', '-q', '-o', 'APT::Sandbox::User=root', ...names], { cwd: debs });
  const files = readdirSync(debs).filter((file) => file.endsWith('.deb'));
  for (const file of files) await mustRun(['dpkg', '-x', join(debs, file), join(directory, 'tree')]);
  return files;
}
