/** Which file is read. Source: adm.md 1.11, 8.1. */
import { SEARCHED_FILES, type CliIo } from '@tsdrbd/config';
import { AdmExit, EXIT } from './adm-exit';
import type { Invocation } from './command-line/invocation';
import { isHandler } from './commands/command-table';
import { registeredConfig } from './execute/registry';
import type { AdmSystem } from './system';

/** `-` is stdin. Errors: AdmExit 10 when there is none. */
export async function findConfigFile(invocation: Invocation, io: CliIo, { reader }: AdmSystem): Promise<string> {
  const { command, settings, resourceWords } = invocation;
  if (settings.configFile !== null) return settings.configFile;
  const [word] = resourceWords;
  if ((isHandler(command) || command === 'sh-udev') && word !== undefined) {
    const registered = await registeredConfig(io, word);
    if (registered !== null) return registered;
    const minor = /^minor-(\d+)$/.exec(word)?.[1];
    const what = minor === undefined ? `resource ${word}` : `minor ${minor}`;
    io.stderr.write(`Don't know which config file belongs to ${what}, trying default ones...\n`);
  }
  const found = SEARCHED_FILES.find((path) => reader.readFile(path).kind === 'text');
  if (found === undefined) {
    throw new AdmExit(EXIT.config, "Can not open '/etc/drbd.conf': No such file or directory");
  }
  return found;
}
