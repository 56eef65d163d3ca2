import { Disk } from '../../wire';
import type { Connection } from '../connection/connection';
import type { Resource } from '../resource/resource';

/**
 * Bit n: node n has current data of all volumes; as if `gone` were not there. For the handlers' environment.
 * Source: behaviour.md 10.3.
 */
export function upToDateNodes(resource: Resource, gone?: Connection): number {
  const devices = [...resource.devices.values()];
  let nodes = devices.every(({ diskState }) => diskState === Disk.UpToDate) ? 1 << resource.nodeId : 0;
  for (const connection of resource.connections.values()) {
    const copies = [...connection.peerDevices.values()];
    const current = copies.length > 0 && copies.every(({ pdsk }) => pdsk === Disk.UpToDate);
    if (connection !== gone && current) nodes |= 1 << connection.peerNodeId;
  }
  return nodes >>> 0;
}
