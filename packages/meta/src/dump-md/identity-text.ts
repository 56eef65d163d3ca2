/** What the superblock says about generations and peers, in dump-md's form. Source: metadata.md 8.1, 8.3, 8.4. */
import { hasFlags, PeerMdFlag, type AnySuperblock, type PeerMd } from '@tsdrbd/engine/metadata';
import { hex32, hex64 } from '../hex';

export function formatIdentity(superblock: AnySuperblock): string {
  switch (superblock.kind) {
    case 'v07': {
      const { flags, humanCount, timeoutCount, connectedCount, arbitraryCount } = superblock;
      return `gc {\n    ${flags}; ${humanCount}; ${timeoutCount}; ${connectedCount}; ${arbitraryCount};\n}\n`;
    }
    case 'v08': {
      const uuids = [superblock.currentUuid, superblock.bitmapUuid, ...superblock.historyUuids];
      return `uuid {\n    ${uuids.map((uuid) => `0x${hex64(uuid)};`).join(' ')}\n    flags 0x${hex32(superblock.flags)};\n}\n`;
    }
    case 'v09':
      return [
        `node-id ${superblock.nodeId};\n`,
        `current-uuid 0x${hex64(superblock.currentUuid)};\n`,
        `flags 0x${hex32(superblock.flags)};\n`,
        `members 0x${hex64(superblock.members)};\n`,
        ...superblock.peers.map(formatPeer),
        formatHistory(superblock.historyUuids),
      ].join('');
  }
}

function formatPeer(peer: PeerMd, nodeId: number): string {
  const names = peerFlagNames(peer.flags);
  return (
    `peer[${nodeId}] {\n` +
    `    bitmap-index ${peer.bitmapIndex};\n` +
    `    bitmap-uuid 0x${hex64(peer.bitmapUuid)};\n` +
    `    bitmap-dagtag 0x${hex64(peer.bitmapDagtag)};\n` +
    `    flags 0x${hex32(peer.flags)};${names.length === 0 ? '' : ` # ${names.join(' | ')}`}\n}\n`
  );
}

const PEER_FLAG_NAMES: readonly (readonly [number, string])[] = [
  [PeerMdFlag.connected, 'connected'],
  [PeerMdFlag.outdated, '<=outdated'],
  [PeerMdFlag.fencing, 'fencing'],
  [PeerMdFlag.fullSync, 'full-sync'],
  [PeerMdFlag.deviceSeen, 'seen'],
  [PeerMdFlag.nodeExists, 'exists'],
];

function peerFlagNames(flags: number): readonly string[] {
  return Array.from({ length: 32 }, (_, bit) => (1 << bit) >>> 0)
    .filter((mask) => hasFlags(flags, mask))
    .map((mask) => PEER_FLAG_NAMES.find(([known]) => known === mask)?.[1] ?? `0x${mask.toString(16)}=?`);
}

const HISTORY_PER_LINE = 4;

function formatHistory(uuids: readonly bigint[]): string {
  let text = 'history-uuids {\n';
  for (let i = 0; i < uuids.length; i += HISTORY_PER_LINE) {
    const line = uuids.slice(i, i + HISTORY_PER_LINE).map((uuid) => `0x${hex64(uuid)};`);
    text += `        ${line.join(' ')}\n`;
  }
  return `${text}}\n`;
}
