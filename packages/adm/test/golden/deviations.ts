/** Every recorded run that is not reproduced, and why. The replay fails when one of them is, or when another is not. */
export interface Deviation {
  readonly configuration: string;
  /** Of the command line's words, joined by blanks; all runs of the configuration if left out. */
  readonly words?: RegExp;
  readonly runs: number;
  readonly reason: string;
}

const LINE_ZERO = 'the original has lost the line number and prints 0; the line is printed here';
const TOO_MANY_WORDS = 'the original refuses command lines of many words (MAX_ARGS too small); no such limit here';
const UNKNOWN_MARKER =
  '`_unknown` is what `drbdsetup show` prints; in a configuration the original passes the marked option on without a value';
const SHOWN_STATE =
  'a running state as configuration: options of its peer devices are set here, the original leaves them out';

export const DEVIATIONS: readonly Deviation[] = [
  { configuration: 'invalid-duplicate-address.conf', runs: 6, reason: LINE_ZERO },
  { configuration: 'invalid-duplicate-disk.conf', runs: 2, reason: LINE_ZERO },
  { configuration: 'invalid-proxy-one-side.conf', runs: 2, reason: LINE_ZERO },
  { configuration: 'invalid-same-address-both-ends.conf', runs: 2, reason: LINE_ZERO },
  {
    configuration: 'net-options-too-many-for-one-command.conf',
    words: / (up|adjust|net-options) all$/,
    runs: 5,
    reason: TOO_MANY_WORDS,
  },
  {
    configuration: 'unknown-option-marker.conf',
    words: / -d (up|adjust|attach|net-options|disk-options) all$/,
    runs: 7,
    reason: UNKNOWN_MARKER,
  },
  { configuration: 'running-state-format.conf', words: / -d up /, runs: 3, reason: SHOWN_STATE },
];

/** What the project promises at most. */
export const DEVIATING_RUNS_MAX = 60;
