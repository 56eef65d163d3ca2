/**
 * The short form of tsdrbdmeta: the command comes first, then what it is for.
 *
 *     tsdrbdmeta create-md ./disk.img --max-peers 3
 *     tsdrbdmeta dump-md /dev/sdb1
 *
 * Turned into the words of the original form: `- FORMAT PATH INDEX COMMAND ...`. Format and place of existing
 * metadata are looked up; new metadata is v09 and internal unless `--format` and `--index` say otherwise.
 */
import { resolve } from 'node:path';
import {
  decodeAnySuperblock,
  findProblem,
  isMetadataError,
  MD_BLOCK_BYTES,
  superblockOffset,
  type MetadataFormat,
  type Placement,
} from '@tsdrbd/engine/metadata';
import { OpenError, type MetaDevice } from '../device/meta-device';
import { EXIT, MetaExit } from '../meta-exit';
import { isCommandName } from './command-table';
import { COMMAND_FIRST_OPTIONS, OPTIONS, parseArguments, type ParsedArguments } from './options';

type Open = (path: string) => MetaDevice;

/** null: the arguments are in the original form. Errors: MetaExit. */
export function expandCommandFirst(
  argv: readonly string[],
  surroundings: { readonly cwd: string; readonly open: Open },
): readonly string[] | null {
  const parsed = parseArguments(argv, [...OPTIONS, ...COMMAND_FIRST_OPTIONS]);
  if (parsed.kind === 'option-error') return null;
  const [command, target, ...words] = parsed.words;
  if (command === undefined || !isCommandName(command)) return null;
  if (target === undefined) throw new MetaExit(EXIT.usage, `${command}: which device? Usage: ${command} PATH`);
  if (!isPath(target)) {
    throw new MetaExit(
      EXIT.usage,
      `${target}: expected the path of a device or file (./${target} for one in this directory).\n` +
        `For a resource of drbd.conf: tsdrbdadm ${command} ${target}`,
    );
  }
  const given = { format: lastOf(parsed, 'format'), index: lastOf(parsed, 'index') };
  const found =
    command === 'create-md' || (given.format !== null && given.index !== null)
      ? null
      : identify(surroundings.open, resolve(surroundings.cwd, target), target);
  return [
    ...passedOn(parsed),
    '--',
    '-',
    given.format ?? found?.format ?? 'v09',
    target,
    given.index ?? found?.index ?? 'internal',
    command,
    ...(command === 'create-md' ? maxPeersWords(parsed, words, given.format ?? 'v09') : words),
  ];
}

/** A name of a resource has no slash in front, a volume's (`r0/0`) neither. */
function isPath(target: string): boolean {
  return target.startsWith('/') || target.startsWith('./') || target.startsWith('../');
}

function lastOf(parsed: ParsedArguments, name: string): string | null {
  return parsed.options.filter((option) => option.name === name).at(-1)?.value ?? null;
}

/** A two-node resource has one peer. */
function maxPeersWords(parsed: ParsedArguments, words: readonly string[], format: string): readonly string[] {
  const option = lastOf(parsed, 'max-peers');
  if (format !== 'v09') return words;
  return option !== null ? [option] : words.length > 0 ? words : ['1'];
}

function passedOn(parsed: ParsedArguments): readonly string[] {
  const own = new Set<string>(COMMAND_FIRST_OPTIONS.map(({ long }) => long));
  const takesValue = new Set<string>(OPTIONS.filter(({ argument }) => argument === 'required').map(({ long }) => long));
  return parsed.options
    .filter(({ name }) => !own.has(name))
    .map(({ name, value }) => (takesValue.has(name) ? `--${name}=${value}` : `--${name}`));
}

interface Identified {
  readonly format: MetadataFormat;
  readonly index: string;
}

const PLACES: readonly (Identified & { readonly placement: Placement })[] = [
  { format: 'v09', index: 'internal', placement: 'internal' },
  { format: 'v08', index: 'internal', placement: 'internal' },
  { format: 'v09', index: 'flex-external', placement: 'flex-external' },
  { format: 'v08', index: 'flex-external', placement: 'flex-external' },
  { format: 'v07', index: 'flex-internal', placement: 'internal' },
  { format: 'v07', index: 'internal', placement: 'fixed-internal' },
  { format: 'v07', index: 'flex-external', placement: 'flex-external' },
];

/** null: no metadata that makes sense in any place; the command will say so. */
function identify(open: Open, path: string, shownPath: string): Identified | null {
  let device: MetaDevice;
  try {
    device = open(path);
  } catch (error) {
    if (!(error instanceof OpenError)) throw error;
    throw new MetaExit(EXIT.usage, `open(${shownPath}) failed: ${error.message}`);
  }
  try {
    return PLACES.find(({ format, placement }) => isThere(device, format, placement)) ?? null;
  } finally {
    device.close();
  }
}

function isThere(device: MetaDevice, format: MetadataFormat, placement: Placement): boolean {
  const offset = superblockOffset(placement, device.sizeBytes);
  if (offset < 0 || offset + MD_BLOCK_BYTES > device.sizeBytes) return false;
  const superblock = decodeAnySuperblock(format, device.read(offset, MD_BLOCK_BYTES));
  if (isMetadataError(superblock)) return false;
  return findProblem(superblock, { placement, deviceSizeBytes: device.sizeBytes }) === null;
}
