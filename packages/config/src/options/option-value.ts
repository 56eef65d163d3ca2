/** The value of an option: text to value, and whether a text is acceptable. Sources: config.md 4.0, 2.4. */
import { parseNumber } from './number';
import type { OptionRow, OptionType } from './option';

/** number (in the option's unit), yes/no, or text (enum word, string, quorum word, resync-after reference). */
export type OptionValue = number | boolean | string;

export type RefusedValue =
  | { readonly kind: 'refused'; readonly reason: 'not valid'; readonly allowed?: readonly string[] }
  | { readonly kind: 'refused'; readonly reason: "not 'yes' or 'no'" | 'not a number' | 'too small' | 'too big' }
  | { readonly kind: 'refused'; readonly reason: 'too long'; readonly maxBytes: number };

export type ParsedValue = { readonly kind: 'value'; readonly value: OptionValue } | RefusedValue;

/** `file`: drbd.conf, ranges count. `command`: drbdsetup, which leaves ranges to the engine (setup.md 1.2). */
export type ValueSource = 'file' | 'command';

export function parseOptionValue(option: OptionRow, text: string, source: ValueSource = 'file'): ParsedValue {
  const { type } = option;
  switch (type.kind) {
    case 'boolean':
    case 'flag':
      return text === 'yes' || text === 'no'
        ? accepted(text === 'yes')
        : { kind: 'refused', reason: "not 'yes' or 'no'" };
    case 'number': {
      const value = parseNumber(text, type.unit);
      if (value === undefined) return { kind: 'refused', reason: 'not a number' };
      return source === 'command' || type.range === 'unchecked' ? accepted(Number(value)) : inRange(value, type);
    }
    case 'enum': {
      const word = type.letterCase === 'ignored' ? text.toUpperCase() : text;
      return type.words.includes(word) ? accepted(word) : { kind: 'refused', reason: 'not valid', allowed: type.words };
    }
    case 'number-or-word': {
      if (text in type.words) return accepted(text);
      const value = parseNumber(text, '1');
      return value === undefined ? { kind: 'refused', reason: 'not valid' } : inRange(value, type);
    }
    case 'string': {
      if (text.length * UTF8_BYTES_MAX <= type.maxBytes) return accepted(text);
      const bytes = new TextEncoder().encode(text).length;
      return bytes <= type.maxBytes ? accepted(text) : { kind: 'refused', reason: 'too long', maxBytes: type.maxBytes };
    }
    case 'minor-reference': {
      if (source === 'file') return accepted(text);
      return /^-?[0-9]+$/.test(text) ? accepted(Number(text)) : { kind: 'refused', reason: 'not a number' };
    }
  }
}

/** Of one UTF-16 code unit. */
const UTF8_BYTES_MAX = 3;

function accepted(value: OptionValue): ParsedValue {
  return { kind: 'value', value };
}

function inRange(value: bigint, range: { readonly min: number; readonly max: number }): ParsedValue {
  if (value < BigInt(range.min)) return { kind: 'refused', reason: 'too small' };
  if (value > BigInt(range.max)) return { kind: 'refused', reason: 'too big' };
  return accepted(Number(value));
}

/** The value that holds where nothing is configured. */
export function defaultValue(type: OptionType): OptionValue {
  return type.kind === 'flag' ? false : type.default;
}
