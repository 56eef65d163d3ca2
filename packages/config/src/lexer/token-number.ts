/** The number that messages print as `(TK n)` for a word of other texts in the same language. Source: config.md 2.5. */
import { Lexer } from './lexer';

export function tokenNumber(word: string): number {
  return new Lexer(word).next().number;
}
