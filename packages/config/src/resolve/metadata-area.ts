/** Where the metadata of volumes lies, as drbdmeta's command line says it. Sources: adm.md 3.3, 5.1. */
import type { ResolvedResource } from '../model';
import { findVolumes } from './lookup';

export interface MetadataArea {
  readonly resourceName: string;
  readonly volumeNumber: number;
  readonly minor: number;
  readonly nodeId: string;
  /** The backing disk itself for `internal`, else the meta-disk. */
  readonly device: string;
  /** `internal`, `flex-external`, or the number of a slot of 128 MiB. */
  readonly index: string;
  /** Bitmaps to make room for: connections whose peer has a disk, at least one. */
  readonly peerCount: number;
  /** Of the resource's connections, in the order of the configuration. */
  readonly peerNodeIds: readonly string[];
  /** Those that have a disk for this volume. */
  readonly diskfulPeerNodeIds: readonly string[];
}

/** The areas of `r0`, `r0/0`, `minor-0` or `/dev/drbd0`; volumes without a disk have none. */
export function findMetadataAreas(resources: readonly ResolvedResource[], name: string): readonly MetadataArea[] {
  return findVolumes(resources, name).flatMap(({ resource, volume }) => {
    const { backing, minor, number: volumeNumber } = volume;
    if (backing === null) return [];
    const { metaDisk } = backing;
    return [
      {
        resourceName: resource.name,
        volumeNumber,
        minor,
        nodeId: resource.nodeId,
        device: metaDisk.kind === 'internal' ? backing.disk : metaDisk.device,
        index: indexOf(metaDisk),
        peerCount: countPeers(resource),
        peerNodeIds: resource.connections.map(({ peerNodeId }) => peerNodeId),
        diskfulPeerNodeIds: diskfulPeers(resource, volumeNumber),
      },
    ];
  });
}

function indexOf(metaDisk: NonNullable<ResolvedResource['volumes'][number]['backing']>['metaDisk']): string {
  switch (metaDisk.kind) {
    case 'internal':
      return 'internal';
    case 'flexible':
      return 'flex-external';
    case 'indexed':
      return metaDisk.index;
  }
}

function countPeers({ connections }: ResolvedResource): number {
  const withDisk = connections.filter(({ peerDevices }) => peerDevices.some(({ peerHasDisk }) => peerHasDisk));
  return Math.max(1, withDisk.length);
}

function diskfulPeers({ connections }: ResolvedResource, volumeNumber: number): readonly string[] {
  return connections
    .filter(({ peerDevices }) => peerDevices.some((one) => one.volumeNumber === volumeNumber && one.peerHasDisk))
    .map(({ peerNodeId }) => peerNodeId);
}
