/** Options that come from an outer section. Sources: config.md 6.1 to 6.3. */
import { findOption, parseNumber, type OptionGroup, type OptionRow } from '../options';
import { ConfigError, EXIT_CANNOT_OPEN, type OptionList, type OptionSetting } from '../model';

export interface Inheritance {
  readonly group: OptionGroup;
  /** Hears of options that two outer sections set to different values. */
  readonly conflict: (option: string, value: string, other: string) => void;
}

/**
 * Puts the options that `into` lacks in front of it, one by one: the inherited ones end up reversed, which the order
 * of drbdsetup's arguments shows. What `into` says itself stays.
 */
export function inherit(from: readonly OptionSetting[], into: OptionList, { group, conflict }: Inheritance): void {
  for (const option of from) {
    const own = into.find((candidate) => candidate.name === option.name);
    if (own === undefined) {
      into.unshift({ ...option, inherited: true });
    } else if (own.inherited && !sameValue(findOption(group, option.name), own.value, option.value)) {
      conflict(option.name, own.value ?? '', option.value ?? '');
    }
  }
}

/** Too small to leave 64 bits, whatever the unit. */
const PLAIN_NUMBER = /^[0-9]{1,8}[kKmMgGs]?$/;

/** By meaning: numbers after applying units; a text that is no number is an error even if both are the same. */
function sameValue(row: OptionRow | undefined, a: string | undefined, b: string | undefined): boolean {
  if (row === undefined || a === undefined || b === undefined) return a === b;
  switch (row.type.kind) {
    case 'number':
      return (a === b && PLAIN_NUMBER.test(a)) || numberOf(a, row.type.unit) === numberOf(b, row.type.unit);
    case 'boolean':
    case 'flag':
      return a === b;
    case 'enum':
      return row.type.letterCase === 'ignored' ? a.toUpperCase() === b.toUpperCase() : a === b;
    case 'string':
    case 'number-or-word':
    case 'minor-reference':
      return a === b;
  }
}

function numberOf(text: string, unit: '1' | 's' | 'k'): bigint {
  const value = parseNumber(text, unit);
  if (value === undefined) throw new ConfigError(`${text} is not a valid number`, EXIT_CANNOT_OPEN);
  return value;
}
