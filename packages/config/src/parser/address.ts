/** `[family] ADDR:PORT`. Source: config.md 3. */
import type { Address, AddressFamily } from '../model';
import { scaledInteger } from './integer';
import type { TokenStream } from './token-stream';

export function parseAddress(tokens: TokenStream): Address {
  const { family, address } = parseFamilyAndHost(tokens);
  tokens.expectPunctuation(':');
  const port = tokens.expectInteger();
  tokens.checkRange('port', port, scaledInteger(port), 1, 65535);
  return { family, address, port };
}

function parseFamilyAndHost(tokens: TokenStream): { family: AddressFamily; address: string } {
  const token = tokens.next();
  if (token.kind === 'ipv4-address') return { family: 'ipv4', address: token.text };
  switch (token.word) {
    case 'ipv4':
      return { family: 'ipv4', address: parseIpv4(tokens) };
    case 'sdp':
      return { family: 'sdp', address: parseIpv4(tokens) };
    case 'ssocks':
    case 'sci':
      return { family: 'ssocks', address: parseIpv4(tokens) };
    case 'ipv6': {
      tokens.expectPunctuation('[');
      const { kind, text: address } = tokens.next();
      if (kind !== 'ipv6-address') throw tokens.expected('TK_IPADDR6');
      tokens.expectPunctuation(']');
      return { family: 'ipv6', address };
    }
  }
  throw tokens.expected('ssocks | sdp | ipv4 | ipv6 | <ipv4 address> ', 'without-number');
}

function parseIpv4(tokens: TokenStream): string {
  const token = tokens.next();
  if (token.kind !== 'ipv4-address') throw tokens.expected('TK_IPADDR');
  return token.text;
}
