/** The replication core: pure and deterministic behind `Host`. Everything else is wired to it by the daemon or the simulator. */
export { Connection } from './connection/connection';
export { disconnect } from './connection/disconnect';
export { changeNetOptions, checkNetOptions } from './connection/net-options';
export { attach } from './device/attach';
export { detach } from './device/detach';
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
export { outdate } from './device/outdate';
export { resumeByAdministrator, suspendByAdministrator } from './fencing/suspension';
export {
  diskOptions,
  netOptions,
  peerDeviceOptions,
  resourceOptions,
  type DiskOptions,
  type OptionValues,
} from './options';
export { PeerDevice } from './peer-device/peer-device';
export { ERR } from './resource/reply-codes';
export { forgetPeer } from './resource/forget-peer';
export { newCurrentUuid } from './resource/new-current-uuid';
export { Resource } from './resource/resource';
export { invalidate, invalidateRemote } from './resync/full-sync';
export { setPause } from './resync/pause';
export { mayResync, resyncAfterProblem } from './resync/resync-after';
export { resize, type ResizeRequest } from './resize/resize-command';
export { demote } from './role/demote';
export { promote } from './role/promote';
export { startVerify, type VerifyRange } from './verify/start-verify';
export { hex } from './uuid/generation';
