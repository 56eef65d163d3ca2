export type {
  AllocationDone,
  AllocationExtent,
  Durability,
  Errno,
  ExportClient,
  ExportedVolume,
  OpenHandle,
  OpenMode,
  OpenResult,
  RequestDone,
  ZeroSpace,
} from './exported-volume';
export { VOLUME_TRANSFER_MAX_BYTES } from './exported-volume';
export {
  createNbdServer,
  linkMinor,
  minorSocketPath,
  type NbdConnectionEvent,
  type NbdEndpoint,
  type NbdExports,
  type NbdServer,
  type NbdServerDependencies,
  type NbdServerOptions,
  unlinkMinor,
  volumeSocketPath,
} from './nbd';
