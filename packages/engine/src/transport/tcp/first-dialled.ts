import { isIPv6 } from 'node:net';
import type { SocketKind } from '../../wire';
import type { ConnectorOptions } from '../link';

/**
 * Which socket the first dialled connection becomes. DRBD 8.4 always dials the data socket first, so that two
 * nodes that start together cross and have to flip coins. DRBD 9 since 9.0.4 compares the two ends' addresses:
 * the greater one dials the data socket first, the smaller one the meta socket. That works with both.
 * Source: wire.md 1.5.
 */
export function firstDialled(options: ConnectorOptions): SocketKind {
  const local = addressBytes(options.localHost, options.localPort);
  const peer = addressBytes(options.peerHost, options.peerPort);
  return Buffer.compare(local, peer) >= 0 ? 'data' : 'meta';
}

/** Port, then address, as in a socket address; the family is the same at both ends. */
function addressBytes(host: string, port: number): Buffer {
  const portBytes = Buffer.from([port >> 8, port & 0xff]);
  return Buffer.concat([portBytes, isIPv6(host) ? ipv6Bytes(host) : Buffer.from(host.split('.').map(Number))]);
}

function ipv6Bytes(host: string): Buffer {
  const bare = host.replace(/%.*$/, '').replace(/:(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) => {
    const group = (high: string, low: string): string => ((Number(high) << 8) | Number(low)).toString(16);
    return `:${group(a, b)}:${group(c, d)}`;
  });
  const [head = '', tail] = bare.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const missing = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array<string>(missing).fill('0'), ...groups(tail ?? '')];
  return Buffer.from(all.flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 0xff]));
}
