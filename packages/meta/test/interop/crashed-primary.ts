/** Metadata as an engine leaves it when it dies as Primary: written as it is on disk, by neither of the two programs. */
import { closeSync, openSync, writeSync } from 'node:fs';
import {
  alTransactionBlockOffset,
  createMetadata,
  encodeAlTransaction,
  encodeSuperblock,
  MdFlag,
  PeerMdFlag,
  withFlags,
  type AlTransactionInput,
  type MetadataLayout,
  type Placement,
} from '@tsdrbd/engine/metadata';
import { sectors } from '@tsdrbd/engine/units';

export interface Shape {
  readonly deviceSizeBytes: number;
  readonly placement: Placement;
  readonly maxPeers: number;
  readonly alStripes?: number;
  readonly alStripeSizeKiB?: number;
}

/** More is not looked at by anybody, so that the largest devices cost no more than others. */
const DATA_SECTORS_MAX = 2 * 1024 ** 2 * 2 + 24;
const EXTENT_SECTORS = 8192;
const SECTORS_PER_WORD = 32 * 8;
const CONTEXT_SIZE = 1237;

export function writeCrashedPrimary(loop: string, shape: Shape): MetadataLayout {
  const { superblock, layout, writes } = createMetadata(shape);
  const { maxPeers, alStripes, alStripeSize4k } = layout;
  const dataSectors = Math.min(layout.usableDataSectors, DATA_SECTORS_MAX);
  const fd = openSync(loop, 'r+');
  const put = (bytes: Uint8Array, offset: number): void => void writeSync(fd, bytes, 0, bytes.length, offset);
  for (const write of writes) if (write.kind === 'bytes') put(write.bytes, write.offsetBytes);

  // Bits behind the end of the data are of no use to anybody, and not all of them are restored.
  const usedBytes = Math.floor(dataSectors / SECTORS_PER_WORD) * 4 * maxPeers;
  const noise = Uint8Array.from({ length: Math.min(usedBytes, 12_288) }, (_, i) => (i * 2654435761) >>> 13);
  put(noise, layout.bitmapOffsetBytes);
  // A run of words that are equal, at the end.
  const full = new Uint8Array(Math.min(usedBytes, 4096 * maxPeers)).fill(0xff);
  put(full, layout.bitmapOffsetBytes + usedBytes - full.length);

  for (const transaction of transactions(Math.floor((dataSectors - 1) / EXTENT_SECTORS))) {
    const { transactionNumber } = transaction;
    const offset = alTransactionBlockOffset(transactionNumber, alStripes, alStripeSize4k);
    put(encodeAlTransaction(transaction), layout.alOffsetBytes + offset);
  }
  const used = {
    ...superblock,
    currentUuid: 0x1234567890abcdefn,
    deviceUuid: 0xa5a5a5a5a5a5a5a5n,
    nodeId: 0,
    effectiveSizeSectors: sectors(dataSectors),
    flags: withFlags(0, MdFlag.consistent | MdFlag.wasUpToDate | MdFlag.primaryInd | MdFlag.crashedPrimary),
    // Node 1 has slot 0, and so on.
    peers: superblock.peers.map((peer, node) =>
      node === 0 || node > maxPeers
        ? peer
        : { ...peer, bitmapIndex: node - 1, bitmapUuid: BigInt(0x40 + node), flags: PeerMdFlag.deviceSeen },
    ),
    historyUuids: superblock.historyUuids.map((_, i) => (i < 5 ? BigInt(0x100 + i) : 0n)),
  };
  put(encodeSuperblock(used), layout.superblockOffsetBytes);
  closeSync(fd);
  return layout;
}

/** Extents hot in both halves of the log's slots, one of them no longer. */
function transactions(lastExtent: number): readonly AlTransactionInput[] {
  const free = new Array<number>(919).fill(0xffffffff);
  const upTo = (extent: number): number => Math.min(extent, lastExtent);
  return [
    {
      transactionNumber: 0,
      contextSize: CONTEXT_SIZE,
      updates: [
        { slot: 0, extent: 0 },
        { slot: 1, extent: upTo(2) },
        { slot: 1000, extent: Math.max(0, lastExtent - 1) },
      ],
      context: { slot: 0, extents: free },
    },
    {
      transactionNumber: 1,
      contextSize: CONTEXT_SIZE,
      updates: [{ slot: 1, extent: upTo(3) }],
      context: { slot: 919, extents: free.slice(0, CONTEXT_SIZE - 919) },
    },
  ];
}
