/**
 * The short form of tsdrbdmeta: the command comes first, then what it is for.
 *
 *     tsdrbdmeta create-md r0                        all volumes of a resource of drbd.conf, in order
 *     tsdrbdmeta dump-md r0/1                        one of them; also minor-3, /dev/drbd3
 *     tsdrbdmeta dstate                              of the only resource
 *     tsdrbdmeta create-md ./disk.img --max-peers 3  a device or file: a path begins with / or .
 *     tsdrbdmeta verify-dump ./r0.dump               needs no device: the path is that of the dump
 *
 * Turned into the words of the original form: `MINOR FORMAT PATH INDEX COMMAND ...`. With a path, format and place of
 * existing metadata are looked up, and new metadata is v09 and internal unless `--format` and `--index` say otherwise.
 * With a name the configuration says where; the format is what is there, or v09.
 */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { CliIo, MetadataArea } from '@tsdrbd/config';
import { OpenError, type MetaDevice } from '../device/meta-device';
import { EXIT, MetaExit } from '../meta-exit';
import { configuredAreas } from './configured-areas';
import { isCommandName, type CommandName } from './command-table';
import { identify, identifyAt, type FormatAndIndex } from './identify-metadata';
import { COMMAND_FIRST_OPTIONS, OPTIONS, parseArguments, type ParsedArguments } from './options';

export interface Surroundings {
  readonly io: CliIo;
  /** For looking only. Errors: OpenError. */
  readonly open: (path: string) => MetaDevice;
}

/** One command in the original form. */
export interface Call {
  readonly words: readonly string[];
  /** New metadata of a configured volume gets a device UUID, as from tsdrbdadm. */
  readonly isConfigured: boolean;
}

/** null: the arguments are in the original form. Errors: MetaExit. */
export async function expandCommandFirst(
  argv: readonly string[],
  surroundings: Surroundings,
): Promise<readonly Call[] | null> {
  const parsed = parseArguments(argv, [...OPTIONS, ...COMMAND_FIRST_OPTIONS]);
  if (parsed.kind === 'option-error') return null;
  const [command, target, ...words] = parsed.words;
  if (command === undefined || !isCommandName(command)) return null;
  const request = { command, parsed, words };
  if (command === 'verify-dump' && target !== undefined && isPath(target) && words.length === 0) {
    return [onDump(request, target, surroundings)];
  }
  if (target !== undefined && isPath(target)) return [onPath(request, target, surroundings)];
  return await onConfigured(request, target ?? null, surroundings);
}

interface Request {
  readonly command: CommandName;
  readonly parsed: ParsedArguments;
  /** Behind the target. */
  readonly words: readonly string[];
}

/** A name of a resource has no slash in front, a volume's (`r0/0`) neither; /dev/drbd0 is a volume. */
function isPath(target: string): boolean {
  return /^\.{0,2}\//.test(target) && !/^\/dev\/drbd\d+$/.test(target);
}

function onPath({ command, parsed, words }: Request, path: string, surroundings: Surroundings): Call {
  const given = { format: optionOf(parsed, 'format'), index: optionOf(parsed, 'index') };
  const isFound = command !== 'create-md' && (given.format === null || given.index === null);
  // verify-dump looks at the dump alone.
  const opening = command === 'verify-dump' ? 'may-fail' : 'must-open';
  const found = isFound ? lookInto(path, identify, surroundings, opening) : null;
  const format = given.format ?? found?.format ?? 'v09';
  const index = given.index ?? found?.index ?? 'internal';
  // A two-node resource has one peer.
  const commandWords = command === 'create-md' ? maxPeersWords(parsed, words, format, '1') : words;
  return {
    words: [...passedOn(parsed), '--', '-', format, path, index, command, ...commandWords],
    isConfigured: false,
  };
}

/** Checked as a dump for metadata that has its device for itself: how large its data may be, only a device says. */
function onDump({ command, parsed }: Request, path: string, { io }: Surroundings): Call {
  const format = optionOf(parsed, 'format') ?? versionOfDump(resolve(io.cwd, path)) ?? 'v09';
  const index = optionOf(parsed, 'index') ?? 'flex-external';
  return { words: [...passedOn(parsed), '--', '-', format, path, index, command, path], isConfigured: false };
}

/** null: the command will say what is wrong with the file. */
function versionOfDump(path: string): string | null {
  try {
    return /^\s*version\s+"(v0[789])"/m.exec(readFileSync(path, 'latin1'))?.[1] ?? null;
  } catch {
    return null;
  }
}

async function onConfigured(
  request: Request,
  name: string | null,
  surroundings: Surroundings,
): Promise<readonly Call[]> {
  const { command, parsed } = request;
  if (optionOf(parsed, 'index') !== null) {
    throw new MetaExit(
      EXIT.usage,
      '--index is for the path of a device; where a resource has its metadata, drbd.conf says',
    );
  }
  const areas = await findAreas(
    () => configuredAreas({ command, name, configFile: optionOf(parsed, 'config-file') }, surroundings.io),
    name,
    surroundings,
  );
  return areas.flatMap((area) => onArea(request, area, surroundings));
}

/** Somebody may have meant a file of this directory. */
async function findAreas(
  find: () => Promise<readonly MetadataArea[]>,
  name: string | null,
  { io }: Surroundings,
): Promise<readonly MetadataArea[]> {
  try {
    return await find();
  } catch (error) {
    if (!(error instanceof MetaExit) || name === null || !existsSync(resolve(io.cwd, name))) throw error;
    throw new MetaExit(error.exitCode, `${error.message}\nFor the file of this name: ./${name}`);
  }
}

function onArea(request: Request, area: MetadataArea, surroundings: Surroundings): readonly Call[] {
  const { command, parsed } = request;
  const given = optionOf(parsed, 'format');
  const found =
    given === null && command !== 'create-md'
      ? lookInto(area.device, (device) => identifyAt(device, area.index), surroundings, 'may-fail')
      : null;
  const { format, index } = found ?? { format: given ?? 'v09', index: area.index };
  return peerOptions(request, area, format).map((peerOption) => ({
    words: [
      ...passedOn(parsed),
      ...peerOption,
      '--',
      `${area.minor}`,
      format,
      area.device,
      index,
      command,
      ...(command === 'create-md' ? maxPeersWords(parsed, request.words, format, `${area.peerCount}`) : request.words),
    ],
    isConfigured: true,
  }));
}

/**
 * What concerns one peer is shown for each, and changed where there is no choice. A peer is forgotten only when it was
 * named: the configured ones are those to keep.
 */
function peerOptions({ command, parsed }: Request, area: MetadataArea, format: string): readonly (readonly string[])[] {
  const isGiven = (name: string): boolean => optionOf(parsed, name) !== null;
  const ofPeer = (nodeId: string) => [`--node-id=${nodeId}`];
  switch (command) {
    case 'show-gi':
    case 'get-gi':
      return isGiven('node-id') || format !== 'v09' || area.peerNodeIds.length === 0
        ? [[]]
        : area.peerNodeIds.map(ofPeer);
    case 'set-gi': {
      const [only, second] = area.peerNodeIds;
      return isGiven('node-id') || only === undefined || second !== undefined ? [[]] : [ofPeer(only)];
    }
    case 'create-md':
      return isGiven('effective-size') && !isGiven('diskful-peers') && area.diskfulPeerNodeIds.length > 0
        ? [[`--diskful-peers=${area.diskfulPeerNodeIds.join(',')}`]]
        : [[]];
    default:
      return [[]];
  }
}

function optionOf(parsed: ParsedArguments, name: string): string | null {
  return parsed.options.filter((option) => option.name === name).at(-1)?.value ?? null;
}

/** Only v09 has a number of peers. */
function maxPeersWords(
  parsed: ParsedArguments,
  words: readonly string[],
  format: string,
  otherwise: string,
): readonly string[] {
  const option = optionOf(parsed, 'max-peers');
  if (format !== 'v09') return words;
  return option !== null ? [option] : words.length > 0 ? words : [otherwise];
}

function passedOn(parsed: ParsedArguments): readonly string[] {
  const own = new Set<string>(COMMAND_FIRST_OPTIONS.map(({ long }) => long));
  const takesValue = new Set<string>(OPTIONS.filter(({ argument }) => argument === 'required').map(({ long }) => long));
  return parsed.options
    .filter(({ name }) => !own.has(name))
    .map(({ name, value }) => (takesValue.has(name) ? `--${name}=${value}` : `--${name}`));
}

/** `may-fail`: the command will say why the device does not open. */
function lookInto(
  path: string,
  look: (device: MetaDevice) => FormatAndIndex | null,
  { io, open }: Surroundings,
  opening: 'must-open' | 'may-fail',
): FormatAndIndex | null {
  let device: MetaDevice;
  try {
    device = open(resolve(io.cwd, path));
  } catch (error) {
    if (!(error instanceof OpenError)) throw error;
    if (opening === 'may-fail') return null;
    throw new MetaExit(EXIT.usage, `open(${path}) failed: ${error.message}`);
  }
  try {
    return look(device);
  } finally {
    device.close();
  }
}
