/**
 * Command line words into options and positional words, by the rules of getopt_long: any order, `--` ends the options,
 * an unambiguous beginning of a long option is enough. Source: setup.md 1.1.
 */
import { EXIT_USAGE, SetupExit } from '../setup-exit';

export interface OptionForm {
  readonly name: string;
  readonly short?: string;
  readonly alias?: string;
  /** 'optional': only after `=`. */
  readonly value: 'none' | 'optional' | 'required';
}

export interface SplitWords {
  readonly positional: readonly string[];
  /** In the order given; the value is null where none was. */
  readonly options: ReadonlyArray<{ readonly name: string; readonly value: string | null }>;
}

/** Throws SetupExit, general usage, for what is not known. */
export function splitWords(words: readonly string[], forms: readonly OptionForm[]): SplitWords {
  const positional: string[] = [];
  const options: Array<{ name: string; value: string | null }> = [];
  const queue = [...words];
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (word === '--') {
      positional.push(...queue);
      break;
    }
    if (word.startsWith('--')) {
      const at = word.indexOf('=');
      const given = at < 0 ? word.slice(2) : word.slice(2, at);
      const form = findLong(given, forms);
      const attached = at < 0 ? null : word.slice(at + 1);
      options.push({ name: form.name, value: valueOf(form, `--${form.name}`, attached, queue) });
    } else if (word.startsWith('-') && word.length > 1) {
      splitShort(word.slice(1), forms, queue, options);
    } else {
      positional.push(word);
    }
  }
  return { positional, options };
}

function splitShort(
  letters: string,
  forms: readonly OptionForm[],
  queue: string[],
  options: Array<{ name: string; value: string | null }>,
): void {
  for (let at = 0; at < letters.length; at++) {
    const letter = letters[at] ?? '';
    const form = forms.find((each) => each.short === letter);
    if (form === undefined) throw refused(`invalid option -- '${letter}'`);
    const rest = letters.slice(at + 1);
    if (form.value === 'none' || rest === '') {
      options.push({
        name: form.name,
        value: form.value === 'required' ? valueOf(form, `-${letter}`, null, queue) : null,
      });
      continue;
    }
    options.push({ name: form.name, value: rest });
    return;
  }
}

function findLong(given: string, forms: readonly OptionForm[]): OptionForm {
  const exact = forms.find((form) => form.name === given || form.alias === given);
  if (exact !== undefined) return exact;
  const matches = forms.filter((form) => form.name.startsWith(given) || form.alias?.startsWith(given));
  const [only, second] = matches;
  if (only === undefined) throw refused(`unrecognized option '--${given}'`);
  if (second !== undefined) {
    throw refused(
      `option '--${given}' is ambiguous; possibilities: ${matches.map((form) => `'--${form.name}'`).join(' ')}`,
    );
  }
  return only;
}

function valueOf(form: OptionForm, shown: string, attached: string | null, queue: string[]): string | null {
  if (attached !== null && form.value === 'none') throw refused(`option '${shown}' doesn't allow an argument`);
  if (attached !== null || form.value !== 'required') return attached;
  const next = queue.shift();
  if (next === undefined) throw refused(`option '${shown}' requires an argument`);
  return next;
}

function refused(reason: string): SetupExit {
  return new SetupExit(EXIT_USAGE, `tsdrbdsetup: ${reason}\n`, 'general');
}
