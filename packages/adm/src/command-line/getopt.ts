/**
 * The rules of GNU getopt_long, which drbdadm's users know: options and words in any order, `--` ends the options,
 * long options may be cut to a prefix that names one kind of option. yargs can do none of permutation with unknown
 * words kept in order, prefixes, or the error texts (docs/decisions/0003-command-lines.md).
 */
export type OptionArgument = 'none' | 'optional' | 'required';

export interface LongOption<Id> {
  readonly name: string;
  readonly argument: OptionArgument;
  readonly id: Id;
}

export interface ShortOption<Id> {
  readonly letter: string;
  readonly argument: 'none' | 'required';
  readonly id: Id;
}

export type Argument<Id> =
  | { readonly kind: 'word'; readonly word: string }
  | { readonly kind: 'option'; readonly id: Id; readonly name: string; readonly value: string | null }
  | { readonly kind: 'error'; readonly message: string };

/** Yields until the caller stops asking: an error does not end the list, as in getopt. */
export function* parseArguments<Id>(
  argv: readonly string[],
  longOptions: readonly LongOption<Id>[],
  shortOptions: readonly ShortOption<Id>[],
): Generator<Argument<Id>> {
  let index = 0;
  while (index < argv.length) {
    const argument = argv[index++] ?? '';
    if (argument === '--') {
      for (const word of argv.slice(index)) yield { kind: 'word', word };
      return;
    }
    if (argument.startsWith('--')) {
      const parsed = parseLong(argument, longOptions);
      if (parsed.kind === 'needs-value') {
        const value = argv[index++];
        yield value === undefined
          ? { kind: 'error', message: `option '--${parsed.option.name}' requires an argument` }
          : { kind: 'option', id: parsed.option.id, name: parsed.option.name, value };
      } else {
        yield parsed;
      }
    } else if (argument.length > 1 && argument.startsWith('-')) {
      const rest = argv[index];
      let usedNext = false;
      for (const parsed of parseCluster(argument.slice(1), rest, shortOptions)) {
        usedNext ||= parsed.usedNext;
        yield parsed.argument;
      }
      if (usedNext) index++;
    } else {
      yield { kind: 'word', word: argument };
    }
  }
}

function parseLong<Id>(
  argument: string,
  longOptions: readonly LongOption<Id>[],
): Argument<Id> | { readonly kind: 'needs-value'; readonly option: LongOption<Id> } {
  const equals = argument.indexOf('=');
  const typed = argument.slice(2, equals < 0 ? undefined : equals);
  const value = equals < 0 ? null : argument.slice(equals + 1);
  const found = findLong(typed, argument, longOptions);
  if (found.kind === 'error') return found;
  const { option } = found;
  if (value !== null && option.argument === 'none') {
    return { kind: 'error', message: `option '--${option.name}' doesn't allow an argument` };
  }
  if (value === null && option.argument === 'required') return { kind: 'needs-value', option };
  return { kind: 'option', id: option.id, name: option.name, value };
}

function findLong<Id>(
  typed: string,
  argument: string,
  longOptions: readonly LongOption<Id>[],
): { readonly kind: 'found'; readonly option: LongOption<Id> } | { readonly kind: 'error'; readonly message: string } {
  const exact = longOptions.find(({ name }) => name === typed);
  if (exact) return { kind: 'found', option: exact };
  const [first, ...others] = longOptions.filter(({ name }) => name.startsWith(typed));
  if (!first) return { kind: 'error', message: `unrecognized option '${argument}'` };
  // Options that would do the same are not ambiguous: the first one is meant.
  const different = others.filter((other) => other.argument !== first.argument || other.id !== first.id);
  if (different.length === 0) return { kind: 'found', option: first };
  const possibilities = [first, ...different].map(({ name }) => ` '--${name}'`).join('');
  return { kind: 'error', message: `option '--${typed}' is ambiguous; possibilities:${possibilities}` };
}

function* parseCluster<Id>(
  cluster: string,
  next: string | undefined,
  shortOptions: readonly ShortOption<Id>[],
): Generator<{ argument: Argument<Id>; usedNext: boolean }> {
  for (let position = 0; position < cluster.length; position++) {
    const letter = cluster[position] ?? '';
    const option = shortOptions.find((candidate) => candidate.letter === letter);
    if (!option) {
      yield { argument: { kind: 'error', message: `invalid option -- '${letter}'` }, usedNext: false };
    } else if (option.argument === 'none') {
      yield { argument: { kind: 'option', id: option.id, name: letter, value: null }, usedNext: false };
    } else {
      const attached = cluster.slice(position + 1);
      const value = attached === '' ? next : attached;
      yield {
        argument:
          value === undefined
            ? { kind: 'error', message: `option requires an argument -- '${letter}'` }
            : { kind: 'option', id: option.id, name: letter, value },
        usedNext: attached === '' && value !== undefined,
      };
      return;
    }
  }
}
