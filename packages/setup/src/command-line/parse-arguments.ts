/** Positional words into what a command works with. Source: setup.md 1.2. */
import { closeSync, constants, openSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { CliIo } from '@tsdrbd/config';
import { MINOR_MAX } from '@tsdrbd/engine/control';
import type { EndpointAddress, MetaIndex } from '@tsdrbd/engine/control';
import type { ArgumentName, CommandArguments, SetupCommand } from '../commands/command';
import { EXIT_BAD_NAME, EXIT_DOWN_EXCESS, EXIT_USAGE, SetupExit } from '../setup-exit';
import { parseAddress } from './parse-address';
import { parseNumber } from './parse-number';

/** What the engine is addressed by, as opposed to what it is given. Missing ones are told by their number. */
const CONTEXT_ARGUMENTS: ReadonlySet<ArgumentName> = new Set([
  'resource',
  'resource-or-all',
  'minor',
  'peer_node_id',
  'volume',
]);

/** Throws SetupExit. */
export async function parseArguments(
  command: SetupCommand,
  given: readonly string[],
  io: CliIo,
): Promise<CommandArguments> {
  const names = command.arguments;
  const words = meantWords(command, given);
  refuseExcess(command, words);
  const values = new Map<ArgumentName, unknown>();
  for (const [at, name] of names.entries()) {
    const word = words[at];
    if (word === undefined && name !== 'resource-or-all') throw missing(name, at);
    values.set(name, await parseWord(name, word, io));
  }
  return argumentsOf(words[0] ?? 'all', values);
}

/**
 * drbdadm says `outdate RESOURCE MINOR` where drbdsetup's command has only the minor. drbdsetup refuses it, so that drbdadm can outdate
 * no attached disk; agents and fence-peer scripts need that it can. Source: adm.md 10, 4.
 */
function meantWords(command: SetupCommand, given: readonly string[]): readonly string[] {
  return command.name === 'outdate' && given.length === 2 ? given.slice(1) : given;
}

function refuseExcess(command: SetupCommand, words: readonly string[]): void {
  const excess = words.slice(command.arguments.length);
  if (excess.length === 0 || (command.kind === 'query' && command.ignoresExcess)) return;
  if (command.name === 'down' && excess.length > 1) throw new SetupExit(EXIT_DOWN_EXCESS, '');
  throw new SetupExit(EXIT_USAGE, `Excess arguments: ${excess.join(' ')}\n`);
}

function missing(name: ArgumentName, at: number): SetupExit {
  const what = CONTEXT_ARGUMENTS.has(name) ? String(at + 1) : `'${name}'`;
  return new SetupExit(EXIT_USAGE, `Missing argument ${what} to command\n`, 'command');
}

async function parseWord(name: ArgumentName, word: string | undefined, io: CliIo): Promise<unknown> {
  switch (name) {
    case 'resource-or-all':
      return word === undefined || word === 'all' ? null : resourceName(word);
    case 'resource':
      if (word === 'all') throw new SetupExit(EXIT_USAGE, "command does not accept argument 'all'\n", 'command');
      return resourceName(word ?? '');
    case 'new_name':
      return resourceName(word ?? '');
    case 'minor':
      return minorNumber(word ?? '');
    case 'peer_node_id':
    case 'node_id':
    case 'volume':
      return parseNumber(word ?? '');
    case 'lower_dev':
    case 'meta_data_dev':
      return devicePath(word ?? '', io);
    case 'meta_data_index':
      return metaIndex(word ?? '');
    case 'local-addr':
    case 'remote-addr':
      return parseAddress(word ?? '', (line) => io.stderr.write(`${line}\n`));
  }
}

function resourceName(word: string): string {
  if (word === '') throw new SetupExit(EXIT_BAD_NAME, 'Resource name is empty.\n');
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\x00-\x1f\x7f]/.test(word)) {
    throw new SetupExit(EXIT_BAD_NAME, "Resource name is invalid - please don't use control characters.\n");
  }
  return word;
}

function minorNumber(word: string): number {
  const digits = /^(?:\/dev\/drbd)?(\d+)$/.exec(word)?.[1];
  const minor = Number(digits);
  if (digits === undefined || minor > MINOR_MAX) {
    throw new SetupExit(EXIT_USAGE, `Cannot determine minor device number of device '${word}'\n`);
  }
  return minor;
}

/** A block device, or a file that serves as one; it must open for writing. */
function devicePath(word: string, io: CliIo): string {
  const path = resolve(io.cwd, word);
  try {
    const info = statSync(path);
    if (!info.isFile() && !info.isBlockDevice()) throw new SetupExit(EXIT_USAGE, `${word} is not a block device!\n`);
    closeSync(openSync(path, constants.O_RDWR | constants.O_NONBLOCK));
    return path;
  } catch (error) {
    if (error instanceof SetupExit) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new SetupExit(EXIT_USAGE, `Can not open device '${word}': ${OPEN_REASONS[code ?? ''] ?? message}\n`);
  }
}

/** The wording of the C library. */
const OPEN_REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'No such file or directory',
  ENOTDIR: 'Not a directory',
  EACCES: 'Permission denied',
  EPERM: 'Operation not permitted',
  EROFS: 'Read-only file system',
  EBUSY: 'Device or resource busy',
  ENXIO: 'No such device or address',
  ETXTBSY: 'Text file busy',
};

const INTERNAL_INDEX = -3;
const FLEXIBLE_INDEX = -2;

/** Two negative numbers are the words' own. */
function metaIndex(word: string): MetaIndex {
  if (word === 'internal' || word === 'flexible') return word;
  const index = parseNumber(word);
  if (index === INTERNAL_INDEX) return 'internal';
  return index === FLEXIBLE_INDEX ? 'flexible' : index;
}

function argumentsOf(objectName: string, values: ReadonlyMap<ArgumentName, unknown>): CommandArguments {
  const get = <T>(name: ArgumentName): T => {
    if (!values.has(name)) throw new Error(`the command declares no argument ${name}`);
    return values.get(name) as T;
  };
  return {
    objectName,
    get resource() {
      return get<string>('resource');
    },
    get resourceOrAll() {
      return get<string | null>('resource-or-all');
    },
    get minor() {
      return get<number>('minor');
    },
    get peerNodeId() {
      return get<number>('peer_node_id');
    },
    get volume() {
      return get<number>('volume');
    },
    get nodeId() {
      return get<number>('node_id');
    },
    get newName() {
      return get<string>('new_name');
    },
    get dataDevice() {
      return get<string>('lower_dev');
    },
    get metaDevice() {
      return get<string>('meta_data_dev');
    },
    get metaIndex() {
      return get<MetaIndex>('meta_data_index');
    },
    get local() {
      return get<EndpointAddress>('local-addr');
    },
    get peer() {
      return get<EndpointAddress>('remote-addr');
    },
  };
}
