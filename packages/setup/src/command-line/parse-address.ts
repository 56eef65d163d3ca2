/** `[local:|peer:][family:]host[:port]`. Source: setup.md 1.2. */
import { isIPv4, isIPv6 } from 'node:net';
import type { AddressFamily, EndpointAddress } from '@tsdrbd/engine/control';
import { EXIT_USAGE, SetupExit } from '../setup-exit';

export const DEFAULT_PORT = 7788;

/** Host names are looked up, the first answer counts. `note` gets what is said about an odd form. Throws SetupExit. */
export async function parseAddress(word: string, note: (line: string) => void): Promise<EndpointAddress> {
  const match = /^(?:(?:local|peer):)?(?:(ipv4|ipv6|sdp|ssocks):)?(.*)$/s.exec(word);
  const family = (match?.[1] ?? 'ipv4') as AddressFamily;
  const rest = match?.[2] ?? '';
  return family === 'ipv6' ? parseIpv6(rest, note) : parseIpv4(family, rest);
}

async function parseIpv4(family: AddressFamily, rest: string): Promise<EndpointAddress> {
  const at = rest.lastIndexOf(':');
  const host = at < 0 ? rest : rest.slice(0, at);
  const port = at < 0 ? DEFAULT_PORT : parsePort(rest.slice(at + 1), rest);
  const unknown = (): SetupExit =>
    new SetupExit(EXIT_USAGE, `can not resolve the hostname: gethostbyname(${host}): Unknown host\n`);
  if (host === '') throw unknown();
  return { family, address: isIPv4(host) ? host : await lookUp(host, 4, unknown), port };
}

async function parseIpv6(rest: string, note: (line: string) => void): Promise<EndpointAddress> {
  const bracketed = /^\[(.*)\](?::(.*))?$/s.exec(rest);
  const open = bracketed === null ? /^(.*):([^:]*)$/s.exec(rest) : null;
  const host = (bracketed ?? open)?.[1];
  if (host === undefined) throw new SetupExit(EXIT_USAGE, `unexpected ipv6 format: ${rest}\n`);
  const portWord = (bracketed ?? open)?.[2];
  const port = portWord === undefined ? DEFAULT_PORT : parsePort(portWord, rest);
  if (open !== null) note(`interpreting ipv6:${rest} as ipv6:[${host}]:${portWord ?? ''}`);
  const unknown = (): SetupExit => new SetupExit(EXIT_USAGE, `getaddrinfo ${host}: Name or service not known\n`);
  const [bare = ''] = host.split('%');
  return { family: 'ipv6', address: isIPv6(bare) ? host : await lookUp(host, 6, unknown), port };
}

async function lookUp(host: string, family: 4 | 6, unknown: () => SetupExit): Promise<string> {
  const { lookup } = await import('node:dns/promises');
  try {
    return (await lookup(host, { family })).address;
  } catch {
    // Whatever the resolver's reason, drbdsetup has one text for it.
    throw unknown();
  }
}

function parsePort(word: string, address: string): number {
  const port = Number(word);
  if (!/^\d+$/.test(word) || port < 1 || port > 65535) {
    throw new SetupExit(EXIT_USAGE, `${address}: '${word}' is not a valid port\n`);
  }
  return port;
}
