/**
 * One format into another, as create-md does it. The geometry of the result is that of `layout`; what the result
 * needs besides is said in metadata.md 7.4.
 */
import { createSuperblockV07, EMPTY_PEER } from '../create';
import { HISTORY_UUID_COUNT, NODE_ID_COUNT } from '../constants';
import type { MetadataLayout } from '../layout';
import { MdFlag, PeerMdFlag, hasFlags, withFlags, withoutFlags } from './flags';
import type { SuperblockV07 } from './v07';
import type { SuperblockV08 } from './v08';
import type { SuperblockV09 } from './v09';

/** Superblock flag of v08 and the peer flag of v09 that says the same. */
const MOVED_FLAGS = [
  [MdFlag.connectedInd, PeerMdFlag.connected],
  [MdFlag.fullSync, PeerMdFlag.fullSync],
  [MdFlag.peerOutDated, PeerMdFlag.outdated],
] as const;
const MOVED_MASK = MdFlag.connectedInd | MdFlag.fullSync | MdFlag.peerOutDated;

/** The bitmap UUID has no place to go: nobody knows yet which node the peer will be (metadata.md T13). */
export function convertV08ToV09(from: SuperblockV08, layout: MetadataLayout): SuperblockV09 {
  const peerFlags = MOVED_FLAGS.reduce((flags, [md, peer]) => (hasFlags(from.flags, md) ? flags | peer : flags), 0);
  return {
    kind: 'v09',
    ...geometry(from, layout),
    currentUuid: from.currentUuid,
    members: 0n,
    deviceUuid: from.deviceUuid,
    flags: withoutFlags(from.flags, MOVED_MASK),
    laPeerMaxBioSize: from.laPeerMaxBioSize,
    bmBytesPerBit: from.bmBytesPerBit,
    bmMaxPeers: 1,
    nodeId: -1,
    peers: Array.from({ length: NODE_ID_COUNT }, (_, node) =>
      node === 0 ? { ...EMPTY_PEER, flags: peerFlags } : EMPTY_PEER,
    ),
    historyUuids: Array.from({ length: HISTORY_UUID_COUNT }, (_, i) => from.historyUuids[i] ?? 0n),
  };
}

export function convertV09ToV08(from: SuperblockV09, layout: MetadataLayout): SuperblockV08 {
  const peer = from.peers[0] ?? EMPTY_PEER;
  const moved = MOVED_FLAGS.reduce((flags, [md, peerFlag]) => (hasFlags(peer.flags, peerFlag) ? flags | md : flags), 0);
  return {
    kind: 'v08',
    ...geometry(from, layout),
    currentUuid: from.currentUuid,
    bitmapUuid: peer.bitmapUuid,
    historyUuids: [from.historyUuids[0] ?? 0n, from.historyUuids[1] ?? 0n],
    deviceUuid: from.deviceUuid,
    flags: withFlags(from.flags, moved),
    state: 'clean',
    laPeerMaxBioSize: from.laPeerMaxBioSize,
    bmBytesPerBit: from.bmBytesPerBit,
    bmMaxPeers: 1,
  };
}

const UUID_STEP = 0x10000n;
const UUID_FROM_COUNTERS = 0xbaben;

export function convertV07ToV08(from: SuperblockV07, layout: MetadataLayout): SuperblockV08 {
  const low16 = (n: number): bigint => BigInt(n & 0xffff);
  const currentUuid =
    (low16(from.humanCount) << 48n) |
    (low16(from.timeoutCount) << 32n) |
    (low16(from.connectedCount + from.arbitraryCount) << 16n) |
    UUID_FROM_COUNTERS;
  const older = (steps: bigint): bigint => BigInt.asUintN(64, currentUuid - steps * UUID_STEP);
  return {
    kind: 'v08',
    ...geometry(from, layout),
    currentUuid,
    bitmapUuid: 0n,
    historyUuids: [older(1n), older(2n)],
    deviceUuid: 0n,
    flags: from.flags,
    state: 'clean',
    laPeerMaxBioSize: 0,
    bmBytesPerBit: from.bmBytesPerBit,
    bmMaxPeers: 1,
  };
}

/** UUIDs do not fit into counters: all of them become 0, flags too. */
export function convertV08ToV07(from: SuperblockV08, layout: MetadataLayout): SuperblockV07 {
  return {
    ...createSuperblockV07(layout),
    effectiveSizeSectors: from.effectiveSizeSectors,
    alNrExtents: from.alNrExtents,
    humanCount: 0,
    timeoutCount: 0,
    connectedCount: 0,
    arbitraryCount: 0,
  };
}

function geometry(from: SuperblockV07 | SuperblockV08 | SuperblockV09, layout: MetadataLayout) {
  return {
    effectiveSizeSectors: from.effectiveSizeSectors,
    alNrExtents: from.alNrExtents,
    mdSizeSectors: layout.mdSizeSectors,
    alOffsetSectors: layout.alOffsetSectors,
    bmOffsetSectors: layout.bmOffsetSectors,
    alStripes: layout.alStripes,
    alStripeSize4k: layout.alStripeSize4k,
  };
}
