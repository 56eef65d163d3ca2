/** The tokens of drbd.conf. Source: config.md 2.1. */
export type TokenKind =
  | 'end'
  | 'punctuation'
  | 'keyword'
  | 'module-version'
  | 'ipv4-address'
  | 'ipv6-address'
  | 'integer'
  | 'string'
  /** A bare word of more than 128 characters. */
  | 'word-too-long'
  | 'quoted-too-long'
  | 'unterminated'
  | 'other';

/** The numbers that messages print as `(TK n)`; keywords have their own, and punctuation that of the character. */
export const TOKEN_NUMBER = {
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
} as const satisfies Readonly<Record<Exclude<TokenKind, 'keyword' | 'punctuation'>, number>>;

export interface Token {
  readonly kind: TokenKind;
  /** The text of a keyword or of punctuation; empty for all others. */
  readonly word: string;
  /** Without quotes and escapes; empty at the end of the file. */
  readonly text: string;
  /** The number that messages print as `(TK n)`. */
  readonly number: number;
  readonly line: number;
}
