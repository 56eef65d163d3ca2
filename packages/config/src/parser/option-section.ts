/** `{ NAME VALUE; ... }`: sections of options, checked against the option table. Source: config.md 4.0. */
import { findOption, optionTable, parseOptionValue, type OptionGroup, type OptionRow } from '../options';
import type { OptionList } from '../model';
import { shown, type TokenStream } from './token-stream';

/** Where the options of a section go: the groups that it knows, in the order in which a name is looked up. */
export type OptionTargets = readonly (readonly [OptionGroup, OptionList])[];

/** Statements of a section besides its options; true if it took the statement at the token read last. */
export type ExtraStatement = (tokens: TokenStream) => boolean;

export interface OptionSectionRules {
  readonly targets: OptionTargets;
  /** What the message about an unknown name says: a text, or the names of a group. */
  readonly expected: string | { readonly namesOf: OptionGroup };
  readonly extra?: ExtraStatement;
  /** Older names, as in `syncer`. */
  readonly renamed?: ReadonlyMap<string, string>;
}

/** Reads up to and including the closing brace; the opening one has been read. */
export function parseOptionSection(tokens: TokenStream, rules: OptionSectionRules): void {
  tokens.run.lastSectionLine = tokens.line;
  for (;;) {
    tokens.next();
    if (tokens.is('}')) return;
    if (rules.extra?.(tokens)) continue;
    parseOption(tokens, rules);
  }
}

/** One option statement, whose name is the token read last. */
export function parseOption(tokens: TokenStream, rules: OptionSectionRules): void {
  const isUnknownMarker = tokens.is('_unknown');
  if (isUnknownMarker) tokens.next();
  const { option, list, negated } = lookUp(tokens, rules);
  const value = tokens.next();
  if (tokens.is(';')) {
    list.push({ name: option.name, value: isUnknownMarker ? undefined : negated ? 'no' : 'yes', inherited: false });
    return;
  }
  checkValue(tokens, option);
  list.push({ name: option.name, value: value.text, inherited: false });
  tokens.expectPunctuation(';');
}

interface Found {
  readonly option: OptionRow;
  readonly list: OptionList;
  readonly negated: boolean;
}

function lookUp(tokens: TokenStream, rules: OptionSectionRules): Found {
  const { text } = tokens;
  const negated = text.startsWith('no-');
  const plain = negated ? text.slice('no-'.length) : text;
  const name = rules.renamed?.get(plain) ?? plain;
  if (!tokens.isAtEnd) {
    for (const [group, list] of rules.targets) {
      const option = findOption(group, name);
      if (option !== undefined) return { option, list, negated };
    }
  }
  const { expected } = rules;
  const names = typeof expected === 'string' ? expected : namesOf(expected.namesOf);
  throw tokens.expected(names, 'without-number');
}

function checkValue(tokens: TokenStream, option: OptionRow): void {
  const { text, line } = tokens;
  const parsed = parseOptionValue(option, text);
  if (parsed.kind === 'value') return;
  const more =
    parsed.reason === 'too long'
      ? `\nmax len: ${parsed.maxBytes}`
      : parsed.reason === 'not valid' && parsed.allowed !== undefined
        ? `\nAllowed values are: ${parsed.allowed.join(' | ')}`
        : '';
  tokens.late(
    `Parse error: while parsing value ('${shown(text)}')\nfor ${option.name}. Value is ${parsed.reason}.${more}`,
    line,
  );
}

/** All names of a group, as messages list them. */
function namesOf(group: OptionGroup): string {
  return optionTable[group].map((option) => option.name).join(' | ');
}
