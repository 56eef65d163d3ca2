/** What can go wrong between a program and the daemon; refusals of the engine are replies, not errors. */
export type ControlErrorCode =
  /** Nobody listens on the socket, or the daemon went away in the middle. */
  | 'no-daemon'
  /** It could not be started. */
  | 'daemon-start'
  /** The socket is there, but not for this user. */
  | 'permission'
  /** The daemon refused the request as malformed, or failed at it. */
  | 'protocol'
  /** This reader of events was too slow: some are lost. */
  | 'cut-off'
  | 'timeout';

export class ControlError extends Error {
  constructor(
    readonly code: ControlErrorCode,
    message: string,
  ) {
    super(message);
    this.name = 'ControlError';
  }
}
