/**
 * Ends the command with an exit code. `message`, when not empty, goes to stderr. Anything else that is thrown is
 * a bug or an I/O error and is handled in `run.ts`.
 */
export class MetaExit extends Error {
  constructor(
    readonly exitCode: number,
    message = '',
  ) {
    super(message);
    this.name = 'MetaExit';
  }
}

/** Exit codes of drbdmeta as of 9.32 and up. Source: metadata.md 6.6. */
export const EXIT = {
  ok: 0,
  declined: 1,
  /** The activity log is needed, and has no valid block (1) or no update where one must be (2). */
  activityLogNoData: 1,
  activityLogInvalid: 2,
  superblockAtLastKnownPlace: 2,
  superblockNotValid: 3,
  noJsonForFormat: 4,
  outdateRefused: 5,
  badValue: 10,
  usage: 20,
  stripesOnly: 30,
  wouldDestroyData: 40,
  emptyNumber: 100,
  /** No valid metadata, and other negative results. */
  failed: 255,
} as const;
