import type { Agreement } from '../packets/decode';
import type { FeaturesPacket } from '../packets/packet';

export interface Incompatible {
  readonly kind: 'Incompatible';
  readonly message: string;
}

/**
 * What two nodes agree on; both compute the same. Source: wire.md 3.
 * Incompatible is fatal: StandAlone. The peer's minimum decides nothing but compatibility.
 */
export function negotiate(local: FeaturesPacket, peer: FeaturesPacket): Agreement | Incompatible {
  // Very old peers announce one version only, in the minimum.
  const peerMax = peer.protocolMax === 0 ? peer.protocolMin : peer.protocolMax;
  if (local.protocolMax < peer.protocolMin || local.protocolMin > peerMax) {
    const ranges = `I support ${local.protocolMin}-${local.protocolMax}, peer supports ${peer.protocolMin}-${peerMax}`;
    return { kind: 'Incompatible', message: `incompatible DRBD dialects: ${ranges}` };
  }
  return {
    version: Math.min(local.protocolMax, peerMax),
    featureFlags: (local.featureFlags & peer.featureFlags) >>> 0,
  };
}
