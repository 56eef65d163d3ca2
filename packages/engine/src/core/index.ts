/** The replication core: pure and deterministic behind `Host`. Everything else is wired to it by the daemon or the simulator. */
export { Connection } from './connection/connection';
export { changeNetOptions, checkNetOptions } from './connection/net-options';
export { Device } from './device/device';
export { LocalDisk, type AttachFailure, type LocalDiskOptions } from './device/local-disk';
export type {
  BlockDevice,
  Digest,
  DiskDone,
  DiskError,
  HandlerCall,
  Host,
  LinkFinder,
  LogLevel,
  PeerLink,
  Timer,
} from './host';
export { resumeByAdministrator, suspendByAdministrator } from './fencing/suspension';
export { diskOptions, netOptions, peerDeviceOptions, resourceOptions, type OptionValues } from './options';
export { PeerDevice } from './peer-device/peer-device';
export { ERR } from './resource/reply-codes';
export { forgetPeer } from './resource/forget-peer';
export { Resource } from './resource/resource';
export { mayResync, resyncAfterProblem } from './resync/resync-after';
export { resize, type ResizeRequest } from './resize/resize-command';
export { startVerify, type VerifyRange } from './verify/start-verify';
export { hex } from './uuid/generation';
