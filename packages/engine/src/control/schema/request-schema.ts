/**
 * JSON schemas of the requests, one for each command: the wall between the socket and the engine. What does not fit is
 * answered with an error and goes no further. Ranges are those beyond which the engine could not even address an
 * object; everything else is the engine's to refuse, with DRBD's number.
 */
import { ADDRESS_FAMILIES } from './node-state';
import type { ControlCommand } from './request';

export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

interface Fields {
  readonly required: Readonly<Record<string, JsonSchema>>;
  readonly optional?: Readonly<Record<string, JsonSchema>>;
}

/** DRBD's own limits, setup.md 1.2. */
export const RESOURCE_NAME_BYTES_MAX = 127;
export const MINOR_MAX = 1048575;
export const VOLUME_MAX = 65534;
const SECTORS_MAX = Number.MAX_SAFE_INTEGER;
const PATH_BYTES_MAX = 4096;
const OPTION_COUNT_MAX = 128;

const flag: JsonSchema = { type: 'boolean' };
const resourceName: JsonSchema = { type: 'string', minLength: 1, maxLength: RESOURCE_NAME_BYTES_MAX };
/** Ids out of DRBD's range are well-formed: the engine refuses them with DRBD's number. */
const nodeId: JsonSchema = { type: 'integer', minimum: -1, maximum: 0xffffffff };
const minor: JsonSchema = { type: 'integer', minimum: 0, maximum: 0xffffffff };
const volume: JsonSchema = { type: 'integer', minimum: 0, maximum: 0xffffffff };
const sectorNumber: JsonSchema = { type: 'integer', minimum: 0, maximum: SECTORS_MAX };
const devicePath: JsonSchema = { type: 'string', minLength: 1, maxLength: PATH_BYTES_MAX, pattern: '^[^\\u0000]*$' };
const options: JsonSchema = {
  type: 'object',
  maxProperties: OPTION_COUNT_MAX,
  propertyNames: { pattern: '^[a-z0-9_-]{1,64}$' },
  additionalProperties: { type: ['string', 'number', 'boolean'], maxLength: 1024 },
};
const endpoint: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['family', 'address', 'port'],
  properties: {
    family: { enum: [...ADDRESS_FAMILIES] },
    address: { type: 'string', minLength: 1, maxLength: 255 },
    port: { type: 'integer', minimum: 1, maximum: 65535 },
  },
};
const metaIndex: JsonSchema = {
  oneOf: [{ enum: ['internal', 'flexible'] }, { type: 'integer', minimum: -0x80000000, maximum: MINOR_MAX }],
};

const resource = { resource: resourceName };
const onMinor = { minor };
const peer = { ...resource, peerNodeId: nodeId };
const peerDevice = { ...peer, volume };
const changedOptions = { setDefaults: flag, options };

const FIELDS: Readonly<Record<ControlCommand, Fields>> = {
  'new-resource': { required: { ...resource, nodeId }, optional: { options } },
  'resource-options': { required: resource, optional: changedOptions },
  'rename-resource': { required: { ...resource, newName: resourceName } },
  'del-resource': { required: resource },
  down: { required: resource },
  'new-minor': { required: { ...resource, minor, volume }, optional: { options } },
  'del-minor': { required: onMinor },
  attach: { required: { minor, dataDevice: devicePath, metaDevice: devicePath, metaIndex }, optional: { options } },
  'disk-options': { required: onMinor, optional: changedOptions },
  detach: { required: onMinor, optional: { force: flag, diskless: flag } },
  'new-peer': { required: peer, optional: { options } },
  'net-options': { required: peer, optional: changedOptions },
  'del-peer': { required: peer, optional: { force: flag } },
  'forget-peer': { required: peer },
  'new-path': { required: { ...peer, local: endpoint, peer: endpoint } },
  'del-path': { required: { ...peer, local: endpoint, peer: endpoint } },
  connect: { required: peer, optional: { tentative: flag, discardMyData: flag } },
  disconnect: { required: peer, optional: { force: flag } },
  'peer-device-options': { required: peerDevice, optional: changedOptions },
  primary: { required: resource, optional: { force: flag } },
  secondary: { required: resource, optional: { force: flag } },
  invalidate: { required: onMinor, optional: { syncFromPeerNodeId: nodeId, resetBitmap: flag } },
  'invalidate-remote': { required: peerDevice, optional: { resetBitmap: flag } },
  outdate: { required: onMinor },
  verify: { required: peerDevice, optional: { startSector: sectorNumber, stopSector: sectorNumber } },
  'pause-sync': { required: peerDevice },
  'resume-sync': { required: peerDevice },
  'suspend-io': { required: onMinor, optional: { bdevFreeze: flag } },
  'resume-io': { required: onMinor },
  'new-current-uuid': { required: onMinor, optional: { clearBitmap: flag, forceResync: flag } },
  resize: {
    required: onMinor,
    optional: {
      sizeSectors: sectorNumber,
      assumePeerHasSpace: flag,
      assumeClean: flag,
      alStripes: { type: 'integer', minimum: 1, maximum: 0xffffffff },
      alStripeSizeKib: { type: 'integer', minimum: 1, maximum: 0xffffffff },
    },
  },
};

export const CONTROL_COMMANDS = Object.keys(FIELDS) as readonly ControlCommand[];

export function requestSchema(command: ControlCommand): JsonSchema {
  const { required, optional = {} } = FIELDS[command];
  return {
    type: 'object',
    additionalProperties: false,
    required: ['command', ...Object.keys(required)],
    properties: { command: { const: command }, ...required, ...optional },
  };
}
