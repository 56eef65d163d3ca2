/** The after-sb policies: who gives up its data in a split brain. Source: behaviour.md 4.2, 4.3; wire.md 5.9. */
import { AfterSb } from '../../wire';
import { hasPrimaryBit } from './generation';

export type SplitBrainVerdict = 'source' | 'target' | 'unsolved';

export interface SplitBrainInput {
  readonly policy0Pri: number;
  readonly policy1Pri: number;
  readonly policy2Pri: number;
  readonly selfPrimary: boolean;
  readonly peerPrimary: boolean;
  readonly selfBitmapUuid: bigint;
  readonly peerBitmapUuid: bigint;
  /** Dirty bits as each side announced them. */
  readonly selfChanges: number;
  readonly peerChanges: number;
  readonly resolveConflicts: boolean;
}

export interface SplitBrainResult {
  readonly verdict: SplitBrainVerdict;
  /** call-pri-lost-after-sb wants this node, a Primary, to give up: the handler pri-lost-after-sb must run. */
  readonly callPriLost: boolean;
}

export function solveSplitBrain(input: SplitBrainInput): SplitBrainResult {
  const primaries = Number(input.selfPrimary) + Number(input.peerPrimary);
  if (primaries === 0) return solved(zeroPrimaries(input));
  return primaries === 1 ? onePrimary(input) : twoPrimaries(input);
}

const solved = (verdict: SplitBrainVerdict): SplitBrainResult => ({ verdict, callPriLost: false });

function zeroPrimaries(input: SplitBrainInput): SplitBrainVerdict {
  const self = hasPrimaryBit(input.selfBitmapUuid);
  const peer = hasPrimaryBit(input.peerBitmapUuid);
  switch (input.policy0Pri) {
    case AfterSb['discard-younger-primary']:
      if (self !== peer) return peer ? 'target' : 'source';
      return zeroChangesThenLeast(input);
    case AfterSb['discard-older-primary']:
      if (self !== peer) return peer ? 'source' : 'target';
      return zeroChangesThenLeast(input);
    case AfterSb['discard-zero-changes']:
      return zeroChanges(input);
    case AfterSb['discard-least-changes']:
      return leastChanges(input);
    case AfterSb['discard-local']:
      return 'target';
    case AfterSb['discard-remote']:
      return 'source';
    default:
      return 'unsolved';
  }
}

const tie = (input: SplitBrainInput): SplitBrainVerdict => (input.resolveConflicts ? 'target' : 'source');

function zeroChanges(input: SplitBrainInput): SplitBrainVerdict {
  if (input.selfChanges === 0 && input.peerChanges === 0) return tie(input);
  if (input.peerChanges === 0) return 'source';
  return input.selfChanges === 0 ? 'target' : 'unsolved';
}

function leastChanges(input: SplitBrainInput): SplitBrainVerdict {
  if (input.selfChanges === input.peerChanges) return tie(input);
  return input.selfChanges < input.peerChanges ? 'target' : 'source';
}

function zeroChangesThenLeast(input: SplitBrainInput): SplitBrainVerdict {
  const verdict = zeroChanges(input);
  return verdict === 'unsolved' ? leastChanges(input) : verdict;
}

function onePrimary(input: SplitBrainInput): SplitBrainResult {
  const asZero = zeroPrimaries(input);
  switch (input.policy1Pri) {
    case AfterSb.consensus: {
      const secondaryLoses = (asZero === 'target' && !input.selfPrimary) || (asZero === 'source' && input.selfPrimary);
      return solved(secondaryLoses ? asZero : 'unsolved');
    }
    case AfterSb['violently-as0p']:
      return solved(asZero);
    case AfterSb['discard-secondary']:
      return solved(input.selfPrimary ? 'source' : 'target');
    case AfterSb['call-pri-lost-after-sb']:
      return callPriLost(input, asZero);
    default:
      return solved('unsolved');
  }
}

function twoPrimaries(input: SplitBrainInput): SplitBrainResult {
  const asZero = zeroPrimaries(input);
  switch (input.policy2Pri) {
    case AfterSb['violently-as0p']:
      return solved(asZero);
    case AfterSb['call-pri-lost-after-sb']:
      return callPriLost(input, asZero);
    default:
      return solved('unsolved');
  }
}

/** The victim Primary is never demoted by the module itself; it goes StandAlone (errata.md, stories 19 and 22). */
function callPriLost(input: SplitBrainInput, asZero: SplitBrainVerdict): SplitBrainResult {
  if (asZero === 'target' && input.selfPrimary) return { verdict: 'unsolved', callPriLost: true };
  return solved(asZero);
}
