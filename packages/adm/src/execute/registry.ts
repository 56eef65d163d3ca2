/**
 * Links from the run directory to the configuration file that made a resource or a minor, so that handlers, which
 * the engine calls without `-c`, find it again. Source: adm.md 8.1; the original keeps them in /var/run/drbd.
 */
import { mkdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bytesOf, textOf, type CliIo } from '@tsdrbd/config';
import type { Command } from '../plan/command';
import { isFile } from '../system';

/** In the engine's run directory. An equal link is kept, another one replaced; an error is told, and no more than that. */
export async function registerConfig(io: CliIo, { argv }: Command, configFile: string): Promise<void> {
  const [verb, resourceName = '', minor = ''] = argv;
  const name = verb === 'new-resource' ? resourceLink(resourceName) : verb === 'new-minor' ? minorLink(minor) : null;
  if (name === null) return;
  const directory = await runDirectory(io);
  const path = textOf(configFile);
  if (dirname(path) === directory) return;
  const link = join(directory, textOf(name));
  try {
    if (linkTarget(link) === path) return;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    rmSync(link, { force: true });
    symlinkSync(path, link);
  } catch (error) {
    io.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  }
}

/** null: not registered, or the file is gone. */
export async function registeredConfig(io: CliIo, word: string): Promise<string | null> {
  const minor = /^minor-(\d+)$/.exec(word)?.[1];
  const directory = await runDirectory(io);
  const link = join(directory, minor === undefined ? resourceLink(textOf(word)) : minorLink(minor));
  const target = linkTarget(link);
  return target !== null && isFile(target) ? bytesOf(target) : null;
}

/** As setup and the engine have it; loaded here, since few commands ask. */
async function runDirectory({ env }: CliIo): Promise<string> {
  const { runDirOf } = await import('@tsdrbd/setup');
  return runDirOf(env);
}

const resourceLink = (name: string) => `drbd-resource-${name}.conf`;
const minorLink = (minor: string) => `drbd-minor-${minor}.conf`;

function linkTarget(link: string): string | null {
  try {
    return readlinkSync(link);
  } catch {
    // Missing, or not a link: either way there is nothing to find.
    return null;
  }
}
