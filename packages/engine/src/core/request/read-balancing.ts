/**
 * Whether a read that the own disk could serve goes to a peer: the disk option read-balancing. Source: behaviour.md 5.7.
 *
 * Invariant: a read never misses an own write that was acknowledged. The peer is asked only where it is known to have
 * written everything sent to it for these blocks; a write on its way (with protocol A and B acknowledged ones too) keeps
 * reads of its blocks at home.
 */
import { Conn, Disk } from '../../wire';
import type { PeerDevice } from '../peer-device/peer-device';

export type ReadBalancing =
  | 'prefer-local'
  | 'prefer-remote'
  | 'round-robin'
  | 'least-pending'
  | 'when-congested-remote'
  | '32K-striping'
  | '64K-striping'
  | '128K-striping'
  | '256K-striping'
  | '512K-striping'
  | '1M-striping';

const SECTOR_BYTES = 512;
const KIB = 1024;

export const canServe = (peerDevice: PeerDevice): boolean =>
  peerDevice.pdsk === Disk.UpToDate && peerDevice.conn >= Conn.Connected;

export class ReadBalancer {
  private lastWentLocal = false;

  /** `null`: the own disk serves it. */
  peerFor(policy: ReadBalancing, peers: readonly PeerDevice[], sector: number, sizeBytes: number): PeerDevice | null {
    if (policy === 'prefer-local') return null;
    const peer = peers.find((candidate) => hasAllOf(candidate, sector, sizeBytes));
    return peer !== undefined && this.goesRemote(policy, peer, sector) ? peer : null;
  }

  private goesRemote(policy: ReadBalancing, { connection, device }: PeerDevice, sector: number): boolean {
    switch (policy) {
      case 'prefer-local':
        return false;
      case 'when-congested-remote':
        // No disk reports congestion any more, in DRBD 9 neither.
        return false;
      case 'prefer-remote':
        return true;
      case 'round-robin':
        this.lastWentLocal = !this.lastWentLocal;
        return !this.lastWentLocal;
      case 'least-pending':
        return device.stats.lowerPending > connection.pendingReads.size + connection.pendingWrites.size;
      case '32K-striping':
      case '64K-striping':
      case '128K-striping':
      case '256K-striping':
      case '512K-striping':
        return isInOddStripe(sector, parseInt(policy) * KIB);
      case '1M-striping':
        return isInOddStripe(sector, KIB * KIB);
    }
  }
}

const isInOddStripe = (sector: number, stripeBytes: number): boolean =>
  Math.floor((sector * SECTOR_BYTES) / stripeBytes) % 2 === 1;

function hasAllOf(peer: PeerDevice, sector: number, sizeBytes: number): boolean {
  if (!canServe(peer) || sizeBytes > Math.min(peer.connection.maxBioBytes, peer.peerMaxBioBytes)) return false;
  const end = sector + sizeBytes / SECTOR_BYTES;
  if (peer.bitmap?.isAnySet(Math.floor(sector / 8), Math.ceil(end / 8)) !== false) return false;
  return !peer.device.writes.isUnderWayTo(peer, sector, sizeBytes);
}
