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

type Refused = (reason: string) => SetupExit;

/** Throws SetupExit, general usage, for what is not known; the text names the command, as drbdsetup's does. */
export function splitWords(commandName: string, words: readonly string[], forms: readonly OptionForm[]): SplitWords {
  const refused = (reason: string): SetupExit => new SetupExit(EXIT_USAGE, `${commandName}: ${reason}\n`, 'general');
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
      const form = findLong(given, word, forms, refused);
      const attached = at < 0 ? null : word.slice(at + 1);
      const texts = { shown: `--${form.name}`, missing: `option '--${form.name}' requires an argument` };
      options.push({ name: form.name, value: valueOf(form, texts, attached, queue, refused) });
    } else if (word.startsWith('-') && word.length > 1) {
      splitShort(word.slice(1), forms, queue, options, refused);
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
  refused: Refused,
): void {
  for (let at = 0; at < letters.length; at++) {
    const letter = letters[at] ?? '';
    const form = forms.find((each) => each.short === letter);
    if (form === undefined) throw refused(`invalid option -- '${letter}'`);
    const rest = letters.slice(at + 1);
    if (form.value === 'none' || rest === '') {
      const texts = { shown: `-${letter}`, missing: `option requires an argument -- '${letter}'` };
      options.push({
        name: form.name,
        value: form.value === 'required' ? valueOf(form, texts, null, queue, refused) : null,
      });
      continue;
    }
    options.push({ name: form.name, value: rest });
    return;
  }
}

/** Of several that begin so the first is meant, as long as they could be one: the same letter, the same need of a value. */
function findLong(given: string, word: string, forms: readonly OptionForm[], refused: Refused): OptionForm {
  const exact = forms.find((form) => form.name === given || form.alias === given);
  if (exact !== undefined) return exact;
  const matches = forms.filter((form) => form.name.startsWith(given) || form.alias?.startsWith(given));
  const [first] = matches;
  if (first === undefined) throw refused(`unrecognized option '${word}'`);
  if (matches.some(({ short, value }) => short !== first.short || value !== first.value)) {
    const names = matches.map((form) => `'--${form.name}'`).join(' ');
    throw refused(`option '--${given}' is ambiguous; possibilities: ${names}`);
  }
  return first;
}

function valueOf(
  form: OptionForm,
  { shown, missing }: { readonly shown: string; readonly missing: string },
  attached: string | null,
  queue: string[],
  refused: Refused,
): string | null {
  if (attached !== null && form.value === 'none') throw refused(`option '${shown}' doesn't allow an argument`);
  if (attached !== null || form.value !== 'required') return attached;
  const next = queue.shift();
  if (next === undefined) throw refused(missing);
  return next;
}
