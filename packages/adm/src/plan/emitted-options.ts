/** Which options follow an emitted command. Source: adm.md 1.4 rules 4 and 5, 3.4. */
import type { ResolvedOption } from '@tsdrbd/config';
import { OPTION_LISTS, type OptionListName } from '../commands/option-lists';

/** Those of the command line that the emitted command knows; a name may be cut to a prefix. */
export function passedOn(backendOptions: readonly string[], list: OptionListName): readonly string[] {
  return backendOptions.filter((word) => {
    const name = optionName(word);
    return name !== '' && OPTION_LISTS[list].some((option) => option.name.startsWith(name));
  });
}

/** Configured options as words, less those that an option of the command line stands in for. */
export function configured(settings: readonly ResolvedOption[], backendOptions: readonly string[]): readonly string[] {
  return settings.filter(({ name }) => !backendOptions.some((word) => word.slice(2).startsWith(name))).map(optionWord);
}

export function optionWord({ name, value }: ResolvedOption): string {
  return `--${name}=${value}`;
}

export function isGiven(backendOptions: readonly string[], name: string): boolean {
  return backendOptions.some((word) => word === `--${name}` || word.startsWith(`--${name}=`));
}

export function givenValue(backendOptions: readonly string[], name: string): string | null {
  const word = backendOptions.findLast((candidate) => candidate.startsWith(`--${name}=`));
  return word === undefined ? null : word.slice(name.length + 3);
}

/** Behind the two dashes, before the value; words of one or two characters have none. */
function optionName(word: string): string {
  return word.slice(2).split('=', 1)[0] ?? '';
}
