/** Do running options differ from configured ones? Source: adm.md 4.2. */
import type { ResolvedOption } from '@tsdrbd/config';
import { defaultValue, findOption, parseOptionValue, type OptionGroup, type OptionValue } from '@tsdrbd/config/options';
import type { RunningOptions } from '../../running-state/running-state';

/** One option of either side, with the texts that the sides have for it. */
export interface ComparedOption {
  readonly name: string;
  readonly running: string | undefined;
  readonly configured: string | undefined;
  readonly isEqual: boolean;
}

export function optionsDiffer(
  group: OptionGroup,
  running: RunningOptions,
  configured: readonly ResolvedOption[],
): boolean {
  return compareOptions(group, running, configured).some(({ isEqual }) => !isEqual);
}

/**
 * The configured options in their order, then those that only run. Options that the engine does not know are left
 * out: they are not sent.
 */
export function compareOptions(
  group: OptionGroup,
  running: RunningOptions,
  configured: readonly ResolvedOption[],
): readonly ComparedOption[] {
  const sent = configured.filter(({ name }) => !running.unknown.has(name));
  const names = new Set([...sent, ...running.settings].map(({ name }) => name));
  return [...names].map((name) => {
    const [left, right] = [valueOf(running.settings, name), valueOf(sent, name)];
    const isEqual = meaning(group, name, left) === meaning(group, name, right);
    return { name, running: left, configured: right, isEqual };
  });
}

/** What a text means: numbers in the option's unit, booleans; without a text, the default. */
export function meaning(group: OptionGroup, name: string, text: string | undefined): OptionValue {
  const option = findOption(group, name);
  if (option === undefined) return text ?? '';
  if (text === undefined) return defaultValue(option.type);
  const parsed = parseOptionValue(option, text, 'command');
  return parsed.kind === 'value' ? parsed.value : text;
}

export function valueOf(settings: readonly ResolvedOption[], name: string): string | undefined {
  return settings.find((setting) => setting.name === name)?.value;
}
