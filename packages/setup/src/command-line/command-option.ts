/** An option of one command: rows of the option table fit, and what only a command knows is built here. */
import type { NumberUnit, OptionType, UnitNote } from '@tsdrbd/config/options';

export interface CommandOption {
  readonly name: string;
  readonly type: OptionType;
  readonly alias?: string;
}

export const flag = (name: string, alias?: string): CommandOption => ({
  name,
  type: { kind: 'flag' },
  ...(alias !== undefined && { alias }),
});
export const boolean = (name: string, byDefault: 'yes' | 'no'): CommandOption => ({
  name,
  type: { kind: 'boolean', default: byDefault === 'yes' },
});
/** Inclusive range in `unit`. */
export const number = (
  name: string,
  [min, max]: readonly [number, number],
  byDefault: number,
  unit: NumberUnit = '1',
  note?: UnitNote,
): CommandOption => ({
  name,
  type: { kind: 'number', min, max, default: byDefault, unit, ...(note !== undefined && { note }) },
});
