/** Exit codes of drbdsetup (setup.md 3.4), and the way out of a command that goes wrong. */
export const EXIT_OK = 0;
export const EXIT_BAD_NAME = 1;
export const EXIT_NO_DISK = 1;
export const EXIT_WAIT_TIMEOUT = 5;
export const EXIT_FAILURE = 10;
export const EXIT_STATE_CHANGE = 11;
export const EXIT_NO_LOCAL_DISK = 16;
export const EXIT_NO_UP_TO_DATE_DATA = 17;
export const EXIT_USAGE = 20;
export const EXIT_EMPTY_NUMBER = 100;
export const EXIT_ENGINE_GONE = 121;
export const EXIT_DOWN_EXCESS = 132;

/** Ends the command: `message` goes to stderr as it is, then the usage named goes to stdout. */
export class SetupExit extends Error {
  constructor(
    readonly exitCode: number,
    message: string,
    readonly usage: 'none' | 'command' | 'general' = 'none',
  ) {
    super(message);
    this.name = 'SetupExit';
  }
}
