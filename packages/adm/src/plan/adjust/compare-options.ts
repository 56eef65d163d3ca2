/** Do running options differ from configured ones? Source: adm.md 4.2. */
import type { ResolvedOption } from '@tsdrbd/config';
import { defaultValue, findOption, parseOptionValue, type OptionGroup, type OptionValue } from '@tsdrbd/config/options';
import type { RunningOptions } from '../../running-state/running-state';

/** Options that the engine does not know count as equal: they are not sent. */
export function optionsDiffer(
  group: OptionGroup,
  running: RunningOptions,
  configured: readonly ResolvedOption[],
): boolean {
  const sent = configured.filter(({ name }) => !running.unknown.has(name));
  const names = new Set([...running.settings, ...sent].map(({ name }) => name));
  return [...names].some(
    (name) => meaning(group, name, valueOf(running.settings, name)) !== meaning(group, name, valueOf(sent, name)),
  );
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
