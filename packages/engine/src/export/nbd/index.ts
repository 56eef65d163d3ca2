export type { NbdConnectionEvent } from './connection';
export type { NbdExports } from './handshake';
export {
  createNbdServer,
  type NbdEndpoint,
  type NbdServer,
  type NbdServerDependencies,
  type NbdServerOptions,
} from './server';
export { linkMinor, minorSocketPath, unlinkMinor, volumeSocketPath } from './socket-paths';
