/**
 * `forget-peer`: the bitmap slots of a node that will not come back are free for another one.
 *
 * A slot that no peer uses collects all writes since the creation. A freed one gets what such a slot holds, with its
 * generation; where there is none, everything counts as written. Source: setup.md 2.5, behaviour.md 7.8, metadata.md 9.7.
 */
import { EMPTY_PEER } from '../../metadata';
import type { Device } from '../device/device';
import { ERR, type Done } from './reply-codes';
import type { Resource } from './resource';

const NODE_ID_MAX = 31;

export function forgetPeer(resource: Resource, peerNodeId: number, done: Done): void {
  if (peerNodeId < 0 || peerNodeId > NODE_ID_MAX) return done(ERR.ERR_INVALID_PEER_NODE_ID);
  if (resource.connections.has(peerNodeId)) return done(ERR.ERR_NET_CONFIGURED);
  let pending = 1;
  const finished = (): void => {
    if (--pending === 0) done(ERR.NO_ERROR);
  };
  for (const device of resource.devices.values()) {
    pending++;
    forgetOn(device, peerNodeId, finished);
  }
  finished();
}

function forgetOn(device: Device, peerNodeId: number, done: () => void): void {
  const { disk } = device;
  if (disk === null) return done();
  const { peers } = disk.superblock;
  const { bitmapIndex } = disk.peer(peerNodeId);
  const dayZero = peers.find(
    (peer, id) => id !== peerNodeId && id !== device.resource.nodeId && peer.bitmapIndex === -1 && peer.flags === 0,
  );
  const freed = disk.bitmaps[bitmapIndex];
  const used = new Set(peers.map((peer) => peer.bitmapIndex));
  const spare = disk.bitmaps.find((_, slot) => !used.has(slot));
  if (freed !== undefined) {
    if (spare === undefined) freed.setAll();
    else {
      freed.clearAll();
      spare.words.forEach((word, index) => void freed.mergeWord(index, word));
    }
  }
  disk.updatePeer(peerNodeId, {
    ...EMPTY_PEER,
    bitmapUuid: dayZero?.bitmapUuid ?? 0n,
    bitmapDagtag: dayZero?.bitmapDagtag ?? 0n,
  });
  disk.writeBitmap(null, () => device.commitGeneration(done));
}
