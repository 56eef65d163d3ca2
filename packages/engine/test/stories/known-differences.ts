/**
 * Where our nodes differ from the recorded ones, and why. Every difference that a story shows has to be listed here,
 * and every entry has to be seen: one that is not seen any more is out of date, and fails the story.
 *
 * `on purpose`: it stays so. `gap`: something the engine does not do yet.
 */
export interface KnownDifference {
  readonly stories: readonly string[];
  readonly kind: 'on purpose' | 'gap';
  readonly pattern: RegExp;
  readonly reason: string;
}

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  // ---- commands, as they are since DRBD 9 ----
  {
    stories: ['02-primary-refused'],
    kind: 'on purpose',
    pattern: /^line \d+, alice drbdadm connect r0: (exit code 10, here 0|refusal \(102\).*, here null)$/,
    reason:
      'since DRBD 9 a connection outlives its disconnect: connecting once more is no address conflict, but nothing to do',
  },
  {
    stories: [
      '02-primary-refused',
      '07-sb-discard-my-data',
      '11-sb-0pri-zero-changes',
      '19-sb-1pri-call-pri-lost',
      '24-cram-hmac',
    ],
    kind: 'on purpose',
    pattern:
      /^line \d+, \w+ drbdadm disconnect r0: (exit code 10, here 11|refusal \(162\).*, here \(-9\) Can not disconnect a StandAlone device)$/,
    reason: 'since DRBD 9 the connection is still known when it is StandAlone: refused by its state, not as unknown',
  },
  {
    stories: ['02-primary-refused'],
    kind: 'on purpose',
    pattern:
      /^line \d+, alice drbdadm (verify|invalidate-remote) r0: refusal \(-15\) Need a connection to start verify or resync, here \(-15\) State change requires a connection$/,
    reason: 'the text of -15 in drbd-utils 9.34',
  },
  {
    stories: ['28-invalidate'],
    kind: 'on purpose',
    pattern:
      /^line \d+, alice drbdadm invalidate r0: (exit code 11, here 17|refusal \(-15\).*, here \(-2\) Need access to UpToDate data)$/,
    reason:
      'a Primary that nobody is connected to may not give up its data: since DRBD 9 said as -2 (behaviour.md 7.8)',
  },
  {
    stories: ['07-sb-discard-my-data'],
    kind: 'on purpose',
    pattern:
      /^line \d+, alice drbdadm connect --discard-my-data r0: (exit code 10, here 0|refusal \(123\).*, here null)$/,
    reason: 'DRBD 9 does not check it at the command (behaviour.md 4.3); the handshake makes no Primary a sync target',
  },
  {
    stories: ['07-sb-discard-my-data'],
    kind: 'on purpose',
    pattern:
      /^(alice minor 0: ((does not tell|tells) "role Primary>Secondary"|"self bits:0": current UUID bit 0 is 1)|bob minor 0: .*(peer bits:0 flags:|peer Primary>Secondary|>WFBitMapT))/,
    reason: 'what follows from the connect that was not refused: alice is connected again while she is still Primary',
  },

  // ---- weaknesses of the module ----
  {
    stories: ['28-invalidate'],
    kind: 'on purpose',
    pattern:
      /^line \d+, \w+ gi of minor 0: \w+( \d)? UUID (is another generation seen before|not the bitmap UUID \+ 2\^48)$/,
    reason:
      'the module keeps UUIDs of the peer from before the skipped initial sync, and ends a resync with current UUID 4',
  },
  {
    stories: ['28-invalidate'],
    kind: 'on purpose',
    pattern:
      /^\w+ minor 0: (does not tell "uuid_compare\(\)=-100 by rule 100"|tells "uuid_compare\(\)=-?1 by rule [57]0"|"(self|peer) bits:2038( flags:0)?": bitmap UUID)/,
    reason: 'with the right current UUID the nodes still know each other, and need no help of the disk states',
  },
  {
    stories: ['28-invalidate'],
    kind: 'on purpose',
    pattern: /^line \d+, alice pd: shows (.*) r----s oos:8152, here \1 r----- oos:8152$/,
    reason:
      'activity-log updates go on while every bit is set: less to think about, at the price of writes that could be saved',
  },
  {
    stories: ['27-detach-diskless-reattach', '37-crash-primary-returns', '38-crash-primary-failover'],
    kind: 'on purpose',
    pattern: /^line \d+, \w+ gi: flags 1:1:\d:1:0:0:1, here 1:1:\d:1:0:0:0$/,
    reason: 'the crashed-primary flag goes with the end of the resync, not with the state change after it',
  },
  {
    stories: ['06-sb-no-policy', '07-sb-discard-my-data', '11-sb-0pri-zero-changes', '16-sb-1pri-consensus-refused'],
    kind: 'on purpose',
    pattern:
      /^\w+ minor 0: (does not tell "conn (WFReportParams>NetworkFailure|NetworkFailure>Disconnecting)"|tells "conn WFReportParams>Disconnecting")/,
    reason: 'the split-brain handler does not hold up the connection: this side has left before the other one hangs up',
  },

  // ---- time ----
  {
    stories: ['29-pause-resume-sync'],
    kind: 'on purpose',
    pattern:
      /^(line \d+, \w+ pd: shows (.*) oos:\d+, here \2 oos:\d+|\w+ minor 0: .*"((self|peer) bits:1\d{3}( flags:0)?|Began resync as PausedSync[ST] \(will sync \d+ KB)".*)$/,
    reason: 'how far the resync had come when it was broken off',
  },
  {
    stories: ['32-resize-online'],
    kind: 'on purpose',
    pattern:
      /^line \d+, alice pd: shows 0: cs:SyncSource (.*)\/Inconsistent r----- oos:0, here 0: cs:Connected \1\/UpToDate r----- oos:0$/,
    reason: "the module's source notices the end of a resync up to a second later",
  },
  {
    stories: ['39-crash-secondary'],
    kind: 'on purpose',
    pattern:
      /^(line \d+, alice pd: shows (.*) oos:\d+, here \2 oos:\d+|\w+ minor 0: .*"((self|peer) bits:1\d\d( flags:0)?|Began resync as Sync(Source|Target) \(will sync \d{3} KB)".*)$/,
    reason: 'how much the application wrote while nobody knew that the peer was gone',
  },

  // ---- data ----
  {
    stories: ['32-resize-online'],
    kind: 'on purpose',
    pattern: /^\w+ volume 0: other data at the end$/,
    reason: 'where the metadata lay before the disk grew, its remains are data now: ours is in version 09',
  },
  {
    stories: ['37-crash-primary-returns', '38-crash-primary-failover', '39-crash-secondary'],
    kind: 'on purpose',
    pattern: /^\w+ volume 0: other data at the end$/,
    reason: 'how many blocks the application wrote before the machine died',
  },
];
