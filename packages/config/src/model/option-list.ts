/** One configured option. The value is the text of drbd.conf; `NAME;` alone is stored as `yes`, `no-NAME;` as `no`. */
export interface OptionSetting {
  readonly name: string;
  /** Undefined only for what `drbdsetup show` prints as `_unknown NAME;`. */
  readonly value: string | undefined;
  /** Came from an outer section (config.md 6.1). */
  readonly inherited: boolean;
}

/** Settings in DRBD's order: what was inherited stands in front, reversed (config.md 6.2). */
export type OptionList = OptionSetting[];

/** The value that counts: the first one of that name. */
export function settingOf(options: readonly OptionSetting[], name: string): string | undefined {
  return options.find((option) => option.name === name)?.value;
}
