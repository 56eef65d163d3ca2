import { EMPTY_PEER } from '@tsdrbd/engine/metadata';
import { dayZeroNode } from '../day-zero';
import { EXIT } from '../meta-exit';
import { withMetadata } from './command';

/** Source: metadata.md 9.7. */
export const forgetPeer = withMetadata('silent', async (context, area, { superblock }) => {
  const { nodeId } = context.invocation.settings;
  if (superblock.kind !== 'v09' || nodeId === null) {
    context.err('forget-peer is for v09 meta data only');
    return EXIT.failed;
  }
  const forgotten = superblock.peers[nodeId] ?? EMPTY_PEER;
  const source = dayZeroNode(superblock, nodeId);
  const sourcePeer = source === null ? EMPTY_PEER : (superblock.peers[source] ?? EMPTY_PEER);
  context.err(
    source === null
      ? `Setting all bits in slot ${forgotten.bitmapIndex} not implemented.`
      : `Copying bitmap slot ${sourcePeer.bitmapIndex} to ${forgotten.bitmapIndex} not implemented.`,
  );
  context.err('Do it with dump-md, edit, restore-md');
  const { bitmapUuid, bitmapDagtag } = sourcePeer;
  const peers = superblock.peers.map((peer, node) =>
    node === nodeId ? { bitmapUuid, bitmapDagtag, flags: 0, bitmapIndex: -1 } : peer,
  );
  if (area.writeSuperblock({ ...superblock, peers }) === 'written') return EXIT.ok;
  context.err('operation failed');
  return EXIT.declined;
});
