import {
  MdFlag,
  PeerMdFlag,
  UUID_PRIMARY,
  withFlags,
  type AnySuperblock,
  type SuperblockV09,
} from '@tsdrbd/engine/metadata';
import { sectors } from '@tsdrbd/engine/units';
import type { MetaContext } from './context';

/** The options of create-md that say more than "just created". Source: metadata.md 5, 6.1. */
export function applyInitialState(context: MetaContext, superblock: AnySuperblock): AnySuperblock {
  const { effectiveSizeSectors, peerMaxBioSizeBytes } = context.invocation.settings;
  const sized =
    effectiveSizeSectors === null ? superblock : { ...superblock, effectiveSizeSectors: sectors(effectiveSizeSectors) };
  if (sized.kind === 'v07') return sized;
  const limited = peerMaxBioSizeBytes === null ? sized : { ...sized, laPeerMaxBioSize: peerMaxBioSizeBytes };
  return limited.kind === 'v09' ? applyV09State(context, limited) : limited;
}

function applyV09State(context: MetaContext, superblock: SuperblockV09): SuperblockV09 {
  const { settings } = context.invocation;
  const newUuid = (): bigint => context.system.randomUuid() & ~UUID_PRIMARY;
  const wantsUuid = settings.initialCurrentUuid !== null || settings.consistent || settings.uptodate;
  const currentUuid = !wantsUuid
    ? superblock.currentUuid
    : typeof settings.initialCurrentUuid === 'bigint'
      ? settings.initialCurrentUuid
      : newUuid();
  const flags = withFlags(
    superblock.flags,
    (settings.consistent || settings.uptodate ? MdFlag.consistent : 0) | (settings.uptodate ? MdFlag.wasUpToDate : 0),
  );
  const peers = superblock.peers.map((peer, node) => ({
    ...peer,
    flags: withFlags(
      peer.flags,
      (settings.diskfulPeers.includes(node) ? PeerMdFlag.deviceSeen : 0) |
        (settings.peersOutdated ? PeerMdFlag.outdated : 0),
    ),
  }));
  const result = { ...superblock, currentUuid, flags, peers };
  if (!settings.rotateUuids) return result;
  return {
    ...result,
    currentUuid: newUuid(),
    peers: peers.map((peer) => ({ ...peer, bitmapUuid: currentUuid })),
    historyUuids: superblock.historyUuids.map((uuid, i) => (i === 0 ? currentUuid : uuid)),
  };
}
