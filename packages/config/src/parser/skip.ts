/** `skip words { ... }`: anything up to the brace that closes it. Source: config.md 3. */
import { ConfigError } from '../model';
import type { TokenStream } from './token-stream';

/** The word `skip` has been read. */
export function parseSkip(tokens: TokenStream): void {
  const { line } = tokens;
  let depth = 0;
  for (;;) {
    const token = tokens.next();
    if (token.kind === 'end') {
      throw new ConfigError(`${tokens.where(line)}reached eof while parsing this skip block.`);
    }
    if (tokens.is('{')) {
      depth += 1;
    } else if (tokens.is('}')) {
      // A stray `}` in front counts too: the original then goes on to the end of an inner block.
      depth -= 1;
      if (depth === 0) return;
    }
  }
}
