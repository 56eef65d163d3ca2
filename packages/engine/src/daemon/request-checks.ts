/**
 * What is wrong with a request before the core is asked: DRBD's number, and its text where it gives one. Null: nothing.
 * In the order in which DRBD checks. Source: setup.md 1.2, 2.1 to 2.4.
 */
import { ERR, MINOR_MAX, SS, VOLUME_MAX, type ControlReply, type EndpointAddress, type RequestOf } from '../control';
import type { Connection, Device, Resource } from '../core';
import { Conn, Disk, Role } from '../wire';
import type { Path } from './link-finder';

type Refusal = ControlReply | null;
type Resources = ReadonlyMap<string, Resource>;

const NODE_ID_MAX = 31;
const BLOCK_SIZES: ReadonlySet<unknown> = new Set([undefined, 512, 1024, 2048, 4096]);
const UNSET = 0xffffffff;
const DEFAULT_BLOCK_SIZE = 512;

const refusal = (code: number, ...messages: string[]): ControlReply => ({ code, messages });
const invalid = (text: string): ControlReply => refusal(ERR.ERR_INVALID_REQUEST, text);

export const unknownResource = refusal(ERR.ERR_RES_NOT_KNOWN, 'unknown resource');
export const unknownMinor = refusal(ERR.ERR_MINOR_INVALID, 'unknown minor');
export const unknownConnection = invalid('unknown connection');
export const unknownVolume = invalid('unknown volume');

const BAD_NAME = 'invalid name (disallowed: ascii control, space, slash)';
/** Also where it is the name of a connection. */
// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const isBadName = (name: string): boolean => name === 'all' || name === '' || /[\x00-\x20\x7f/]/.test(name);

export function newResourceRefusal({ resource, nodeId }: RequestOf<'new-resource'>): Refusal {
  if (isBadName(resource)) return invalid(BAD_NAME);
  if (nodeId < 0 || nodeId > NODE_ID_MAX) return invalid('node id out of range');
  return null;
}

/** Whatever is wrong, the text is one. */
export function renameRefusal({ newName }: RequestOf<'rename-resource'>, resources: Resources): Refusal {
  const text = `Cannot rename to ${newName}: a resource with that name already exists\n`;
  if (isBadName(newName)) return invalid(text);
  return resources.has(newName) ? refusal(ERR.ERR_ALREADY_EXISTS, text) : null;
}

export function delResourceRefusal(resource: Resource): Refusal {
  if (resource.connections.size > 0) return refusal(ERR.ERR_NET_CONFIGURED);
  return resource.devices.size > 0 ? refusal(ERR.ERR_RES_IN_USE) : null;
}

export function newMinorRefusal(
  { minor, volume, options = {} }: RequestOf<'new-minor'>,
  resource: Resource,
  deviceOfMinor: Device | undefined,
): Refusal {
  if (minor > MINOR_MAX) return invalid('requested minor out of range');
  if (volume > VOLUME_MAX) return invalid('requested volume id out of range');
  if (resource.devices.has(volume) || deviceOfMinor !== undefined) return refusal(ERR.ERR_MINOR_OR_VOLUME_EXISTS);
  const blockSize = options['block-size'];
  if (!BLOCK_SIZES.has(blockSize)) return invalid('block_size not 512, 1024, 2048, or 4096');
  const granularity = options['discard-granularity'];
  if (
    typeof granularity === 'number' &&
    granularity !== UNSET &&
    granularity % Number(blockSize ?? DEFAULT_BLOCK_SIZE)
  ) {
    return invalid('discard_granularity must be 0 or a multiple of block_size');
  }
  return null;
}

/** Without a disk on purpose. */
export const isClient = ({ deviceOptionValues }: Device): boolean => deviceOptionValues['diskless'] === true;

/** What can be said before the devices are open. */
export function attachRefusal({ metaIndex, dataDevice, metaDevice }: RequestOf<'attach'>, device: Device): Refusal {
  if (typeof metaIndex === 'number' && metaIndex < 0) return refusal(ERR.ERR_MD_IDX_INVALID);
  if (device.disk !== null || device.diskState !== Disk.Diskless) return refusal(ERR.ERR_DISK_CONFIGURED);
  if ((metaIndex === 'internal') !== (dataDevice === metaDevice)) return refusal(ERR.ERR_MD_IDX_INVALID);
  if (isClient(device)) return refusal(SS.SS_ATTACH_NO_BITMAP);
  return null;
}

export function invalidateRefusal(request: RequestOf<'invalidate'>, device: Device): Refusal {
  if (device.disk === null) return refusal(ERR.ERR_NO_DISK);
  const { syncFromPeerNodeId: from } = request;
  if (from !== undefined && !device.resource.connections.has(from)) return unknownConnection;
  return keepingBitmapRefusal(request);
}

export function invalidateRemoteRefusal(request: RequestOf<'invalidate-remote'>, device: Device): Refusal {
  return device.disk === null ? refusal(ERR.ERR_NO_DISK) : keepingBitmapRefusal(request);
}

/** No protocol that is spoken here can. */
function keepingBitmapRefusal({ resetBitmap }: { readonly resetBitmap?: boolean }): Refusal {
  return resetBitmap === false
    ? refusal(ERR.ERR_APV_TOO_LOW, 'Need protocol level 120 to initiate bitmap based resync')
    : null;
}

// ---- peers ----

export function peerNodeIdRefusal(resource: Resource, peerNodeId: number): Refusal {
  if (peerNodeId < 0) return invalid('peer node id missing');
  if (peerNodeId > NODE_ID_MAX) return invalid('peer node id out of range');
  return peerNodeId === resource.nodeId ? invalid('peer node id cannot be my own node id') : null;
}

export function newPeerRefusal({ peerNodeId, options = {} }: RequestOf<'new-peer'>, resource: Resource): Refusal {
  const wrongId = peerNodeIdRefusal(resource, peerNodeId);
  if (wrongId !== null) return wrongId;
  if (resource.connections.has(peerNodeId)) return invalid(`Connection for peer node id ${peerNodeId} already exists`);
  const { _name: name, transport = '' } = options;
  if (typeof name !== 'string') return refusal(ERR.ERR_MANDATORY_TAG, 'name missing');
  if (isBadName(name)) return invalid(BAD_NAME);
  if ([...resource.connections.values()].some((other) => other.name === name)) {
    return refusal(ERR.ERR_ALREADY_EXISTS, 'name already exists');
  }
  return transport === '' || transport === 'tcp' ? null : refusal(ERR.ERR_CREATE_TRANSPORT);
}

export interface KnownPath extends Path {
  readonly resource: Resource;
}

/** An endpoint of one's own may serve several connections of a resource, but no two resources. */
export function newPathRefusal(resource: Resource, path: Path, known: readonly KnownPath[]): Refusal {
  const others = known.filter((each) => each.resource !== resource);
  if (known.some((each) => samePath(each, path))) return refusal(ERR.ERR_LOCAL_AND_PEER_ADDR);
  if (others.some(({ local }) => sameEndpoint(local, path.local))) return refusal(ERR.ERR_LOCAL_ADDR);
  return others.some(({ peer }) => sameEndpoint(peer, path.peer)) ? refusal(ERR.ERR_PEER_ADDR) : null;
}

export function delPathRefusal(connection: Connection, path: Path, paths: readonly Path[]): Refusal {
  if (!paths.some((each) => samePath(each, path))) return invalid('no such path');
  return connection.conn >= Conn.WFConnection && paths.length === 1
    ? invalid('Can not delete last path, use disconnect first!')
    : null;
}

export function connectRefusal(
  connection: Connection,
  { discardMyData }: RequestOf<'connect'>,
  paths: readonly Path[],
): Refusal {
  if (connection.conn !== Conn.StandAlone) return refusal(ERR.ERR_NET_CONFIGURED);
  if (paths.length === 0) return invalid('connection endpoint(s) missing');
  const isPrimary = connection.resource.role === Role.Primary;
  return discardMyData === true && isPrimary ? refusal(ERR.ERR_DISCARD_IMPOSSIBLE) : null;
}

export const samePath = (a: Path, b: Path): boolean => sameEndpoint(a.local, b.local) && sameEndpoint(a.peer, b.peer);
const sameEndpoint = (a: EndpointAddress, b: EndpointAddress): boolean => a.address === b.address && a.port === b.port;
