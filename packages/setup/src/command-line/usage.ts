/** Usage texts. Layout: setup.md 1.1. */
import type { OptionType } from '@tsdrbd/config/options';
import type { ArgumentName, SetupCommand } from '../commands/command';

const WIDTH_COLUMNS = 80;

/** The name that usage texts speak of; the layout depends on its length. */
export const PROGRAM = 'tsdrbdsetup';

export function generalUsage(commands: readonly SetupCommand[], program = PROGRAM): string {
  return [
    `${program} - Configure the DRBD engine.`,
    '',
    `USAGE: ${program} command {arguments} [options]`,
    '',
    'Commands:',
    ...commands.map(({ name, summary }) => wrap([`    ${name}`, '-', ...summary.split(' ')], 8)),
    '',
    `Use '${program} help command' for command-specific help.`,
    '',
    '',
  ].join('\n');
}

export function commandUsage(command: SetupCommand, program = PROGRAM): string {
  const words = command.arguments.map(argumentWord).join(' ');
  const options = optionWords(command);
  const usage = `USAGE: ${program} ${command.name} ${words}`;
  const head = wrap([`${program} ${command.name}`, `- ${command.summary}`], 4);
  const headEnd = endsFull(head, 1) ? '\n    \n' : '\n\n';
  const usageEnd = endsFull(usage, 2) ? '\n    \n' : '\n';
  return `${head}${headEnd}${options.length === 0 ? `${usage}${usageEnd}` : `${usage}\n    ${wrap(options, 4, 4)}\n`}`;
}

/** The end of a line is written as a word is: where the line has no room for it, it comes after one more indent. */
function endsFull(text: string, neededColumns: number): boolean {
  const lastLine = text.slice(text.lastIndexOf('\n') + 1);
  return lastLine.length + 1 + neededColumns > WIDTH_COLUMNS;
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
