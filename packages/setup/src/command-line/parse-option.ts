/** The value of one option, as the control API carries it. */
import type { OptionValue } from '@tsdrbd/engine/control';
import type { CommandOption } from './command-option';
import { EXIT_USAGE, SetupExit } from '../setup-exit';
import { parseNumber } from './parse-number';

/** `word` is null for an option without `=`. Throws SetupExit. */
export function parseOption(row: CommandOption, word: string | null): OptionValue {
  const { type } = row;
  const invalid = (): SetupExit =>
    new SetupExit(EXIT_USAGE, `Option --${row.name}: invalid argument '${word ?? ''}'\n`);
  switch (type.kind) {
    case 'boolean':
    case 'flag':
      if (word === null || word === 'yes') return true;
      if (word === 'no') return false;
      throw invalid();
    case 'number':
      return parseNumber(word ?? '', type.unit);
    case 'enum': {
      const found = type.words.find(
        (each) => each === word || (type.letterCase === 'ignored' && each === word?.toUpperCase()),
      );
      if (found === undefined) throw invalid();
      return found;
    }
    case 'number-or-word': {
      if (word !== null && Object.hasOwn(type.words, word)) return word;
      if (word === null || !/^\d+$/.test(word)) throw invalid();
      return Number(word);
    }
    case 'minor-reference':
      return parseNumber(word ?? '');
    case 'string':
      return word ?? '';
  }
}

/** Is a value obligatory, also as the next word? Flags and booleans take one only after `=`. */
export function needsValue(row: CommandOption): boolean {
  return row.type.kind !== 'boolean' && row.type.kind !== 'flag';
}
