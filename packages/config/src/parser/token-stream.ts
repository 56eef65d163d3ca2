/** The tokens of one file as the grammar asks for them. Wording and lines of the messages: config.md 7.1, 2.3. */
import { Lexer } from '../lexer/lexer';
import type { Token } from '../lexer/token';
import { ConfigError, type Position } from '../model';
import type { ParseRun } from './parse-run';

const SHOWN_BYTES = 20;

/** As messages quote it: at most 20 characters. */
export function shown(text: string): string {
  return text.length > SHOWN_BYTES ? `${head(text)}...` : text;
}

function head(text: string): string {
  return text.slice(0, SHOWN_BYTES);
}

export class TokenStream extends Lexer {
  /** Line of the keyword that opened the statement (or the nested block) being read. */
  statementLine = 0;
  private lastPosition: Position;

  constructor(
    text: string,
    readonly run: ParseRun,
    readonly file: { readonly openedAs: string; readonly canonical: string },
  ) {
    super(text);
    this.lastPosition = { file: file.canonical, openedAs: file.openedAs, line: 1 };
  }

  /** Reads a statement's first token; messages about the statement name its line. */
  nextStatement(): Token {
    this.next();
    this.statementLine = this.line;
    return this;
  }

  position(line: number): Position {
    // Statements of one line share the object: a configuration has thousands of them.
    if (this.lastPosition.line !== line) {
      this.lastPosition = { file: this.file.canonical, openedAs: this.file.openedAs, line };
    }
    return this.lastPosition;
  }

  statementPosition(): Position {
    return this.position(this.statementLine);
  }

  /** `N:L: ` */
  where(line: number): string {
    return `${this.file.openedAs}:${line}: `;
  }

  /** Whether the token read last is this keyword or punctuation. */
  is(word: string): boolean {
    return this.raw === word;
  }

  get isAtEnd(): boolean {
    return this.raw === '';
  }

  /** An error at the token read last. */
  expected(what: string, form: 'with-number' | 'without-number' = 'with-number'): ConfigError {
    const number = form === 'with-number' ? ` (TK ${this.number})` : '';
    return new ConfigError(
      `${this.where(this.line)}Parse error: '${what}' expected,\n\tbut got '${shown(this.text)}'${number}`,
    );
  }

  expectPunctuation(text: string): void {
    this.next();
    if (this.raw !== text) throw this.expected(text);
  }

  expectKeyword(text: string, name: string): void {
    this.next();
    if (this.raw !== text) throw this.expected(name);
  }

  expectInteger(): string {
    this.next();
    if (this.kind !== 'integer') throw this.expected('TK_INTEGER');
    return this.text;
  }

  expectString(): string {
    this.next();
    if (this.kind !== 'string') throw this.badString();
    return this.text;
  }

  /** Why the token read last is no string. */
  badString(what = 'TK_STRING'): ConfigError {
    const { kind, text, line } = this;
    if (kind === 'word-too-long') return new ConfigError(`${this.where(line)}Token too long >>>${head(text)}...<<<`);
    if (kind === 'quoted-too-long') {
      return new ConfigError(`${this.where(line)}Double quoted string too long >>>${head(text)}...<<<`);
    }
    if (kind === 'unterminated') {
      return new ConfigError(
        `${this.where(line)}Unterminated double quoted string\n  we don't allow embedded newlines\n  >>>${head(text)}...<<<`,
      );
    }
    return this.expected(what);
  }

  /** A number that is kept as text but must lie in a range; the message is late. */
  checkRange(name: string, text: string, value: number, min: number, max: number): void {
    if (value >= min && value <= max) return;
    this.late(`${name} ${text} => ${value} out of range [${min}..${max}].`, this.statementLine);
  }

  late(text: string, line: number): void {
    this.run.diagnostics.push({ severity: 'late', text: `${this.where(line)}${text}` });
  }

  warn(text: string, line: number): void {
    this.run.diagnostics.push({ severity: 'warning', text: `${this.where(line)}${text}` });
  }

  /** A statement of the resource itself. */
  claim(what: string, resource: string, word: string): void {
    this.run.uniqueInResource.of(resource, '').claim(what, word, this.statementPosition());
  }
}
