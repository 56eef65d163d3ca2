/**
 * Who gets whose data: the decision both nodes take on their own from the same two UUID sets, and that must come out
 * mirrored. Rule numbers are DRBD's. Source: behaviour.md 3.6, wire.md 5.9.
 */
import {
  JUST_CREATED,
  SYNC_UUID_OFFSET,
  addUuid,
  clearBitmapUuid,
  pushHistory,
  withoutPrimaryBit,
  type UuidSet,
} from './generation';

export interface DecisionInput {
  readonly self: UuidSet;
  readonly peer: UuidSet;
  readonly version: number;
  readonly selfCrashedPrimary: boolean;
  readonly peerCrashedPrimary: boolean;
  readonly selfPrimary: boolean;
  readonly peerPrimary: boolean;
  /** This side accepted the meta connection: the tie breaker. */
  readonly resolveConflicts: boolean;
  /** Feature WSAME is agreed (rule 41). */
  readonly knowsRule41: boolean;
}

export type UuidVerdict =
  | 'no-sync'
  | 'source-bitmap'
  | 'target-bitmap'
  | 'source-full'
  | 'target-full'
  /** May be solved by the after-sb policies. */
  | 'split-brain-auto'
  | 'split-brain'
  | 'unrelated'
  /** The peer's protocol is too old to repair what was found. */
  | 'needs-protocol-91';

export interface UuidDecision {
  readonly verdict: UuidVerdict;
  readonly rule: number;
  /** Present where the rule repairs one of the sets: a lost end of resync, a lost sync UUID. */
  readonly correctedSelf?: UuidSet;
  readonly correctedPeer?: UuidSet;
}

export function decideByUuids(input: DecisionInput): UuidDecision {
  const { self, peer } = input;
  const C = withoutPrimaryBit(self.current);
  const c = withoutPrimaryBit(peer.current);
  if (C === JUST_CREATED && c === JUST_CREATED) return { verdict: 'no-sync', rule: 10 };
  if ((C === JUST_CREATED || C === 0n) && c !== JUST_CREATED) return { verdict: 'target-full', rule: 20 };
  if ((c === JUST_CREATED || c === 0n) && C !== JUST_CREATED) return { verdict: 'source-full', rule: 30 };
  return C === c ? decideEqual(input) : decideDifferent(input);
}

function decideEqual(input: DecisionInput): UuidDecision {
  const { self, peer } = input;
  const B = withoutPrimaryBit(self.bitmap);
  const H0 = withoutPrimaryBit(self.history0);
  const H1 = withoutPrimaryBit(self.history1);
  const b = withoutPrimaryBit(peer.bitmap);
  const h0 = withoutPrimaryBit(peer.history0);
  const h1 = withoutPrimaryBit(peer.history1);
  if (b === 0n && B !== 0n) {
    if (input.version < 91) return { verdict: 'needs-protocol-91', rule: 34 };
    if (B === h0 && H0 === h1) return { verdict: 'source-bitmap', rule: 34, correctedSelf: clearBitmapUuid(self) };
    return { verdict: 'source-bitmap', rule: 36 };
  }
  if (B === 0n && b !== 0n) {
    if (input.version < 91) return { verdict: 'needs-protocol-91', rule: 35 };
    if (H0 === b && H1 === h0) return { verdict: 'target-bitmap', rule: 35, correctedPeer: clearBitmapUuid(peer) };
    return { verdict: 'target-bitmap', rule: 37 };
  }
  const { selfCrashedPrimary, peerCrashedPrimary, selfPrimary, peerPrimary } = input;
  if (!selfCrashedPrimary && !peerCrashedPrimary) return { verdict: 'no-sync', rule: 40 };
  if (selfPrimary || peerPrimary) {
    if (!input.knowsRule41) return { verdict: 'needs-protocol-91', rule: 41 };
    if (selfPrimary && peerPrimary) return { verdict: 'split-brain', rule: 41 };
    return { verdict: selfPrimary ? 'source-bitmap' : 'target-bitmap', rule: 41 };
  }
  if (selfCrashedPrimary && peerCrashedPrimary) {
    return { verdict: input.resolveConflicts ? 'target-bitmap' : 'source-bitmap', rule: 40 };
  }
  return { verdict: selfCrashedPrimary ? 'source-bitmap' : 'target-bitmap', rule: 40 };
}

function decideDifferent(input: DecisionInput): UuidDecision {
  const { self, peer, version } = input;
  const C = withoutPrimaryBit(self.current);
  const B = withoutPrimaryBit(self.bitmap);
  const H0 = withoutPrimaryBit(self.history0);
  const H1 = withoutPrimaryBit(self.history1);
  const c = withoutPrimaryBit(peer.current);
  const b = withoutPrimaryBit(peer.bitmap);
  const h0 = withoutPrimaryBit(peer.history0);
  const h1 = withoutPrimaryBit(peer.history1);
  if (C === b) return { verdict: 'target-bitmap', rule: 50 };
  if (C === h0) {
    // The P_SYNC_UUID that would have told us of the peer's last rotation was lost.
    const lost = version < 96 ? H0 === h1 : withoutPrimaryBit(addUuid(peer.history0, SYNC_UUID_OFFSET)) === b;
    if (lost) {
      if (version < 91) return { verdict: 'needs-protocol-91', rule: 51 };
      const correctedPeer = { ...peer, bitmap: peer.history0, history0: peer.history1, history1: 0n };
      return { verdict: 'target-bitmap', rule: 51, correctedPeer };
    }
  }
  if (C === h0 || C === h1) return { verdict: 'target-full', rule: 60 };
  if (B === c) return { verdict: 'source-bitmap', rule: 70 };
  if (H0 === c) {
    const lost = version < 96 ? H1 === h0 : withoutPrimaryBit(addUuid(self.history0, SYNC_UUID_OFFSET)) === B;
    if (lost) {
      if (version < 91) return { verdict: 'needs-protocol-91', rule: 71 };
      const correctedSelf = { ...self, bitmap: self.history0, history0: self.history1, history1: 0n };
      return { verdict: 'source-bitmap', rule: 71, correctedSelf };
    }
  }
  if (c === H0 || c === H1) return { verdict: 'source-full', rule: 80 };
  if (B === b && B !== 0n) return { verdict: 'split-brain-auto', rule: 90 };
  if (H0 === h0 || H0 === h1 || H1 === h0 || H1 === h1) return { verdict: 'split-brain', rule: 100 };
  return { verdict: 'unrelated', rule: 0 };
}

/** The slots of a target that finished its resync. Source: behaviour.md 3.5, wire.md 8.5. */
export function afterResyncTarget(self: UuidSet, source: UuidSet): UuidSet {
  const history = pushHistory({ ...source }, source.bitmap);
  return { ...pushHistory(history, self.current), current: source.current, bitmap: 0n };
}
