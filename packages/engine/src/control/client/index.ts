/** A program's side of the control API. */
export { ControlClient, REPLY_TIMEOUT_MS } from './control-client';
export { ControlError } from './control-error';
export type { ControlErrorCode } from './control-error';
