/** Node ids: written, or made of the addresses for two hosts without them. Sources: config.md 5.2, 7.3 (C). */
import { ConfigError, EXIT_CANNOT_OPEN, type ResourceSection } from '../model';
import type { ParseRun } from '../parser/parse-run';
import { addressHash } from './crc32c';
import { missing } from './volumes';

export function assignNodeIds(run: ParseRun, resource: ResourceSection): void {
  for (const connection of resource.unsettledConnections) {
    if (connection.origin === 'written') continue;
    const [a, b] = connection.paths[0]?.endpoints ?? [];
    if (a?.host?.address === undefined || b?.host?.address === undefined) continue;
    if (a.host.nodeId !== undefined || b.host.nodeId !== undefined) continue;
    const difference =
      addressHash(a.host.address.address) - addressHash(b.host.address.address) ||
      addressHash(a.proxy?.outside?.address ?? '') - addressHash(b.proxy?.outside?.address ?? '');
    if (difference === 0) throw new ConfigError('BAD LUCK, equal hashes', EXIT_CANNOT_OPEN);
    a.host.nodeId = difference > 0 ? '0' : '1';
    b.host.nodeId = difference > 0 ? '1' : '0';
  }
  for (const host of resource.hosts) {
    if (host.nodeId === undefined) missing(run, resource, host, 'node-id');
  }
}
