/** Usage texts. Layout: setup.md 1.1. */
import type { OptionType } from '@tsdrbd/config/options';
import type { ArgumentName, SetupCommand } from '../commands/command';

const WIDTH_COLUMNS = 80;

export function generalUsage(commands: readonly SetupCommand[]): string {
  return [
    'tsdrbdsetup - Configure the DRBD engine.',
    '',
    'USAGE: tsdrbdsetup command {arguments} [options]',
    '',
    'Commands:',
    ...commands.map(({ name, summary }) => wrap([`    ${name}`, '-', ...summary.split(' ')], 8)),
    '',
    "Use 'tsdrbdsetup help command' for command-specific help.",
    '',
    '',
  ].join('\n');
}

export function commandUsage(command: SetupCommand): string {
  const words = command.arguments.map(argumentWord).join(' ');
  const options = optionWords(command);
  return [
    wrap([`tsdrbdsetup ${command.name}`, `- ${command.summary}`], 4),
    '',
    `USAGE: tsdrbdsetup ${command.name} ${words}`,
    ...(options.length === 0 ? [] : [`    ${wrap(options, 4, 4)}`]),
    '',
  ].join('\n');
}

function argumentWord(name: ArgumentName): string {
  return name === 'resource-or-all' ? '{ {resource} | all }' : `{${name}}`;
}

function optionWords(command: SetupCommand): string[] {
  if (command.kind === 'query') {
    return command.options.map(({ name, value }) => (value === 'none' ? `[--${name}]` : `[--${name}=...]`));
  }
  const setDefaults = command.offersSetDefaults ? ['[--set-defaults]'] : [];
  return [...setDefaults, ...command.options.map(({ name, type }) => `[--${name}=${valueWord(type)}]`)];
}

function valueWord(type: OptionType): string {
  switch (type.kind) {
    case 'boolean':
    case 'flag':
      return '{yes|no}';
    case 'enum':
      return `{${type.words.join('|')}}`;
    case 'number':
    case 'minor-reference':
      return `(${type.min} ... ${type.max})`;
    case 'number-or-word':
      return `{${Object.keys(type.words).join('|')}}|(${type.min} ... ${type.max})`;
    case 'string':
      return '<str>';
  }
}

/** Words into lines, continued with an indent. */
function wrap(words: readonly string[], indentColumns: number, firstColumns = 0): string {
  let column = firstColumns;
  return words
    .map((word, at) => {
      if (at === 0) {
        column += word.length;
        return word;
      }
      if (column + 1 + word.length > WIDTH_COLUMNS) {
        column = indentColumns + word.length;
        return `\n${' '.repeat(indentColumns)}${word}`;
      }
      column += 1 + word.length;
      return ` ${word}`;
    })
    .join('');
}
