/** Commands that print one fact. Sources: setup.md 7.2, 7.3, 3.5, 1.4. */
import { ERR, byDiskName, byResourceName, deviceName, replyText } from '@tsdrbd/engine/control';
import type { ConnectionState, DeviceState, NodeState, PeerDeviceState, ResourceState } from '@tsdrbd/engine/control';
import { giJson, renderGi, renderGiPicture } from '../render/generation-identifiers';
import { EXIT_FAILURE, EXIT_NO_DISK, EXIT_OK, SetupExit } from '../setup-exit';
import type { CommandArguments, CommandContext, QueryCommand } from './command';

const NOTHING: NodeState = { resources: [] };

/** What is found, told as drbdsetup does and as JSON, which is ours. */
interface Answer {
  readonly text: string;
  /** Keys are those of `status --json`. */
  readonly json: Readonly<Record<string, unknown>>;
}

function query(
  name: string,
  summary: string,
  words: QueryCommand['arguments'],
  answer: (node: NodeState, args: CommandArguments) => Answer,
): QueryCommand {
  return {
    kind: 'query',
    name,
    summary,
    arguments: words,
    options: [{ name: 'json', short: 'j', value: 'none' }],
    async run({ io, client }: CommandContext, args, options) {
      const { text, json } = answer((await client.state()) ?? NOTHING, args);
      io.stdout.write(options.has('json') ? `${JSON.stringify(json)}\n` : text);
      return EXIT_OK;
    },
  };
}

export const role = query('role', 'Show the current role of a resource.', ['resource'], (node, args) => {
  const resource = node.resources.find((each) => each.name === args.resource);
  if (resource === undefined) throw new SetupExit(EXIT_FAILURE, `${args.objectName}: Unknown resource\n`);
  return { text: `${resource.role}\n`, json: { name: resource.name, role: resource.role } };
});

export const peerRole = query(
  'peer-role',
  'Show the current role of a peer.',
  ['resource', 'peer_node_id'],
  (node, args) => {
    const { peerRole } = findConnection(node, args);
    return {
      text: `${peerRole}\n`,
      json: { name: args.resource, 'peer-node-id': args.peerNodeId, 'peer-role': peerRole },
    };
  },
);

export const cstate = query(
  'cstate',
  'Show the current state of a connection.',
  ['resource', 'peer_node_id'],
  (node, args) => {
    const { connectionState } = findConnection(node, args);
    return {
      text: `${connectionState}\n`,
      json: { name: args.resource, 'peer-node-id': args.peerNodeId, 'connection-state': connectionState },
    };
  },
);

export const dstate = query(
  'dstate',
  'Show the current disk state of a lower-level device.',
  ['minor'],
  (node, args) => {
    const { resource, device } = findDevice(node, args);
    const peers = resource.connections.flatMap((connection) =>
      connection.peerDevices.filter((each) => each.volume === device.volume).map((each) => each.peerDiskState),
    );
    return {
      text: `${[device.diskState, ...peers].join('/')}\n`,
      json: { minor: device.minor, 'disk-state': device.diskState, 'peer-disk-states': peers },
    };
  },
);

export const udev = query('udev', 'Show what udev needs to know about a device.', ['minor'], (node, args) => {
  const { resource, device } = findDevice(node, args);
  const disk = device.backing?.dataDevice;
  const variables = {
    DEVICE: deviceName(device.minor),
    SYMLINK_BY_RES: byResourceName(resource.name, device.volume),
    ...(disk !== undefined && { SYMLINK_BY_DISK: byDiskName(disk) }),
  };
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
  return { text: lines.join(''), json: variables };
});

export const getGi = query(
  'get-gi',
  'Show the data generation identifiers for a device on a particular connection.',
  ['resource', 'peer_node_id', 'volume'],
  (node, args) => {
    const { device, peerDevice } = findPeerDevice(node, args);
    return { text: `${renderGi(device, peerDevice)}\n`, json: giJson(device, peerDevice) };
  },
);

export const showGi = query(
  'show-gi',
  'Show the data generation identifiers for a device on a particular connection, with explanations.',
  ['resource', 'peer_node_id', 'volume'],
  (node, args) => {
    const { device, peerDevice } = findPeerDevice(node, args);
    return { text: renderGiPicture(renderGi(device, peerDevice)), json: giJson(device, peerDevice) };
  },
);

/** One that has a disk. Throws SetupExit. */
function findPeerDevice(
  node: NodeState,
  args: CommandArguments,
): { readonly device: DeviceState; readonly peerDevice: PeerDeviceState } {
  const resource = node.resources.find((each) => each.name === args.resource);
  const connection = resource?.connections.find((each) => each.peerNodeId === args.peerNodeId);
  const peerDevice = connection?.peerDevices.find((each) => each.volume === args.volume);
  const device = resource?.devices.find((each) => each.volume === args.volume);
  if (peerDevice === undefined || device === undefined) {
    throw new SetupExit(EXIT_FAILURE, `${args.objectName}: No such peer device\n`);
  }
  if (device.diskState === 'Diskless') {
    const reason = peerDevice.replicationState === 'Off' ? 'Device is unconfigured' : 'Device has no disk';
    throw new SetupExit(EXIT_NO_DISK, `${reason}\n`);
  }
  return { device, peerDevice };
}

function findConnection(node: NodeState, args: CommandArguments): ConnectionState {
  const resource = node.resources.find((each) => each.name === args.resource);
  const connection = resource?.connections.find((each) => each.peerNodeId === args.peerNodeId);
  if (connection !== undefined) return connection;
  const unknown = `${args.objectName}: Failure: (${ERR.ERR_RES_NOT_KNOWN}) ${replyText(ERR.ERR_RES_NOT_KNOWN)}\n`;
  const first = resource === undefined ? unknown : '';
  throw new SetupExit(EXIT_FAILURE, `${first}${args.objectName}: No such connection\n`);
}

export function findDevice(
  node: NodeState,
  args: CommandArguments,
): { readonly resource: ResourceState; readonly device: DeviceState } {
  for (const resource of node.resources) {
    const device = resource.devices.find((each) => each.minor === args.minor);
    if (device !== undefined) return { resource, device };
  }
  throw new SetupExit(EXIT_FAILURE, `${args.objectName}: No such device\n`);
}
