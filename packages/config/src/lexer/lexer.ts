/** The tokens of a drbd.conf text, one at a time. */
import { keywordNumbers } from './keywords';
import { scan, type ScannedTokens } from './scan';
import { TOKEN_NUMBER, type Token, type TokenKind } from './token';

/** Kind by token number; the numbers that are left are those of punctuation. */
const kinds: TokenKind[] = new Array<TokenKind>(Math.max(...keywordNumbers.values()) + 1).fill('punctuation');
/** Text by token number, where all tokens of a number have the same. */
const texts: string[] = new Array<string>(kinds.length).fill('');
for (const [word, number] of keywordNumbers) {
  kinds[number] = 'keyword';
  texts[number] = word;
}
for (const character of '{};[]:') texts[character.charCodeAt(0)] = character;
for (const [kind, number] of Object.entries(TOKEN_NUMBER)) kinds[number] = kind as keyof typeof TOKEN_NUMBER;

export class Lexer {
  private readonly scanned: ScannedTokens;
  private index = 0;
  private readonly current = { kind: 'end' as TokenKind, text: '', number: 0, line: 1 };
  /** The token read last: one object, which reading on changes. */
  readonly token: Token = this.current;

  constructor(private readonly text: string) {
    this.scanned = scan(text);
  }

  next(): Token {
    const { current, index, scanned } = this;
    const number = scanned.numbers[index] ?? TOKEN_NUMBER.end;
    const kind = kinds[number] ?? 'end';
    current.number = number;
    current.kind = kind;
    current.line = scanned.lines[index] ?? 0;
    current.text = kind === 'punctuation' || kind === 'keyword' ? (texts[number] ?? '') : this.textOf(index);
    // The end is read again as often as somebody asks.
    if (number !== TOKEN_NUMBER.end) this.index = index + 1;
    return current;
  }

  private textOf(index: number): string {
    const { ends, starts, unescaped } = this.scanned;
    return unescaped.size > 0 && unescaped.has(index)
      ? (unescaped.get(index) ?? '')
      : this.text.slice(starts[index], ends[index]);
  }
}
