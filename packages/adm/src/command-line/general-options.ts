/** The options that every command takes. Source: adm.md 1.1. */
import type { LongOption, OptionArgument, ShortOption } from './getopt';

interface GeneralOptionRow {
  readonly name: string;
  readonly letter: string;
  readonly argument: Exclude<OptionArgument, 'optional'>;
}

/** In the order of the usage text. The three helpers keep their original names, under which scripts pass them. */
export const GENERAL_OPTIONS = [
  { name: 'stacked', letter: 'S', argument: 'none' },
  { name: 'dry-run', letter: 'd', argument: 'none' },
  { name: 'verbose', letter: 'v', argument: 'none' },
  { name: 'config-file', letter: 'c', argument: 'required' },
  { name: 'config-to-test', letter: 't', argument: 'required' },
  { name: 'config-to-exclude', letter: 'E', argument: 'required' },
  { name: 'drbdsetup', letter: 's', argument: 'required' },
  { name: 'drbdmeta', letter: 'm', argument: 'required' },
  { name: 'drbd-proxy-ctl', letter: 'p', argument: 'required' },
  { name: 'sh-varname', letter: 'n', argument: 'required' },
  { name: 'version', letter: 'V', argument: 'none' },
  { name: 'setup-option', letter: 'W', argument: 'required' },
  { name: 'help', letter: 'h', argument: 'none' },
] as const satisfies readonly GeneralOptionRow[];

export type GeneralOption = (typeof GENERAL_OPTIONS)[number]['name'];

export const GENERAL_LONG_OPTIONS: readonly LongOption<GeneralOption>[] = GENERAL_OPTIONS.map((row) => ({
  name: row.name,
  argument: row.argument,
  id: row.name,
}));

export const GENERAL_SHORT_OPTIONS: readonly ShortOption<GeneralOption>[] = GENERAL_OPTIONS.map((row) => ({
  letter: row.letter,
  argument: row.argument,
  id: row.name,
}));
