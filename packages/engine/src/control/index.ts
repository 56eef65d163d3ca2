/**
 * The control API: what the programs and the daemon say to each other. Light to load; the two ends are rooms of their
 * own: `@tsdrbd/engine/control/client` and `@tsdrbd/engine/control/server`.
 */
export type { ControlBackend, ControlEvent, ControlReply, HelperCall } from './control-backend';
export type * from './schema/node-state';
export { ADDRESS_FAMILIES } from './schema/node-state';
export type { ControlCommand, ControlRequest, PeerAddress, PeerDeviceAddress, RequestOf } from './schema/request';
export {
  CONNECTION_STATE_NAMES,
  DISK_STATE_NAMES,
  DISK_STATE_NAMES_84,
  REPLICATION_STATE_NAMES,
  ROLE_NAMES,
  WRITE_ORDERING_NAMES,
  isBeyondEstablished,
} from './schema/state-names';
export type {
  ConnectionStateName,
  DiskStateName,
  ReplicationStateName,
  RoleName,
  WriteOrderingName,
} from './schema/state-names';
export {
  ERR,
  NO_ERROR,
  SS,
  SS_CW_NO_NEED,
  SS_CW_SUCCESS,
  SS_NOTHING_TO_DO,
  SS_SUCCESS,
  isSuccess,
  replyText,
} from './schema/reply-codes';
export {
  CONTROL_COMMANDS,
  MINOR_MAX,
  RESOURCE_NAME_BYTES_MAX,
  VOLUME_MAX,
  requestSchema,
} from './schema/request-schema';
export { DEFAULT_RUN_DIR, DEFAULT_SETTINGS_PATH, controlSocketPath, daemonLogPath, runDirOf } from './socket-path';
export { byDiskName, byResourceName, deviceName } from './udev-names';
export type { EventBatch, ObjectEvent } from './events/object-event';
export type {
  ConnectionObject,
  ControlObject,
  DeviceObject,
  PathObject,
  PeerDeviceObject,
  ResourceObject,
} from './events/object';
export { objectKey, objectsOf } from './events/object';
export { promotionOf } from './events/promotion';
export type { Promotion } from './events/promotion';
export { diffObjects, diffResource } from './events/diff';
export { procVolumes, renderProcDrbd } from './proc/proc-drbd';
export { StateTracker } from './events/state-tracker';
