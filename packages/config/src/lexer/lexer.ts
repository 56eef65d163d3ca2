/**
 * Text of a drbd.conf file to tokens, one at a time. The longest token wins, as in DRBD's scanner; no input is an
 * error here: what fits nowhere becomes a token of kind `other`. Source: config.md 2.1, 2.2.
 */
import { keywordNumbers } from './keywords';
import type { Token, TokenKind } from './token';

const WORD_MAX = 128;
const QUOTED_UNITS_MAX = 255;

const TOKEN_NUMBER: Readonly<Record<Exclude<TokenKind, 'keyword' | 'punctuation'>, number>> = {
  end: 0,
  'module-version': 329,
  'ipv4-address': 279,
  integer: 280,
  string: 281,
  other: 282,
  'word-too-long': 296,
  'quoted-too-long': 297,
  unterminated: 298,
  'ipv6-address': 304,
};

const NEWLINE = 10;
const QUOTE = 34;
const HASH = 35;
const BACKSLASH = 92;
const COLON = 58;

/** Character classes of the 128 ASCII characters. */
const BLANK = 1;
const WORD = 2;
const PUNCTUATION = 4;
const HEX = 8;
const classes = new Uint8Array(128);
for (const c of ' \t\r') classes[c.charCodeAt(0)] = BLANK;
for (const c of '{};[]:') classes[c.charCodeAt(0)] = PUNCTUATION;
for (const c of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-') classes[c.charCodeAt(0)] = WORD;
for (const c of '0123456789abcdefABCDEF') classes[c.charCodeAt(0)] = WORD | HEX;

function classOf(code: number): number {
  return code < 128 ? (classes[code] ?? 0) : 0;
}

/** Every repetition is bounded, so matching costs no more than a few hundred characters. */
const IPV6 =
  /(?:::[fF]{4}:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|(?:[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){0,5})?:(?:[0-9a-fA-F]{1,4})?:(?:[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){0,5})?(?:%[A-Za-z0-9/._-]{1,128})?)/y;
const WORD_CHARACTERS = /[A-Za-z0-9/._-]{1,129}/y;
const IPV4_WORD = /^[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}$/;
const MODULE_VERSION_WORD = /^[0-9]+\.[0-9]+\.[0-9]+$/;
const INTEGER_WORD = /^[0-9]{1,8}[MKGs]?$/;

export class Lexer {
  private offset = 0;
  private line = 1;

  constructor(private readonly text: string) {}

  next(): Token {
    this.skipBlanks();
    const { text, offset } = this;
    if (offset >= text.length) return this.token('end', '', 0);
    const code = text.charCodeAt(offset);
    if (code === QUOTE) return this.quoted();
    const kind = classOf(code);
    if ((kind & HEX) !== 0 || code === COLON) {
      const address = this.ipv6();
      if (address !== undefined) return address;
    }
    if ((kind & WORD) !== 0) return this.word();
    if (kind === PUNCTUATION) {
      this.offset += 1;
      return { kind: 'punctuation', text: text[offset] ?? '', number: code, line: this.line };
    }
    return this.other();
  }

  private other(): Token {
    const character = this.text[this.offset] ?? '';
    this.offset += 1;
    return this.token('other', character);
  }

  /** Blanks, comments and newlines. */
  private skipBlanks(): void {
    const { text } = this;
    for (;;) {
      const code = text.charCodeAt(this.offset);
      if (code === NEWLINE) {
        this.line += 1;
        this.offset += 1;
      } else if (classOf(code) === BLANK) {
        this.offset += 1;
      } else if (code === HASH) {
        const end = text.indexOf('\n', this.offset);
        this.offset = end < 0 ? text.length : end;
      } else {
        return;
      }
    }
  }

  private word(): Token {
    const { text, offset: start } = this;
    WORD_CHARACTERS.lastIndex = start;
    WORD_CHARACTERS.test(text);
    const end = WORD_CHARACTERS.lastIndex;
    this.offset = end;
    const word = text.slice(start, end);
    if (word.length > WORD_MAX) return this.token('word-too-long', word);
    const keyword = keywordNumbers.get(word);
    if (keyword !== undefined) return { kind: 'keyword', text: word, number: keyword, line: this.line };
    return this.token(wordKind(word), word);
  }

  /** An IPv6 address, if one stands here that is longer than the bare word. */
  private ipv6(): Token | undefined {
    const { text, offset } = this;
    // Only up to four hex digits and a colon can open an address: most words are turned away here.
    let colon = offset;
    while (colon < offset + 4 && (classOf(text.charCodeAt(colon)) & HEX) !== 0) colon += 1;
    if (text.charCodeAt(colon) !== COLON) return undefined;
    IPV6.lastIndex = offset;
    const match = IPV6.exec(text)?.[0];
    if (match === undefined) return undefined;
    this.offset += match.length;
    return this.token('ipv6-address', match);
  }

  private quoted(): Token {
    const { text, offset: start } = this;
    let at = start + 1;
    let value = '';
    let copied = at;
    for (let units = 0; ; units += 1) {
      // Without an end of line the quote stands for itself.
      if (at >= text.length || (at === text.length - 1 && text.charCodeAt(at) === BACKSLASH)) return this.other();
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        this.offset = at + 1;
        return this.token('string', value + text.slice(copied, at));
      }
      const escaped = code === BACKSLASH && at + 1 < text.length && text.charCodeAt(at + 1) !== NEWLINE;
      if (code === NEWLINE || (code === BACKSLASH && !escaped)) return this.unterminated(at);
      if (units === QUOTED_UNITS_MAX) {
        this.offset = at + 1;
        return this.token('quoted-too-long', text.slice(start, at + 1));
      }
      if (escaped) {
        value += text.slice(copied, at);
        copied = at + 1;
        at += 1;
      }
      at += 1;
    }
  }

  /** The rest of the line belongs to the token; its newline is not counted, as in DRBD's scanner. */
  private unterminated(at: number): Token {
    const { text, offset: start } = this;
    this.offset = Math.min(text.length, text.charCodeAt(at) === BACKSLASH ? at + 2 : at + 1);
    return this.token('unterminated', text.slice(start, this.offset));
  }

  private token(kind: keyof typeof TOKEN_NUMBER, text: string, number = TOKEN_NUMBER[kind]): Token {
    return { kind, text, number, line: this.line };
  }
}

function wordKind(word: string): 'integer' | 'ipv4-address' | 'module-version' | 'string' {
  const first = word.charCodeAt(0);
  if (first < 48 || first > 57) return 'string';
  if (INTEGER_WORD.test(word)) return 'integer';
  if (IPV4_WORD.test(word)) return 'ipv4-address';
  return MODULE_VERSION_WORD.test(word) ? 'module-version' : 'string';
}
