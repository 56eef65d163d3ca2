/** What an option of drbdsetup takes, and how it is shown. */

/** What a plain number counts; a suffix (s, K, M, G) is converted to it, rounded up. Source: setup.md 1.2. */
export type OptionUnit = '1' | 's' | 'k';

export type OptionType =
  | {
      readonly kind: 'number';
      readonly min: number;
      readonly max: number;
      readonly default: number;
      readonly unit: OptionUnit;
    }
  | { readonly kind: 'boolean'; readonly default: boolean }
  /** Off unless given. */
  | { readonly kind: 'flag' }
  | { readonly kind: 'enum'; readonly words: readonly string[]; readonly default: string; readonly anyCase?: boolean }
  | {
      readonly kind: 'number-or-word';
      readonly words: readonly string[];
      readonly min: number;
      readonly max: number;
      readonly default: string | number;
    }
  | { readonly kind: 'string' }
  /** A key of the kernel's keyring, by description. */
  | { readonly kind: 'key' };

export interface OptionRow {
  readonly name: string;
  readonly type: OptionType;
  /** The unit as `show` words it. */
  readonly unitNote?: string;
  readonly alias?: string;
}

export const number = (
  name: string,
  min: number,
  max: number,
  byDefault: number,
  extra: { readonly unit?: OptionUnit; readonly note?: string } = {},
): OptionRow => ({
  name,
  type: { kind: 'number', min, max, default: byDefault, unit: extra.unit ?? '1' },
  ...(extra.note !== undefined && { unitNote: extra.note }),
});
export const boolean = (name: string, byDefault: 'yes' | 'no'): OptionRow => ({
  name,
  type: { kind: 'boolean', default: byDefault === 'yes' },
});
export const flag = (name: string, alias?: string): OptionRow => ({
  name,
  type: { kind: 'flag' },
  ...(alias !== undefined && { alias }),
});
/** The default is the first word unless said otherwise. */
export const choice = (name: string, words: readonly string[], byDefault: string = words[0] ?? ''): OptionRow => ({
  name,
  type: { kind: 'enum', words, default: byDefault },
});
export const text = (name: string): OptionRow => ({ name, type: { kind: 'string' } });
export const key = (name: string): OptionRow => ({ name, type: { kind: 'key' } });
