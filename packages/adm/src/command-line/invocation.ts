/** One command line of drbdadm, taken apart. Source: adm.md 1.1, 1.2, 1.4, 1.11. */
import {
  ALIASES,
  COMMANDS,
  commandRow,
  isCommandName,
  type CommandName,
  type CommandRow,
} from '../commands/command-table';
import { OPTION_LISTS } from '../commands/option-lists';
import { AdmExit, EXIT } from '../adm-exit';
import { GENERAL_LONG_OPTIONS, GENERAL_SHORT_OPTIONS, type GeneralOption } from './general-options';
import { parseArguments, type LongOption } from './getopt';
import { hiddenCommandsText, usageText } from './help';
import { suggestion } from './suggestion';

export interface Invocation {
  readonly command: CommandName;
  /** As typed; never empty words, never control characters. */
  readonly resourceWords: readonly string[];
  readonly settings: Settings;
  /** To be passed on, in the order of adm.md 1.4 rule 6: `--name`, `--name=value`, or what -W gave. */
  readonly backendOptions: readonly string[];
}

export interface Settings {
  readonly stacked: boolean;
  readonly dryRun: boolean;
  readonly verbosity: number;
  /** `-` is stdin; null: the first of the usual places. */
  readonly configFile: string | null;
  readonly testFiles: readonly string[];
  readonly excludedFiles: readonly string[];
  readonly setupProgram: string | null;
  readonly metaProgram: string | null;
  readonly proxyProgram: string | null;
  readonly shellVariable: string | null;
}

export type ParsedLine =
  | { readonly kind: 'invocation'; readonly invocation: Invocation; readonly remarks: readonly string[] }
  | { readonly kind: 'version' };

type OptionId = GeneralOption | 'backend';

/** Errors: AdmExit with the usage text, or with getopt's message. */
export function parseCommandLine(argv: readonly string[], programName: string): ParsedLine {
  const given = new Map<GeneralOption, string[]>();
  const remarks: string[] = [];
  const looseOptions: string[] = [];
  const longBackendOptions: string[] = [];
  const resourceWords: string[] = [];
  let command: CommandName | null = null;
  let wantsHelp = false;

  for (const argument of parseArguments<OptionId>(argv, longOptions(), GENERAL_SHORT_OPTIONS)) {
    if (argument.kind === 'error') {
      throw new AdmExit(EXIT.usage, `${programName}: ${argument.message}\ntry '${programName} help'`);
    }
    if (argument.kind === 'word') {
      if (command !== null) {
        resourceWords.push(argument.word);
      } else if (argument.word === 'help') {
        wantsHelp = true;
      } else {
        command = commandOf(argument.word, programName, remarks);
        if (command === null) looseOptions.push(argument.word);
      }
    } else if (argument.id === 'backend') {
      longBackendOptions.push(argument.value === null ? `--${argument.name}` : `--${argument.name}=${argument.value}`);
    } else if (argument.id === 'version') {
      return { kind: 'version' };
    } else if (argument.id === 'help') {
      wantsHelp = true;
    } else if (argument.id === 'setup-option') {
      looseOptions.push(argument.value ?? '');
    } else {
      given.set(argument.id, [...(given.get(argument.id) ?? []), argument.value ?? '']);
    }
  }

  if (wantsHelp) {
    throw new AdmExit(command === null ? EXIT.usage : EXIT.ok, usageText(programName, command), 'stdout');
  }
  if (command === null) throw noCommand(looseOptions[0], programName);
  refuseForeignOptions(command, longBackendOptions, programName);
  const settings = settingsOf(given, remarks);
  if (settings.testFiles.length > 0 && !TAKES_TEST_FILES.has(command)) {
    throw new AdmExit(EXIT.usage, 'The --config-to-test (-t) option is only allowed with the dump and sh-nop commands');
  }
  checkResourceWords(command, resourceWords, programName, remarks);
  return {
    kind: 'invocation',
    invocation: { command, resourceWords, settings, backendOptions: [...looseOptions, ...longBackendOptions] },
    remarks,
  };
}

const TAKES_TEST_FILES: ReadonlySet<CommandName> = new Set<CommandName>(['dump', 'dump-xml', 'sh-nop']);

/** Every option of every command is known from the start, so that it may stand before the command. */
function longOptions(): readonly LongOption<OptionId>[] {
  const passed = (Object.values(COMMANDS) as readonly CommandRow[]).flatMap(({ options }) =>
    options === undefined ? [] : OPTION_LISTS[options],
  );
  return [...GENERAL_LONG_OPTIONS, ...passed.map(({ name, argument }) => ({ name, argument, id: 'backend' as const }))];
}

function commandOf(word: string, programName: string, remarks: string[]): CommandName | null {
  if (word === 'hidden-commands') throw new AdmExit(EXIT.ok, hiddenCommandsText(programName), 'stdout');
  const alias = ALIASES[word];
  if (alias !== undefined) {
    remarks.push(`'${programName} ${word}' is deprecated, use '${programName} ${alias}' instead.`);
    return alias;
  }
  return isCommandName(word) ? word : null;
}

function noCommand(word: string | undefined, programName: string): AdmExit {
  if (word === undefined) {
    return new AdmExit(EXIT.usage, `${usageText(programName, null)}\nNo command specified\n`, 'stdout');
  }
  // Scripts made for drbdadm get its words and no more.
  const meant = programName.startsWith('ts') ? suggestion(word, Object.keys(COMMANDS)) : undefined;
  const hint = meant === undefined ? '' : `\nDid you mean '${meant}'?`;
  return new AdmExit(EXIT.usage, `${programName}: Unknown command '${word}'${hint}`);
}

function refuseForeignOptions(command: CommandName, backendOptions: readonly string[], programName: string): void {
  const list = commandRow(command).options;
  const known = new Set((list === undefined ? [] : OPTION_LISTS[list]).map(({ name }) => name));
  for (const option of backendOptions) {
    const name = option.slice(2).split('=', 1)[0] ?? '';
    if (known.has(name) || command === 'set-gi') continue;
    throw new AdmExit(
      EXIT.usage,
      `${programName}: unrecognized option '--${name}'\ntry '${programName} help ${command}'`,
    );
  }
}

function settingsOf(given: ReadonlyMap<GeneralOption, readonly string[]>, remarks: string[]): Settings {
  const last = (name: GeneralOption) => given.get(name)?.at(-1) ?? null;
  let shellVariable = last('sh-varname');
  if (shellVariable !== null && !/^[A-Za-z0-9_]*$/.test(shellVariable)) {
    remarks.push(`ignored --sh-varname=${shellVariable}: contains suspect characters, allowed set is [a-zA-Z0-9_]`);
    shellVariable = null;
  }
  return {
    stacked: given.has('stacked'),
    dryRun: given.has('dry-run'),
    verbosity: given.get('verbose')?.length ?? 0,
    configFile: last('config-file'),
    testFiles: given.get('config-to-test') ?? [],
    excludedFiles: given.get('config-to-exclude') ?? [],
    setupProgram: last('drbdsetup'),
    metaProgram: last('drbdmeta'),
    proxyProgram: last('drbd-proxy-ctl'),
    shellVariable,
  };
}

function checkResourceWords(
  command: CommandName,
  words: readonly string[],
  programName: string,
  remarks: string[],
): void {
  for (const word of words) {
    if (word === '') throw new AdmExit(EXIT.usage, 'Resource name is empty.');
    // eslint-disable-next-line no-control-regex -- exactly these bytes are refused
    if (/[\x00-\x1f\x7f]/.test(word)) {
      throw new AdmExit(EXIT.usage, "Resource name is invalid - please don't use control characters.");
    }
  }
  const { names } = commandRow(command);
  if (names === 'required' && words.length === 0) {
    throw new AdmExit(EXIT.usage, `${usageText(programName, command)}\nNo resource names specified\n`, 'stdout');
  }
  if (names === 'ignored' && words.length > 0) remarks.push('This command will ignore resource names!');
}
