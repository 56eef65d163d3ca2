/**
 * The words of a dump. White space and comments (`#` to the end of the line) separate them.
 * Source: metadata.md 8.6.
 */
export type Token =
  | { readonly kind: 'keyword'; readonly line: number; readonly text: string }
  | { readonly kind: 'number'; readonly line: number; readonly value: number }
  | { readonly kind: 'hex'; readonly line: number; readonly digitCount: 8 | 16; readonly value: bigint }
  | { readonly kind: 'string'; readonly line: number; readonly text: string }
  | { readonly kind: 'punctuation'; readonly line: number; readonly text: string }
  | { readonly kind: 'invalid-character'; readonly line: number; readonly text: string }
  /** `problem` is what to say about it. */
  | { readonly kind: 'invalid-word'; readonly line: number; readonly problem: string }
  | { readonly kind: 'end'; readonly line: number };

const KEYWORDS = new Set([
  'version',
  'gc',
  'la-size-sect',
  'bm',
  'uuid',
  'bm-byte-per-bit',
  'device-uuid',
  'la-peer-max-bio-size',
  'al-stripes',
  'al-stripe-size-4k',
  'max-peers',
  'node-id',
  'current-uuid',
  'flags',
  'members',
  'peer',
  'bitmap-index',
  'bitmap-uuid',
  'bitmap-dagtag',
  'history-uuids',
  'bitmap',
  'times',
]);

const NUMBER_DIGITS_MAX = 19;
const STRING_MAX = 20;

/** One token at a time: a dump of a large device is long. */
export class Lexer {
  private at = 0;
  private line = 1;

  constructor(private readonly text: string) {}

  next(): Token {
    this.skipSpace();
    const { line } = this;
    if (this.at >= this.text.length) return { kind: 'end', line };
    const word = this.match(/[A-Za-z0-9_-]+/y);
    if (word !== null) return wordToken(word, line);
    const quoted = this.match(/"[^"\n]*"?/y);
    if (quoted !== null) {
      const inner = quoted.slice(1, -1);
      return quoted.length >= 2 && quoted.endsWith('"') && inner.length >= 1 && inner.length <= STRING_MAX
        ? { kind: 'string', line, text: inner }
        : { kind: 'invalid-word', line, problem: `line ${line}: invalid string: ${quoted} ...` };
    }
    const character = this.text.charAt(this.at++);
    return { kind: '{};[]'.includes(character) ? 'punctuation' : 'invalid-character', line, text: character };
  }

  private skipSpace(): void {
    const space = this.match(/(?:\s+|#[^\n]*)*/y) ?? '';
    for (const character of space) if (character === '\n') this.line++;
  }

  private match(pattern: RegExp): string | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found === undefined) return null;
    this.at += found.length;
    return found;
  }
}

function wordToken(word: string, line: number): Token {
  if (KEYWORDS.has(word)) return { kind: 'keyword', line, text: word };
  if (/^-?\d+$/.test(word)) {
    return word.replace('-', '').length <= NUMBER_DIGITS_MAX
      ? { kind: 'number', line, value: Number(word) }
      : { kind: 'invalid-word', line, problem: `line ${line}: number too big: ${word} ...` };
  }
  if (/^0x[0-9a-fA-F]+$/.test(word)) {
    const digitCount = word.length - 2;
    if (digitCount === 8 || digitCount === 16) return { kind: 'hex', line, digitCount, value: BigInt(word) };
    const problem = `line ${line}: invalid hex number (only 8 or 16 hex digits accepted): ${word} ...`;
    return { kind: 'invalid-word', line, problem };
  }
  return { kind: 'invalid-word', line, problem: `line ${line}: unknown token: ${word} ...` };
}
