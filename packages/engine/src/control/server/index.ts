/** The daemon's side of the control API. */
export { AlreadyRunningError, startControlServer } from './control-server';
export type { ControlServer, ControlServerDependencies, ControlServerOptions } from './control-server';
export { EVENT_QUEUE_BYTES_MAX } from './event-stream';
export type { HeldLock, TakeLock } from './run-lock';
