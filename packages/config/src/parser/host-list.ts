/** A list of host names up to the `{` or `;` that ends it. Source: config.md 3, 7.1. */
import { trimmed } from '../model';
import type { TokenStream } from './token-stream';

export function parseHostList(tokens: TokenStream, end: '{' | ';'): string[] {
  const names: string[] = [];
  for (;;) {
    const token = tokens.next();
    if (tokens.is(end) && names.length > 0) return trimmed(names);
    if (token.kind === 'string') names.push(token.text);
    else throw tokens.expected(tokens.is(end) ? 'TK_STRING' : `TK_STRING | '${end}'`);
  }
}
