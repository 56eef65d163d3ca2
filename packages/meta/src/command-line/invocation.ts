/** One command line, understood: which command on which device, with which settings. Source: metadata.md 6.1 to 6.3. */
import type { MetadataFormat, Placement } from '@tsdrbd/engine/metadata';
import {
  AL_BLOCKS_MAX_CREATE,
  AL_BLOCKS_MIN,
  BM_BYTES_PER_BIT_MAX,
  BM_BYTES_PER_BIT_MIN,
  NODE_ID_COUNT,
} from '@tsdrbd/engine/metadata';
import { EXIT, MetaExit } from '../meta-exit';
import { COMMANDS, isCommandName, usageText, type CommandName } from './command-table';
import { parseSize } from './numbers';
import { OPTIONS, parseArguments, type OptionName, type ParsedArguments } from './options';

export interface Invocation {
  /** As it was typed: a minor number, a device node; for messages. */
  readonly deviceWord: string;
  /** null: none was named ("-", or nothing that is a number): no lock, no last-known file. */
  readonly minor: number | null;
  readonly format: MetadataFormat;
  readonly path: string;
  readonly placement: Placement;
  readonly command: CommandName;
  readonly words: readonly string[];
  readonly settings: Settings;
}

export type InitializeBitmap = 'automatic' | 'zeroout' | 'pwrite' | 'set-all' | 'skip';
export type OutputFormat = 'auto' | 'hex' | 'bin' | 'json';

export interface Settings {
  readonly force: boolean;
  readonly quiet: boolean;
  readonly verbosity: number;
  readonly dryRun: boolean;
  readonly ignoreSanityChecks: boolean;
  readonly nodeId: number | null;
  readonly peerMaxBioSizeBytes: number | null;
  readonly alStripes: number | null;
  readonly alStripeSizeKiB: number | null;
  readonly initializeBitmap: InitializeBitmap;
  readonly effectiveSizeSectors: number | null;
  readonly diskfulPeers: readonly number[];
  readonly bitmapBlockSizeBytes: number | null;
  readonly outputFormat: OutputFormat;
  readonly stateDirectory: string | null;
  /** A UUID, or that one is to be made up. */
  readonly initialCurrentUuid: bigint | 'generate' | null;
  readonly consistent: boolean;
  readonly uptodate: boolean;
  readonly peersOutdated: boolean;
  readonly rotateUuids: boolean;
}

/** Something that has to be reported although the command goes on. */
export interface ParsedInvocation {
  readonly invocation: Invocation;
  readonly remarks: readonly string[];
}

export function parseInvocation(argv: readonly string[], programName: string): ParsedInvocation {
  if (argv.length < 3) throw new UsageExit(programName);
  const parsed = parseArguments(argv, OPTIONS);
  if (parsed.kind === 'option-error') throw new UsageExit(programName, `${programName}: ${parsed.message}`);
  if (parsed.options.some(({ name }) => name === 'help')) throw new UsageExit(programName);
  const settings = parseSettings(parsed);
  const [deviceWord, formatWord, path, indexWord, commandWord, ...words] = parsed.words;
  if (deviceWord === undefined || formatWord === undefined) throw new UsageExit(programName);
  const format = parseFormat(formatWord);
  if (path === undefined || indexWord === undefined) throw new MetaExit(EXIT.usage, 'Too few arguments for format');
  const placement = parsePlacement(indexWord, format);
  if (commandWord === undefined) throw new MetaExit(EXIT.usage, 'command missing');
  if (!isCommandName(commandWord)) throw new MetaExit(EXIT.usage, `Unknown command '${commandWord}'.`);
  const command = commandWord;
  // Only v09 has a number of peers.
  const wordCountMax = command === 'create-md' && format !== 'v09' ? 0 : COMMANDS[command].wordCountMax;
  const tooMany = words.length > wordCountMax;
  return {
    invocation: { deviceWord, minor: parseMinor(deviceWord), format, path, placement, command, words, settings },
    remarks: tooMany ? ['Ignoring additional arguments'] : [],
  };
}

/** Prints the usage text to stdout, after a complaint to stderr. */
export class UsageExit extends MetaExit {
  readonly usage: string;
  constructor(programName: string, complaint = '') {
    super(EXIT.usage, complaint);
    this.usage = usageText(programName);
  }
}

/** `v06` is not among them: see `run.ts`. */
export function parseFormat(word: string): MetadataFormat {
  if (word === 'v07' || word === 'v08' || word === 'v09') return word;
  throw new MetaExit(EXIT.usage, `Unknown format '${word}'.`);
}

const INDEX_MAX = 255;

export function parsePlacement(word: string, format: MetadataFormat): Placement {
  if (word === 'internal') return format === 'v07' ? 'fixed-internal' : 'internal';
  if (word === 'flex-internal') return 'internal';
  if (word === 'flex-external') return 'flex-external';
  const index = parseCInteger(word);
  if (index === null || index > INDEX_MAX) throw new MetaExit(EXIT.usage, `'${word}' is not a valid index number.`);
  return { index };
}

/** As C reads numbers: 0x.. is hexadecimal, 0.. octal. */
export function parseCInteger(word: string): number | null {
  if (/^0[xX][0-9a-fA-F]+$/.test(word)) return Number.parseInt(word, 16);
  if (/^0[0-7]*$/.test(word)) return Number.parseInt(word, 8);
  return /^[1-9]\d*$/.test(word) ? Number(word) : null;
}

function parseMinor(word: string): number | null {
  const match = /^(?:\/dev\/drbd)?(\d+)$/.exec(word);
  return match?.[1] === undefined ? null : Number(match[1]);
}

export function parseSettings(parsed: ParsedArguments): Settings {
  const has = (name: OptionName): boolean => parsed.options.some((option) => option.name === name);
  const last = (name: OptionName): string | null =>
    parsed.options.filter((option) => option.name === name).at(-1)?.value ?? null;
  const size = (name: OptionName, unitBytes: number): number | null => {
    const value = last(name);
    return value === null ? null : parseSize(value, unitBytes);
  };
  const isNegative = /^-\d+$/.test(last('node-id') ?? '');
  const nodeId = isNegative ? -1 : size('node-id', 1);
  if (nodeId !== null && (nodeId < 0 || nodeId >= NODE_ID_COUNT))
    throw new MetaExit(EXIT.badValue, 'node-id out of range (0...31)');
  const peerMaxBioSizeBytes = size('peer-max-bio-size', 1);
  if (peerMaxBioSizeBytes !== null && peerMaxBioSizeBytes > 1024 * 1024) {
    throw new MetaExit(EXIT.badValue, 'peer-max-bio-size out of range (0...1M)');
  }
  return {
    force: has('force'),
    quiet: has('quiet'),
    verbosity: parsed.options.filter(({ name }) => name === 'verbose').length,
    dryRun: has('dry-run') || has('tentative'),
    ignoreSanityChecks: has('ignore-sanity-checks'),
    nodeId,
    peerMaxBioSizeBytes,
    alStripes: size('al-stripes', 1),
    alStripeSizeKiB: size('al-stripe-size-kB', 1024),
    initializeBitmap: parseInitializeBitmap(last('initialize-bitmap')),
    effectiveSizeSectors: size('effective-size', 512),
    diskfulPeers: parseNodeList(last('diskful-peers')),
    bitmapBlockSizeBytes: parseBitmapBlockSize(last('bitmap-block-size')),
    outputFormat: parseOutputFormat(last('output-format')),
    stateDirectory: last('var-lib-drbd'),
    initialCurrentUuid: parseInitialUuid(last('initial-current-uuid')),
    consistent: has('consistent'),
    uptodate: has('uptodate'),
    peersOutdated: has('peers-outdated'),
    rotateUuids: has('rotate-uuids'),
  };
}

/** Which option may go with which command. Source: metadata.md 6.3 step 5. */
export function checkOptionsFitCommand(invocation: Invocation, parsedOptions: ReadonlySet<string>): void {
  const { command, format, settings } = invocation;
  const refuse = (message: string): never => {
    throw new MetaExit(EXIT.badValue, message);
  };
  if (parsedOptions.has('peer-max-bio-size') && command !== 'create-md') {
    refuse('The --peer-max-bio-size option is only allowed with create-md');
  }
  if (settings.alStripes !== null || settings.alStripeSizeKiB !== null) {
    if (command !== 'create-md' && command !== 'restore-md') {
      refuse('The --al-stripe* options are only allowed with create-md and restore-md');
    }
    const blocks = (settings.alStripes ?? 1) * Math.floor((settings.alStripeSizeKiB ?? 32) / 4);
    if (blocks > AL_BLOCKS_MAX_CREATE) refuse('invalid (too large) al-stripe* settings');
    if (blocks < AL_BLOCKS_MIN) refuse('invalid (too small) al-stripe* settings');
  }
  const { nodeId } = COMMANDS[command];
  if (settings.nodeId !== null && nodeId === 'refused') {
    refuse(`The ${command} command does not accept the --node-id option`);
  }
  if (settings.nodeId === null && nodeId === 'required' && format === 'v09') {
    refuse(`The ${command} command requires the --node-id option`);
  }
  if (parsedOptions.has('output-format') && command !== 'dump-superblock') {
    refuse('The -o|--output-format option is only allowed with dump-superblock');
  }
  if (format !== 'v09') {
    if (settings.bitmapBlockSizeBytes !== null) refuse(`bitmap-block-size not supported with '${format}'`);
    for (const name of ['initial-current-uuid', 'consistent', 'uptodate', 'peers-outdated', 'rotate-uuids']) {
      if (parsedOptions.has(name)) refuse(`--${name} is not supported with '${format}'`);
    }
  }
}

function parseInitializeBitmap(word: string | null): InitializeBitmap {
  switch (word) {
    case null:
      return 'automatic';
    case 'automatic':
    case 'zeroout':
    case 'pwrite':
    case 'set-all':
    case 'skip':
      return word;
    default:
      throw new MetaExit(
        EXIT.badValue,
        `invalid initialize-bitmap mode "${word}", should be one of automatic|zeroout|pwrite|set-all|skip`,
      );
  }
}

function parseOutputFormat(word: string | null): OutputFormat {
  switch (word) {
    case null:
      return 'auto';
    case 'auto':
    case 'hex':
    case 'bin':
    case 'json':
      return word;
    case 'binary':
      return 'bin';
    default:
      throw new MetaExit(EXIT.badValue, `Unknown output format '${word}'`);
  }
}

/** `0xMASK`, or a list of node ids. */
function parseNodeList(word: string | null): readonly number[] {
  if (word === null) return [];
  const invalid = (part: string): MetaExit => new MetaExit(EXIT.badValue, `invalid node list / mask value '${part}'`);
  if (/^0x/i.test(word)) {
    if (!/^0x[0-9a-f]{1,8}$/i.test(word)) throw invalid(word);
    const mask = Number.parseInt(word, 16);
    return Array.from({ length: NODE_ID_COUNT }, (_, node) => node).filter((node) => (mask >>> node) & 1);
  }
  return word.split(',').map((part) => {
    if (!/^\d+$/.test(part) || Number(part) >= NODE_ID_COUNT) throw invalid(part);
    return Number(part);
  });
}

function parseBitmapBlockSize(word: string | null): number | null {
  if (word === null) return null;
  const size = parseSize(word, 1);
  // 0 asks for the default.
  if (size === 0) return null;
  if (size < BM_BYTES_PER_BIT_MIN || size > BM_BYTES_PER_BIT_MAX || !Number.isInteger(Math.log2(size))) {
    throw new MetaExit(EXIT.badValue, `bitmap-block-size must be a power of 2 within [4k .. 1M], not '${word}'`);
  }
  return size;
}

/** Bit 0 belongs to the role and is cleared (metadata.md 5). */
function parseInitialUuid(word: string | null): bigint | 'generate' | null {
  if (word === null || word === 'generate') return word;
  if (!/^(0x)?[0-9a-f]{1,16}$/i.test(word)) {
    throw new MetaExit(EXIT.badValue, `--initial-current-uuid: expected 'generate' or a hex value, got '${word}'`);
  }
  const uuid = BigInt(`0x${word.replace(/^0x/i, '')}`) & ~1n;
  if (uuid === 0n) throw new MetaExit(EXIT.badValue, '--initial-current-uuid: value must not be zero');
  return uuid;
}
