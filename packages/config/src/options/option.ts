/** What an option is: one row of the option table. Sources: config.md 4, setup.md 9. */

/**
 * The option lists of DRBD. A `disk { }` section of drbd.conf holds three of them: `disk` (attach), `peer-device`
 * and `device` (new-minor).
 */
export type OptionGroup = 'net' | 'disk' | 'peer-device' | 'device' | 'resource' | 'handlers' | 'startup' | 'proxy';

/** The drbdsetup commands that take configuration options. */
export type SetupCommand =
  | 'new-resource'
  | 'resource-options'
  | 'new-minor'
  | 'attach'
  | 'disk-options'
  | 'resize'
  | 'new-peer'
  | 'net-options'
  | 'peer-device-options';

/** Unit of a plain number: as it is, 512-byte sectors, or KiB. */
export type NumberUnit = '1' | 's' | 'k';

/** Unit text that `show` prints behind the value (setup.md 6.3). */
export type UnitNote = 'bytes' | 'bytes/second' | 'seconds' | 'milliseconds' | '1/10 seconds';

export interface NumberType {
  readonly kind: 'number';
  /** Range in `unit`. */
  readonly min: number;
  readonly max: number;
  readonly default: number;
  readonly unit: NumberUnit;
  readonly note?: UnitNote;
  /** `unchecked`: drbd.conf accepts any number and the engine clamps it (al-extents). */
  readonly range?: 'unchecked';
}

export interface BooleanType {
  readonly kind: 'boolean';
  readonly default: boolean;
}

/** A boolean of drbd.conf that drbdsetup takes as a flag (`--diskless`). */
export interface FlagType {
  readonly kind: 'flag';
}

export interface EnumType {
  readonly kind: 'enum';
  /** The index is the wire value. */
  readonly words: readonly string[];
  readonly default: string;
  /** `ignored`: `a` is `A` (protocol only). */
  readonly letterCase?: 'ignored';
}

export interface StringType {
  readonly kind: 'string';
  readonly maxBytes: number;
  readonly default: string;
}

/** A number, or one of some words with numbers of their own (quorum). */
export interface NumberOrWordType {
  readonly kind: 'number-or-word';
  readonly min: number;
  readonly max: number;
  readonly words: Readonly<Record<string, number>>;
  readonly default: string;
}

/** `resync-after`: `resource` or `resource/volume` in drbd.conf, a minor number (-1 = none) for drbdsetup. */
export interface MinorReferenceType {
  readonly kind: 'minor-reference';
  readonly min: number;
  readonly max: number;
  readonly default: number;
}

export type OptionType =
  BooleanType | EnumType | FlagType | MinorReferenceType | NumberOrWordType | NumberType | StringType;

export interface OptionRow {
  readonly name: string;
  readonly group: OptionGroup;
  readonly type: OptionType;
  /** drbdsetup commands that take `--NAME=VALUE`; empty for options that drbdadm itself uses. */
  readonly commands: readonly SetupCommand[];
}
