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

export interface Token {
  readonly kind: TokenKind;
  /** Without quotes and escapes; empty at the end of the file. */
  readonly text: string;
  /** The number that messages print as `(TK n)`. */
  readonly number: number;
  readonly line: number;
}
