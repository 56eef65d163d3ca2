/**
 * `show --json`: every option, defaults included. Source: setup.md 6.4; version 9.34.
 * A client's volume has the key `disk` twice, as in the original. Strings are escaped, which the original does not do.
 */
import type { ConnectionState, DeviceState, EndpointAddress, NodeState, ResourceState } from '@tsdrbd/engine/control';
import { sortedConnections, sortedDevices, sortedPeerDevices, sortedResources } from './order';
import { deviceShown, jsonValue, netShown, peerDeviceShown, resourceShown } from './show-values';
import type { ShownOption } from './show-values';

/** Members as a list, so that a key can come twice. */
type Json = string | number | boolean | readonly Json[] | { readonly members: ReadonlyArray<readonly [string, Json]> };
type Member = readonly [string, Json];

const INDENT = '    ';

export function renderShowJson(node: NodeState): string {
  return node.resources.length === 0 ? '[\n]\n' : `${print(sortedResources(node).map(resourceJson), '')}\n`;
}

const object = (...members: readonly Member[]): Json => ({ members });

function resourceJson(resource: ResourceState): Json {
  return object(
    ['resource', resource.name],
    ['options', optionsJson(resourceShown(resource))],
    ['_this_host', object(['node-id', resource.nodeId], ['volumes', sortedDevices(resource).map(volumeJson)])],
    ['connections', sortedConnections(resource).map(connectionJson)],
  );
}

function volumeJson(device: DeviceState): Json {
  return object(['volume_nr', device.volume], ['device_minor', device.minor], ...backingMembers(device), [
    'disk',
    optionsJson(deviceShown(device)),
  ]);
}

function backingMembers({ backing, client }: DeviceState): Member[] {
  if (backing === null) return client === 'yes' ? [['disk', 'none']] : [];
  const { dataDevice, metaDevice, metaIndex } = backing;
  const meta: Member = ['meta-disk', metaIndex === 'internal' ? 'internal' : metaDevice];
  return typeof metaIndex === 'number'
    ? [['backing-disk', dataDevice], meta, ['meta-disk-index', metaIndex]]
    : [['backing-disk', dataDevice], meta];
}

function connectionJson(connection: ConnectionState): Json {
  return object(
    [
      'paths',
      connection.paths.map(({ local, peer }) =>
        object(['this_host', endpointJson(local)], ['remote_host', endpointJson(peer)]),
      ),
    ],
    ['_cstate', connection.connectionState],
    ['net', optionsJson(netShown(connection))],
    [
      'volumes',
      sortedPeerDevices(connection).map((each) =>
        object(['volume_nr', each.volume], ['disk', optionsJson(peerDeviceShown(each))]),
      ),
    ],
    ['_peer_node_id', connection.peerNodeId],
  );
}

const endpointJson = ({ address, port, family }: EndpointAddress): Json =>
  object(['address', address], ['port', port], ['family', family]);

const optionsJson = (options: readonly ShownOption[]): Json =>
  object(...options.map((option): Member => [option.row.name, jsonValue(option)]));

function print(value: Json, pad: string): string {
  if (typeof value !== 'object') return JSON.stringify(value);
  const inner = pad + INDENT;
  if ('members' in value) {
    const body = value.members.map(([key, member]) => `${inner}${JSON.stringify(key)}: ${print(member, inner)}`);
    return body.length === 0 ? '{}' : `{\n${body.join(',\n')}\n${pad}}`;
  }
  return value.length === 0 ? '[]' : `[\n${value.map((each) => inner + print(each, inner)).join(',\n')}\n${pad}]`;
}
