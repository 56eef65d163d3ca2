/** `show`: what the engine is configured to, in drbd.conf syntax. Source: setup.md 6.1 to 6.3; version 9.34. */
import type { ConnectionState, DeviceState, NodeState, ResourceState } from '@tsdrbd/engine/control';
import { sortedConnections, sortedDevices, sortedPeerDevices, sortedResources } from './order';
import { deviceShown, netShown, peerDeviceShown, quoted, resourceShown, valueWord } from './show-values';
import type { ShownOption } from './show-values';
import { hostAndPort } from './words';

const NAME_COLUMNS = 16;
const INDENT = '    ';

export interface ShowStyle {
  readonly defaults: 'shown' | 'hidden';
}

export function renderShow(node: NodeState, style: ShowStyle): string {
  return sortedResources(node)
    .map((resource) => `${lines(resourceSection(resource, style))}\n`)
    .join('');
}

/** A line, or a section with its lines; sections without lines are left out. */
type Part = string | Section;
interface Section {
  readonly head: string;
  readonly parts: readonly Part[];
  /** Printed even if empty. */
  readonly always?: boolean;
}

function resourceSection(resource: ResourceState, style: ShowStyle): Section {
  return {
    head: `resource "${resource.name}"`,
    always: true,
    parts: [
      { head: 'options', parts: optionLines(resourceShown(resource), style) },
      {
        head: '_this_host',
        parts: [
          `node-id\t\t\t${resource.nodeId};`,
          ...sortedDevices(resource).map((each) => volumeSection(each, style)),
        ],
      },
      ...sortedConnections(resource).map((connection) => connectionSection(connection, style)),
    ],
  };
}

function volumeSection(device: DeviceState, style: ShowStyle): Section {
  return {
    head: `volume ${device.volume}`,
    parts: [
      `device\t\t\tminor ${device.minor};`,
      ...backingLines(device),
      { head: 'disk', parts: optionLines(deviceShown(device), style) },
    ],
  };
}

function backingLines({ backing, client }: DeviceState): string[] {
  if (backing === null) return client === 'yes' ? ['disk\t\t\tnone;'] : [];
  const { dataDevice, metaDevice, metaIndex } = backing;
  const meta =
    metaIndex === 'internal'
      ? 'internal'
      : metaIndex === 'flexible'
        ? quoted(metaDevice)
        : `${quoted(metaDevice)} [ ${metaIndex} ]`;
  return [`disk\t\t\t${quoted(dataDevice)};`, `meta-disk\t\t\t${meta};`];
}

function connectionSection(connection: ConnectionState, style: ShowStyle): Section {
  return {
    head: 'connection',
    parts: [
      `_peer_node_id ${connection.peerNodeId};`,
      ...connection.paths.map(({ local, peer }) => ({
        head: 'path',
        parts: [
          `_this_host ${local.family} ${hostAndPort(local)};`,
          `_remote_host ${peer.family} ${hostAndPort(peer)};`,
        ],
      })),
      `_cstate ${connection.connectionState};`,
      { head: 'net', parts: optionLines(netShown(connection), style) },
      ...sortedPeerDevices(connection).map((peerDevice) => ({
        head: `volume ${peerDevice.volume}`,
        parts: [{ head: 'disk', parts: optionLines(peerDeviceShown(peerDevice), style) }],
      })),
    ],
  };
}

function optionLines(options: readonly ShownOption[], style: ShowStyle): string[] {
  return options.filter((each) => style.defaults === 'shown' || !each.isDefault).map(optionLine);
}

function optionLine(option: ShownOption): string {
  const { row, isDefault } = option;
  const unit = row.type.kind === 'number' ? row.type.note : undefined;
  // The connection's name has no default that it could be equal to.
  const notes = [unit, isDefault && row.name !== '_name' ? 'default' : undefined].filter((note) => note !== undefined);
  const note = notes.length === 0 ? '' : ` # ${notes.join(', ')}`;
  return `${row.name.padEnd(NAME_COLUMNS)}\t${valueWord(option)};${note}`;
}

function lines(section: Section, pad = ''): string {
  const body = section.parts
    .map((part) => (typeof part === 'string' ? `${pad}${INDENT}${part}\n` : lines(part, pad + INDENT)))
    .join('');
  return body === '' && section.always !== true ? '' : `${pad}${section.head} {\n${body}${pad}}\n`;
}
