/**
 * The options of drbdmeta and the rules by which they are found among the arguments: anywhere, long names may be
 * abbreviated, `--` ends them. Source: metadata.md 6.1.
 */
export interface OptionRow {
  readonly long: string;
  readonly short?: string;
  readonly argument: 'none' | 'required';
}

export const OPTIONS = [
  { long: 'help', short: 'h', argument: 'none' },
  { long: 'force', short: 'f', argument: 'none' },
  { long: 'quiet', short: 'q', argument: 'none' },
  { long: 'verbose', short: 'v', argument: 'none' },
  { long: 'dry-run', argument: 'none' },
  { long: 'tentative', argument: 'none' },
  { long: 'ignore-sanity-checks', argument: 'none' },
  { long: 'peer-max-bio-size', short: 'p', argument: 'required' },
  { long: 'node-id', short: 'i', argument: 'required' },
  { long: 'al-stripes', short: 's', argument: 'required' },
  { long: 'al-stripe-size-kB', short: 'z', argument: 'required' },
  { long: 'initialize-bitmap', short: 'b', argument: 'required' },
  { long: 'effective-size', short: 'Z', argument: 'required' },
  { long: 'diskful-peers', short: 'D', argument: 'required' },
  { long: 'bitmap-block-size', short: 'B', argument: 'required' },
  { long: 'output-format', short: 'o', argument: 'required' },
  { long: 'var-lib-drbd', argument: 'required' },
  { long: 'initial-current-uuid', argument: 'required' },
  { long: 'consistent', argument: 'none' },
  { long: 'uptodate', argument: 'none' },
  { long: 'peers-outdated', argument: 'none' },
  { long: 'rotate-uuids', argument: 'none' },
] as const satisfies readonly OptionRow[];

/** Understood only where the command comes first: `create-md r0`. */
export const COMMAND_FIRST_OPTIONS = [
  { long: 'max-peers', argument: 'required' },
  { long: 'format', argument: 'required' },
  { long: 'index', argument: 'required' },
  { long: 'config-file', short: 'c', argument: 'required' },
] as const satisfies readonly OptionRow[];

export type OptionName = (typeof OPTIONS)[number]['long'] | (typeof COMMAND_FIRST_OPTIONS)[number]['long'];

export interface ParsedArguments {
  readonly kind: 'parsed';
  readonly words: readonly string[];
  /** In the order given; '' for an option without argument. */
  readonly options: readonly { readonly name: string; readonly value: string }[];
}

/** `message` lacks the name of the program. */
export interface OptionError {
  readonly kind: 'option-error';
  readonly message: string;
}

export function parseArguments(argv: readonly string[], rows: readonly OptionRow[]): ParsedArguments | OptionError {
  const words: string[] = [];
  const options: { name: string; value: string }[] = [];
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') {
      words.push(...rest.splice(0));
    } else if (word.startsWith('--')) {
      const error = takeLong(word, rest, rows, options);
      if (error !== null) return error;
    } else if (word.startsWith('-') && word.length > 1) {
      const error = takeShort(word.slice(1), rest, rows, options);
      if (error !== null) return error;
    } else {
      words.push(word);
    }
  }
  return { kind: 'parsed', words, options };
}

type Taken = { name: string; value: string }[];

function takeLong(word: string, rest: string[], rows: readonly OptionRow[], options: Taken): OptionError | null {
  const equals = word.indexOf('=');
  const name = word.slice(2, equals < 0 ? undefined : equals);
  const attached = equals < 0 ? null : word.slice(equals + 1);
  const exact = rows.filter((row) => row.long === name);
  const candidates = exact.length > 0 ? exact : rows.filter((row) => row.long.startsWith(name));
  const [row, second] = candidates;
  if (row === undefined) return optionError(`unrecognized option '--${name}'`);
  if (second !== undefined) {
    const all = candidates.map(({ long }) => `'--${long}'`).join(' ');
    return optionError(`option '--${name}' is ambiguous; possibilities: ${all}`);
  }
  if (row.argument === 'none') {
    if (attached !== null) return optionError(`option '--${row.long}' doesn't allow an argument`);
    options.push({ name: row.long, value: '' });
    return null;
  }
  const value = attached ?? rest.shift();
  if (value === undefined) return optionError(`option '--${row.long}' requires an argument`);
  options.push({ name: row.long, value });
  return null;
}

function takeShort(letters: string, rest: string[], rows: readonly OptionRow[], options: Taken): OptionError | null {
  for (let i = 0; i < letters.length; i++) {
    const letter = letters.charAt(i);
    const row = rows.find(({ short }) => short === letter);
    if (row === undefined) return optionError(`invalid option -- '${letter}'`);
    if (row.argument === 'none') {
      options.push({ name: row.long, value: '' });
      continue;
    }
    const attached = letters.slice(i + 1);
    const value = attached === '' ? rest.shift() : attached;
    if (value === undefined) return optionError(`option requires an argument -- '${letter}'`);
    options.push({ name: row.long, value });
    return null;
  }
  return null;
}

function optionError(message: string): OptionError {
  return { kind: 'option-error', message };
}
