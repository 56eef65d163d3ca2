/**
 * The tokens of a drbd.conf text, one at a time. The longest token wins, as in DRBD's scanner; no input is an error here:
 * what fits nowhere becomes a token of kind `other`. Source: config.md 2.1, 2.2.
 *
 * Configurations of a thousand resources have a hundred thousand tokens, and the program ends before V8 has optimized
 * much. A regular expression is native code from the start, so it does all that is done for each character.
 */
import { keywordNumbers } from './keywords';
import { TOKEN_NUMBER, type Token, type TokenKind } from './token';

const WORD_MAX = 128;

/** One character of a quoted string, escaped or not. */
const UNIT = String.raw`(?:[^"\\\n]|\\[^\n])`;
/** Every repetition but that of comments is bounded, so that no text takes long. */
const TOKENS = new RegExp(
  [
    '\n',
    // Nearly all words: they are in none of the other forms, and this one is decided soonest.
    String.raw`[g-zG-Z/._-][0-9A-Za-z/._-]{0,${WORD_MAX}}`,
    '[{};]',
    // IPv6 addresses: what begins with a few hexadecimal digits and a colon may be one.
    '(?=[0-9a-fA-F]{0,4}:)(?:::[fF]{4}:[0-9]{1,3}(?:\\.[0-9]{1,3}){3}' +
      '|(?:[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){0,5})?:(?:[0-9a-fA-F]{1,4})?:' +
      '(?:[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){0,5})?(?:%[A-Za-z0-9/._-]{1,128})?)',
    // One character more than a word may have: then it is too long.
    String.raw`[0-9A-Za-z/._-]{1,${WORD_MAX + 1}}`,
    '#[^\n]*',
    // Quoted strings, those that are too long, and those that end with the line.
    `"${UNIT}{0,255}"`,
    String.raw`"${UNIT}{255}(?:[^"\\\n]|\\(?=[^\n]))`,
    String.raw`"${UNIT}{0,255}\\?\n`,
    String.raw`[^ \t\r]`,
  ].join('|'),
  'g',
);

const INTEGER = /^[0-9]{1,8}[MKGs]?$/;
const IPV4_ADDRESS = /^[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}$/;
const MODULE_VERSION = /^[0-9]+\.[0-9]+\.[0-9]+$/;
const QUOTE = 34;
const HASH = 35;
const ZERO = 48;
const NINE = 57;
const WORD_CHARACTER = /^[0-9A-Za-z/._-]/;

/** Keywords and punctuation by their texts, as texts that are quick to compare: pieces of a file are not. */
const words = new Map<string, string>([...keywordNumbers.keys(), ...'{};[]:'].map((word) => [word, word]));

/** Of the text whose tokens are found at once: a lower bound. */
const CHUNK_LENGTH = 16 * 1024;

/** It is itself the token read last: nothing is found out about a token but what somebody asks. */
export class Lexer implements Token {
  line = 1;
  /** As it stands in the file, so with its quotes; empty at the end, and before the first. */
  raw = '';
  private raws: readonly string[] = [];
  private following = 0;
  private matchedEnd = 0;

  constructor(private readonly source: string) {}

  next(): Token {
    for (;;) {
      while (this.following === this.raws.length && this.matchedEnd < this.source.length) this.match();
      const raw = this.raws[this.following] ?? '';
      // The end is read again as often as somebody asks.
      if (raw !== '') this.following += 1;
      if (raw === '\n') {
        this.line += 1;
      } else if (raw.charCodeAt(0) !== HASH) {
        this.raw = raw;
        return this;
      }
    }
  }

  /** The tokens of some further lines; those of a whole file would be much to keep. None goes on behind its line. */
  private match(): void {
    const { matchedEnd, source } = this;
    const lineEnd = source.indexOf('\n', matchedEnd + CHUNK_LENGTH);
    this.matchedEnd = lineEnd < 0 ? source.length : lineEnd + 1;
    this.raws = source.slice(matchedEnd, this.matchedEnd).match(TOKENS) ?? [];
    this.following = 0;
  }

  get word(): string {
    return words.get(this.raw) ?? '';
  }

  get number(): number {
    const { kind, word } = this;
    if (kind === 'punctuation') return word.charCodeAt(0);
    return kind === 'keyword' ? (keywordNumbers.get(word) ?? 0) : TOKEN_NUMBER[kind];
  }

  get kind(): TokenKind {
    const { raw } = this;
    const code = raw.charCodeAt(0);
    if (code >= ZERO && code <= NINE) return kindOfNumber(raw);
    const { word } = this;
    if (word !== '') return keywordNumbers.has(word) ? 'keyword' : 'punctuation';
    if (raw === '') return 'end';
    if (code === QUOTE) return kindOfQuoted(raw);
    // A colon stands in nothing else that is longer.
    if (raw.includes(':')) return 'ipv6-address';
    if (raw.length === 1 && !WORD_CHARACTER.test(raw)) return 'other';
    return raw.length > WORD_MAX ? 'word-too-long' : 'string';
  }

  get text(): string {
    const { raw } = this;
    if (raw.charCodeAt(0) !== QUOTE || kindOfQuoted(raw) !== 'string') return raw;
    const inside = raw.slice(1, -1);
    return inside.includes('\\') ? inside.replace(/\\(.)/gs, '$1') : inside;
  }
}

/** Of a text that begins with a digit. */
function kindOfNumber(raw: string): TokenKind {
  if (INTEGER.test(raw)) return 'integer';
  if (IPV4_ADDRESS.test(raw)) return 'ipv4-address';
  if (raw.includes(':')) return 'ipv6-address';
  if (raw.length > WORD_MAX) return 'word-too-long';
  return MODULE_VERSION.test(raw) ? 'module-version' : 'string';
}

function kindOfQuoted(raw: string): TokenKind {
  if (raw.length === 1) return 'other';
  if (raw.endsWith('"')) return 'string';
  return raw.endsWith('\n') ? 'unterminated' : 'quoted-too-long';
}
