/** `proxy on HOSTS { inside ...; outside ...; options { } }`. Source: config.md 3. */
import type { ProxySection } from '../model';
import { parseAddress } from './address';
import { parseHostList } from './host-list';
import { parseProxyOptions } from './sections';
import type { TokenStream } from './token-stream';

/** The word `proxy` has been read. */
export function parseProxySection(tokens: TokenStream): ProxySection {
  tokens.run.hasProxies = true;
  tokens.expectKeyword('on', 'TK_ON');
  const proxy: ProxySection = {
    hosts: parseHostList(tokens, '{'),
    inside: undefined,
    outside: undefined,
    options: [],
    plugins: [],
  };
  for (;;) {
    tokens.next();
    if (tokens.is('}')) break;
    if (tokens.is('inside')) {
      proxy.inside = parseAddress(tokens);
      tokens.expectPunctuation(';');
    } else if (tokens.is('outside')) {
      proxy.outside = parseAddress(tokens);
      tokens.expectPunctuation(';');
    } else if (tokens.is('options')) {
      tokens.expectPunctuation('{');
      parseProxyOptions(tokens, proxy.options, proxy.plugins);
    } else {
      throw tokens.expected('inside | outside', 'without-number');
    }
  }
  for (const word of ['inside', 'outside'] as const) {
    if (proxy[word] === undefined) {
      tokens.late(
        `in section: proxy on ${proxy.hosts.join(' ')} { ... } }: '${word}' keyword missing.`,
        tokens.run.lastSectionLine,
      );
    }
  }
  return proxy;
}
