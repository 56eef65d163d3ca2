/**
 * A whole drbd.conf text to tokens. The longest token wins, as in DRBD's scanner; no input is an error here: what fits
 * nowhere becomes a token of kind `other`. Source: config.md 2.1, 2.2.
 *
 * Configurations of a thousand resources have a hundred thousand tokens, and the program ends before V8 has optimized
 * much: so one loop that keeps numbers in arrays, and no object or text per token.
 */
import { keywordNumbers } from './keywords';
import { TOKEN_NUMBER } from './token';

const WORD_MAX = 128;
const QUOTED_UNITS_MAX = 255;
/** Digits of one group of an IPv6 address. */
const GROUP_MAX = 4;

const NEWLINE = 10;
const QUOTE = 34;
const HASH = 35;
const COLON = 58;
const BACKSLASH = 92;

/** Character classes of the 128 ASCII characters; others have none. */
const BLANK = 1;
const WORD = 2;
const PUNCTUATION = 4;
const HEX = 8;
const DIGIT = 16;
const classes = new Uint8Array(128);
for (const c of ' \t\r') classes[c.charCodeAt(0)] = BLANK;
for (const c of '{};[]:') classes[c.charCodeAt(0)] = PUNCTUATION;
for (const c of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/._-') classes[c.charCodeAt(0)] = WORD;
for (const c of 'abcdefABCDEF') classes[c.charCodeAt(0)] = WORD | HEX;
for (const c of '0123456789') classes[c.charCodeAt(0)] = WORD | HEX | DIGIT;

function classOf(code: number): number {
  return code < 128 ? (classes[code] ?? 0) : 0;
}

/** Every repetition is bounded, so matching costs no more than a few hundred characters. */
const IPV6 =
  /(?:::[fF]{4}:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|(?:[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){0,5})?:(?:[0-9a-fA-F]{1,4})?:(?:[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){0,5})?(?:%[A-Za-z0-9/._-]{1,128})?)/y;
const IPV4_WORD = /^[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}$/;
const MODULE_VERSION_WORD = /^[0-9]+\.[0-9]+\.[0-9]+$/;
const INTEGER_WORD = /^[0-9]{1,8}[MKGs]?$/;
const PLAIN_INTEGER_MAX = 8;

/** Where the reserved words are found: by a hash of their characters, in the next free place behind it. */
const PLACES = 1024;
const placeNumbers = new Int32Array(PLACES);
const placeWords: string[] = new Array<string>(PLACES).fill('');
for (const [word, number] of keywordNumbers) {
  let hash = 0;
  for (let at = 0; at < word.length; at += 1) hash = nextHash(hash, word.charCodeAt(at));
  let place = hash & (PLACES - 1);
  while (placeNumbers[place] !== 0) place = (place + 1) & (PLACES - 1);
  placeNumbers[place] = number;
  placeWords[place] = word;
}

function nextHash(hash: number, code: number): number {
  return ((hash << 5) - hash + code) | 0;
}

/** The tokens in order; the last one is of kind `end`. */
export interface ScannedTokens {
  /** The numbers that tell the kinds. */
  readonly numbers: Int32Array;
  /** Where the token's text begins and ends; quotes are outside. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly lines: Int32Array;
  /** The texts of quoted strings with escapes, by the token's index. */
  readonly unescaped: ReadonlyMap<number, string>;
}

export function scan(text: string): ScannedTokens {
  const scanner = new Scanner(text);
  scanner.run();
  return scanner;
}

class Scanner implements ScannedTokens {
  numbers: Int32Array;
  starts: Int32Array;
  ends: Int32Array;
  lines: Int32Array;
  readonly unescaped = new Map<number, string>();

  constructor(private readonly text: string) {
    const capacity = (text.length >> 2) + 16;
    this.numbers = new Int32Array(capacity);
    this.starts = new Int32Array(capacity);
    this.ends = new Int32Array(capacity);
    this.lines = new Int32Array(capacity);
  }

  run(): void {
    const { text } = this;
    const { length } = text;
    let { numbers, starts, ends, lines } = this;
    let count = 0;
    let line = 1;
    let at = 0;
    while (at < length) {
      const start = at;
      const code = text.charCodeAt(at);
      const kind = code < 128 ? (classes[code] ?? 0) : 0;
      let number: number;
      at += 1;
      if (kind === BLANK) continue;
      if (kind === PUNCTUATION) {
        number = code;
        if (code === COLON) {
          const end = this.ipv6End(start, start);
          if (end > 0) {
            number = TOKEN_NUMBER['ipv6-address'];
            at = end;
          }
        }
      } else if ((kind & WORD) !== 0) {
        let hash = code;
        let next = NEWLINE;
        let common = kind;
        for (; at < length && at - start <= WORD_MAX; at += 1) {
          next = text.charCodeAt(at);
          const nextKind = next < 128 ? (classes[next] ?? 0) : 0;
          if ((nextKind & WORD) === 0) break;
          hash = ((hash << 5) - hash + next) | 0;
          common &= nextKind;
        }
        const end = next === COLON && at - start <= GROUP_MAX ? this.ipv6End(start, at) : 0;
        if (end > 0) {
          number = TOKEN_NUMBER['ipv6-address'];
          at = end;
        } else if ((kind & DIGIT) === 0) {
          number = this.wordNumber(hash, start, at);
        } else if ((common & DIGIT) !== 0 && at - start <= PLAIN_INTEGER_MAX) {
          number = TOKEN_NUMBER.integer;
        } else {
          number = this.numberedWord(start, at);
        }
      } else if (code === NEWLINE) {
        line += 1;
        continue;
      } else if (code === HASH) {
        const end = text.indexOf('\n', start);
        at = end < 0 ? length : end;
        continue;
      } else if (code === QUOTE) {
        const quoted = this.quoted(start, count);
        number = quoted.number;
        at = quoted.after;
      } else {
        number = TOKEN_NUMBER.other;
      }
      // One place is left for the end.
      if (count + 1 === numbers.length) {
        this.grow();
        ({ numbers, starts, ends, lines } = this);
      }
      const isQuoted = code === QUOTE && number === TOKEN_NUMBER.string;
      numbers[count] = number;
      starts[count] = isQuoted ? start + 1 : start;
      ends[count] = isQuoted ? at - 1 : at;
      lines[count] = line;
      count += 1;
    }
    numbers[count] = TOKEN_NUMBER.end;
    starts[count] = length;
    ends[count] = length;
    lines[count] = line;
  }

  private grow(): void {
    const capacity = this.numbers.length * 2;
    this.numbers = grown(this.numbers, capacity);
    this.starts = grown(this.starts, capacity);
    this.ends = grown(this.ends, capacity);
    this.lines = grown(this.lines, capacity);
  }

  private wordNumber(hash: number, start: number, end: number): number {
    const length = end - start;
    if (length > WORD_MAX) return TOKEN_NUMBER['word-too-long'];
    for (let place = hash & (PLACES - 1); placeNumbers[place] !== 0; place = (place + 1) & (PLACES - 1)) {
      const word = placeWords[place] ?? '';
      if (word.length === length && this.text.startsWith(word, start)) return placeNumbers[place] ?? 0;
    }
    return TOKEN_NUMBER.string;
  }

  /** A word that begins with a digit and is more than a few digits. */
  private numberedWord(start: number, end: number): number {
    if (end - start > WORD_MAX) return TOKEN_NUMBER['word-too-long'];
    const word = this.text.slice(start, end);
    if (INTEGER_WORD.test(word)) return TOKEN_NUMBER.integer;
    if (!word.includes('.')) return TOKEN_NUMBER.string;
    if (IPV4_WORD.test(word)) return TOKEN_NUMBER['ipv4-address'];
    return MODULE_VERSION_WORD.test(word) ? TOKEN_NUMBER['module-version'] : TOKEN_NUMBER.string;
  }

  /** The end of the IPv6 address that stands here, longer than the bare word; 0: there is none. */
  private ipv6End(start: number, colon: number): number {
    const { text } = this;
    for (let at = start; at < colon; at += 1) if ((classOf(text.charCodeAt(at)) & HEX) === 0) return 0;
    IPV6.lastIndex = start;
    return IPV6.test(text) ? IPV6.lastIndex : 0;
  }

  /** A quote stands at `start`; `index` is the token's. */
  private quoted(start: number, index: number): { readonly number: number; readonly after: number } {
    const { text } = this;
    let at = start + 1;
    let value = '';
    let copied = at;
    for (let units = 0; ; units += 1) {
      // Without an end of line the quote stands for itself.
      if (at >= text.length || (at === text.length - 1 && text.charCodeAt(at) === BACKSLASH)) {
        return { number: TOKEN_NUMBER.other, after: start + 1 };
      }
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        if (copied > start + 1) this.unescaped.set(index, value + text.slice(copied, at));
        return { number: TOKEN_NUMBER.string, after: at + 1 };
      }
      const escaped = code === BACKSLASH && at + 1 < text.length && text.charCodeAt(at + 1) !== NEWLINE;
      if (code === NEWLINE || (code === BACKSLASH && !escaped)) {
        // The rest of the line belongs to the token; its newline is not counted, as in DRBD's scanner.
        return {
          number: TOKEN_NUMBER.unterminated,
          after: Math.min(text.length, code === BACKSLASH ? at + 2 : at + 1),
        };
      }
      if (units === QUOTED_UNITS_MAX) return { number: TOKEN_NUMBER['quoted-too-long'], after: at + 1 };
      if (escaped) {
        value += text.slice(copied, at);
        copied = at + 1;
        at += 1;
      }
      at += 1;
    }
  }
}

function grown(array: Int32Array, capacity: number): Int32Array {
  const larger = new Int32Array(capacity);
  larger.set(array);
  return larger;
}
