/**
 * tsdrbdsetup: one command line in, its exit code out. Source of texts and exit codes: setup.md 1 and 3.
 */
import type { CliIo } from '@tsdrbd/config';
import type { OptionValue } from '@tsdrbd/engine/control';
import { ControlClient, ControlError } from '@tsdrbd/engine/control/client';
import { parseArguments } from './command-line/parse-arguments';
import { needsValue, parseOption } from './command-line/parse-option';
import { splitWords } from './command-line/split-words';
import type { OptionForm, SplitWords } from './command-line/split-words';
import { commandUsage, generalUsage } from './command-line/usage';
import { xmlHelp } from './command-line/xml-help';
import type { CommandContext, ConfigureCommand, QueryCommand, QueryOptions, SetupCommand } from './commands/command';
import { COMMANDS, findCommand } from './commands/command-table';
import { executeRequest } from './commands/execute-request';
import { unregister } from './registration';
import { EXIT_OK, EXIT_USAGE, SetupExit } from './setup-exit';

const HELP_WORDS: ReadonlySet<string | undefined> = new Set(['help', 'xml-help', '--help', '-h']);

/** `argv` without the program's name. Never rejects for what a user or the engine does wrong. */
export async function run(argv: readonly string[], io: CliIo): Promise<number> {
  const words = swapped(argv);
  if (HELP_WORDS.has(words[0])) return help(words[0] === 'xml-help' ? xmlHelp : commandUsage, words[1], io);
  const command = findCommand(words[0]);
  if (command === undefined) {
    io.stdout.write(generalUsage(COMMANDS) + (words[0] === undefined ? '' : '\ninvalid command\n'));
    return EXIT_USAGE;
  }
  const objectName = words.slice(1).find((word) => !word.startsWith('-')) ?? 'all';
  try {
    return await runCommand(command, words.slice(1), { io, client: new ControlClient(io.env) });
  } catch (error) {
    if (error instanceof SetupExit) {
      if (error.usage === 'command') io.stdout.write(commandUsage(command));
      if (error.usage === 'general') io.stdout.write(generalUsage(COMMANDS));
      io.stderr.write(error.message);
      return error.exitCode;
    }
    if (error instanceof ControlError) {
      io.stderr.write(`${objectName}: ${error.message}\n`);
      return EXIT_USAGE;
    }
    throw error;
  }
}

/** The old order, object first, is understood: `r0 role`; and `primary --help` means `--help primary`. */
function swapped(argv: readonly string[]): readonly string[] {
  const [first, second, ...rest] = argv;
  if (first === undefined || second === undefined || HELP_WORDS.has(first)) return argv;
  const objectFirst = findCommand(first) === undefined && findCommand(second) !== undefined;
  return objectFirst || second === '--help' || second === '-h' ? [second, first, ...rest] : argv;
}

function help(about: (command: SetupCommand) => string, name: string | undefined, io: CliIo): number {
  const command = findCommand(name);
  if (command !== undefined) {
    io.stdout.write(about(command));
    return EXIT_OK;
  }
  io.stdout.write(generalUsage(COMMANDS) + (name === undefined ? '' : '\nunknown command\n'));
  return EXIT_USAGE;
}

async function runCommand(command: SetupCommand, words: readonly string[], context: CommandContext): Promise<number> {
  const split = splitWords(command.name, words, optionForms(command));
  return command.kind === 'query' ? runQuery(command, split, context) : runConfigure(command, split, context);
}

async function runConfigure(command: ConfigureCommand, split: SplitWords, context: CommandContext): Promise<number> {
  const setDefaults = split.options.some(({ name }) => name === 'set-defaults');
  const options: Record<string, OptionValue> = {};
  for (const { name, value } of split.options) {
    const row = command.options.find((each) => each.name === name);
    if (row !== undefined) options[name] = parseOption(row, value);
  }
  const args = await parseArguments(command, split.positional, context.io);
  if (command.doneWithoutEngine && (await context.client.state('-')) === null) return EXIT_OK;
  const request = command.request(args, options, setDefaults);
  const exitCode = await executeRequest(context, args.objectName, request);
  if (exitCode === EXIT_OK && request.command === 'del-minor') unregister(context.io.env, { minors: [request.minor] });
  if (exitCode === EXIT_OK && request.command === 'del-resource')
    unregister(context.io.env, { resourceName: request.resource });
  return exitCode;
}

async function runQuery(command: QueryCommand, split: SplitWords, context: CommandContext): Promise<number> {
  const options = new Map<string, { count: number; value: string | null }>();
  for (const { name, value } of split.options) {
    options.set(name, { count: (options.get(name)?.count ?? 0) + 1, value });
  }
  const args = await parseArguments(command, split.positional, context.io);
  return command.run(context, args, options satisfies QueryOptions);
}

function optionForms(command: SetupCommand): readonly OptionForm[] {
  if (command.kind === 'query') return command.options;
  const own = command.options.map((row): OptionForm => ({
    name: row.name,
    ...(row.alias !== undefined && { alias: row.alias }),
    value: needsValue(row) ? 'required' : 'optional',
  }));
  return command.offersSetDefaults ? [{ name: 'set-defaults', value: 'none' }, ...own] : own;
}
