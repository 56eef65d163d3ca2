/** The usage texts. Source: adm.md 9.3, transcripts of `help`. */
import { commandRow, commandsFor, type CommandName } from '../commands/command-table';
import { OPTION_LISTS } from '../commands/option-lists';
import { GENERAL_OPTIONS } from './general-options';
import { BUILD_TAG, VERSION_TEXT } from './version';

/** `command` null: the list of commands instead of one command's options. */
export function usageText(programName: string, command: CommandName | null): string {
  const general = GENERAL_OPTIONS.map(({ name, letter, argument }) =>
    argument === 'none' ? `  --${name}, -${letter}\n` : `  --${name}=..., -${letter} ...\n`,
  ).join('');
  const middle = command === null ? `\nCOMMANDS:\n${twoColumns(commandsFor('user'))}` : commandOptions(command);
  return (
    `\nUSAGE: ${programName} ${command ?? 'COMMAND'} [OPTION...] {all|RESOURCE...}\n` +
    `\nGENERAL OPTIONS:\n${general}${middle}\nVersion: ${VERSION_TEXT} (api:2)\nGIT-hash: ${BUILD_TAG}\n`
  );
}

function commandOptions(command: CommandName): string {
  const { options } = commandRow(command);
  if (options === undefined) return '';
  const lines = OPTION_LISTS[options].map(({ name, argument }) =>
    argument === 'required' ? `  --${name}=...\n` : `  --${name}[=...]\n`,
  );
  return `\nOPTIONS FOR ${command}:\n${lines.join('')}`;
}

export function hiddenCommandsText(programName: string): string {
  const parts = [
    [`These additional commands might be useful for writing\nnifty shell scripts around ${programName}:`, 'script'],
    ['These commands are used by the kernel part of DRBD to\ninvoke user mode helper programs:', 'kernel'],
    ['These commands ought to be used by experts and developers:', 'expert'],
  ] as const;
  return (
    parts.map(([introduction, audience]) => `\n${introduction}\n\n${twoColumns(commandsFor(audience))}`).join('') + '\n'
  );
}

const COLUMN_WIDTH = 35;

/** Sorted, filled column by column. */
function twoColumns(names: readonly string[]): string {
  const sorted = [...names].sort();
  const rowCount = Math.ceil(sorted.length / 2);
  const rows = sorted.slice(0, rowCount).map((left, row) => [left, sorted[rowCount + row]]);
  return rows
    .map((row) => row.map((name) => (name === undefined ? '' : ` ${name.padEnd(COLUMN_WIDTH)}`)).join('') + '\n')
    .join('');
}
