import fc from 'fast-check';
import { AfterSb, mirrorAfterSb } from '../../wire';
import { solveSplitBrain, type SplitBrainInput, type SplitBrainVerdict } from './split-brain';

const meeting = (more: Partial<SplitBrainInput>): SplitBrainInput => ({
  policy0Pri: AfterSb.disconnect,
  policy1Pri: AfterSb.disconnect,
  policy2Pri: AfterSb.disconnect,
  selfPrimary: false,
  peerPrimary: false,
  selfBitmapUuid: 0xb0n,
  peerBitmapUuid: 0xb0n,
  selfChanges: 5,
  peerChanges: 7,
  resolveConflicts: false,
  ...more,
});

const fromThePeer = (seen: SplitBrainInput): SplitBrainInput => ({
  policy0Pri: mirrorAfterSb(seen.policy0Pri),
  policy1Pri: mirrorAfterSb(seen.policy1Pri),
  policy2Pri: mirrorAfterSb(seen.policy2Pri),
  selfPrimary: seen.peerPrimary,
  peerPrimary: seen.selfPrimary,
  selfBitmapUuid: seen.peerBitmapUuid,
  peerBitmapUuid: seen.selfBitmapUuid,
  selfChanges: seen.peerChanges,
  peerChanges: seen.selfChanges,
  resolveConflicts: !seen.resolveConflicts,
});

const OPPOSITE = { source: 'target', target: 'source', unsolved: 'unsolved' } as const;

type Policy = keyof typeof AfterSb;
type Row = readonly [policy: Policy, when: string, meeting: Partial<SplitBrainInput>, verdict: SplitBrainVerdict];

const OLD_PRIMARY_WAS = { self: { selfBitmapUuid: 0xb1n }, peer: { peerBitmapUuid: 0xb1n } };
const UNTOUCHED = { selfChanges: 0, peerChanges: 0 };

const ZERO: readonly Row[] = [
  ['disconnect', 'always', UNTOUCHED, 'unsolved'],
  ['discard-younger-primary', 'the peer was Primary', OLD_PRIMARY_WAS.peer, 'target'],
  ['discard-younger-primary', 'self was Primary', OLD_PRIMARY_WAS.self, 'source'],
  ['discard-younger-primary', 'neither was: zero changes decide', { selfChanges: 0 }, 'target'],
  ['discard-younger-primary', 'neither was, both changed: least changes decide', {}, 'target'],
  [
    'discard-younger-primary',
    'both were, both changed: least changes decide',
    { ...OLD_PRIMARY_WAS.self, ...OLD_PRIMARY_WAS.peer, selfChanges: 8 },
    'source',
  ],
  ['discard-older-primary', 'the peer was Primary', OLD_PRIMARY_WAS.peer, 'source'],
  ['discard-older-primary', 'self was Primary', OLD_PRIMARY_WAS.self, 'target'],
  ['discard-older-primary', 'neither was: zero changes decide', { peerChanges: 0 }, 'source'],
  ['discard-older-primary', 'neither was, both changed: least changes decide', { selfChanges: 8 }, 'source'],
  ['discard-zero-changes', 'only self changed', { peerChanges: 0 }, 'source'],
  ['discard-zero-changes', 'only the peer changed', { selfChanges: 0 }, 'target'],
  ['discard-zero-changes', 'both changed', {}, 'unsolved'],
  ['discard-zero-changes', 'nobody changed, self breaks ties', { ...UNTOUCHED, resolveConflicts: true }, 'target'],
  ['discard-zero-changes', 'nobody changed, the peer breaks ties', UNTOUCHED, 'source'],
  ['discard-least-changes', 'self changed less', {}, 'target'],
  ['discard-least-changes', 'self changed more', { selfChanges: 8 }, 'source'],
  ['discard-least-changes', 'as many, self breaks ties', { selfChanges: 7, resolveConflicts: true }, 'target'],
  ['discard-least-changes', 'as many, the peer breaks ties', { selfChanges: 7 }, 'source'],
  ['discard-local', 'always', { peerChanges: 0 }, 'target'],
  ['discard-remote', 'always', { selfChanges: 0 }, 'source'],
  ['consensus', 'is no policy without a Primary', {}, 'unsolved'],
  ['discard-secondary', 'is no policy without a Primary', {}, 'unsolved'],
  ['violently-as0p', 'is no policy without a Primary', {}, 'unsolved'],
  ['call-pri-lost-after-sb', 'is no policy without a Primary', {}, 'unsolved'],
];

describe('after-sb-0pri (behaviour.md 4.2)', () => {
  test.each(ZERO)('%s, %s', (policy, _when, more, verdict) => {
    expect(solveSplitBrain(meeting({ ...more, policy0Pri: AfterSb[policy] }))).toEqual({ verdict, callPriLost: false });
  });
});

/** The 0pri policies that name the victim, as seen by self. */
const SELF_LOSES = { policy0Pri: AfterSb['discard-local'] };
const PEER_LOSES = { policy0Pri: AfterSb['discard-remote'] };
const SELF_PRIMARY = { selfPrimary: true };
const PEER_PRIMARY = { peerPrimary: true };

const ONE: readonly Row[] = [
  ['disconnect', 'even where 0pri knows', { ...SELF_PRIMARY, ...PEER_LOSES }, 'unsolved'],
  ['consensus', 'the Secondary (peer) loses', { ...SELF_PRIMARY, ...PEER_LOSES }, 'source'],
  ['consensus', 'the Secondary (self) loses', { ...PEER_PRIMARY, ...SELF_LOSES }, 'target'],
  ['consensus', 'the Primary (self) would lose', { ...SELF_PRIMARY, ...SELF_LOSES }, 'unsolved'],
  ['consensus', 'the Primary (peer) would lose', { ...PEER_PRIMARY, ...PEER_LOSES }, 'unsolved'],
  ['consensus', '0pri does not know', SELF_PRIMARY, 'unsolved'],
  ['discard-secondary', 'self is Primary', { ...SELF_PRIMARY, ...SELF_LOSES }, 'source'],
  ['discard-secondary', 'the peer is Primary', { ...PEER_PRIMARY, ...PEER_LOSES }, 'target'],
  ['violently-as0p', 'hits a Primary too', { ...SELF_PRIMARY, ...SELF_LOSES }, 'target'],
  ['violently-as0p', 'hits the Secondary', { ...SELF_PRIMARY, ...PEER_LOSES }, 'source'],
  ['violently-as0p', '0pri does not know', SELF_PRIMARY, 'unsolved'],
  ['call-pri-lost-after-sb', 'the Secondary loses', { ...SELF_PRIMARY, ...PEER_LOSES }, 'source'],
  ['call-pri-lost-after-sb', 'self is the Secondary that loses', { ...PEER_PRIMARY, ...SELF_LOSES }, 'target'],
  ['discard-zero-changes', 'is no policy for one Primary', { ...SELF_PRIMARY, ...PEER_LOSES }, 'unsolved'],
];

describe('after-sb-1pri (behaviour.md 4.3)', () => {
  test.each(ONE)('%s, %s', (policy, _when, more, verdict) => {
    expect(solveSplitBrain(meeting({ ...more, policy1Pri: AfterSb[policy] }))).toEqual({ verdict, callPriLost: false });
  });

  test('call-pri-lost-after-sb calls the handler on a Primary that loses, and leaves it unsolved', () => {
    const policy1Pri = AfterSb['call-pri-lost-after-sb'];
    const result = solveSplitBrain(meeting({ ...SELF_PRIMARY, ...SELF_LOSES, policy1Pri }));
    expect(result).toEqual({ verdict: 'unsolved', callPriLost: true });
  });
});

const BOTH_PRIMARY = { selfPrimary: true, peerPrimary: true };

const TWO: readonly Row[] = [
  ['disconnect', 'even where 0pri knows', PEER_LOSES, 'unsolved'],
  ['violently-as0p', 'self loses', SELF_LOSES, 'target'],
  ['violently-as0p', 'the peer loses', PEER_LOSES, 'source'],
  ['call-pri-lost-after-sb', 'the peer loses', PEER_LOSES, 'source'],
  ['consensus', 'is no policy for two Primaries', PEER_LOSES, 'unsolved'],
  ['discard-secondary', 'is no policy for two Primaries', PEER_LOSES, 'unsolved'],
];

describe('after-sb-2pri (behaviour.md 4.3)', () => {
  test.each(TWO)('%s, %s', (policy, _when, more, verdict) => {
    const result = solveSplitBrain(meeting({ ...more, ...BOTH_PRIMARY, policy2Pri: AfterSb[policy] }));
    expect(result).toEqual({ verdict, callPriLost: false });
  });

  test('call-pri-lost-after-sb calls the handler on the victim only', () => {
    const policy2Pri = AfterSb['call-pri-lost-after-sb'];
    const seen = meeting({ ...SELF_LOSES, ...BOTH_PRIMARY, policy2Pri });
    expect(solveSplitBrain(seen)).toEqual({ verdict: 'unsolved', callPriLost: true });
    expect(solveSplitBrain(fromThePeer(seen))).toEqual({ verdict: 'source', callPriLost: false });
  });

  test('the policies for fewer Primaries do not count', () => {
    const policies = { policy1Pri: AfterSb['violently-as0p'], ...PEER_LOSES };
    expect(solveSplitBrain(meeting({ ...policies, ...BOTH_PRIMARY })).verdict).toBe('unsolved');
    expect(
      solveSplitBrain(meeting({ policy2Pri: AfterSb['violently-as0p'], ...PEER_LOSES, ...SELF_PRIMARY })).verdict,
    ).toBe('unsolved');
  });
});

test('two nodes with mirrored settings never both win and never both lose', () => {
  const policy = fc.constantFrom(...Object.values(AfterSb));
  const uuid = fc.constantFrom(0n, 0xb0n, 0xb1n);
  const changes = fc.constantFrom(0, 1, 2, 900);
  const any: fc.Arbitrary<SplitBrainInput> = fc.record({
    policy0Pri: policy,
    policy1Pri: policy,
    policy2Pri: policy,
    selfPrimary: fc.boolean(),
    peerPrimary: fc.boolean(),
    selfBitmapUuid: uuid,
    peerBitmapUuid: uuid,
    selfChanges: changes,
    peerChanges: changes,
    resolveConflicts: fc.boolean(),
  });
  fc.assert(
    fc.property(any, (seen) => {
      const mine = solveSplitBrain(seen);
      const theirs = solveSplitBrain(fromThePeer(seen));
      // A Primary that must give up drops the connection; what its peer would have done then comes to nothing.
      if (mine.callPriLost) expect(theirs.verdict).toBe('source');
      else if (theirs.callPriLost) expect(mine.verdict).toBe('source');
      else expect(theirs.verdict).toBe(OPPOSITE[mine.verdict]);
    }),
    { numRuns: 3000 },
  );
});
