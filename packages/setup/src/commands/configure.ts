/** The commands that are one request to the engine. Source: setup.md 1.3. */
import type { OptionValues } from '@tsdrbd/engine/control';
import { optionsOfCommand } from '@tsdrbd/config/options';
import { boolean, flag, number } from '../command-line/command-option';
import type { CommandArguments, ConfigureCommand } from './command';

const FORCE = flag('force');
const SECTOR_OFFSETS = [0, 2199023255552] as const;
const NO_OPTIONS = [] as const;

const resource = ({ resource }: CommandArguments) => ({ resource });
const minor = ({ minor }: CommandArguments) => ({ minor });
const peer = ({ resource, peerNodeId }: CommandArguments) => ({ resource, peerNodeId });
const peerDevice = ({ resource, peerNodeId, volume }: CommandArguments) => ({ resource, peerNodeId, volume });
const path = ({ resource, peerNodeId, local, peer }: CommandArguments) => ({ resource, peerNodeId, local, peer });

/** A flag that is on; off and absent mean the same. */
const on = (options: OptionValues, name: string): boolean => options[name] === true;
const given = <Key extends string, Value>(key: Key, value: Value | undefined) =>
  (value === undefined ? {} : { [key]: value }) as { readonly [K in Key]?: Value };
const numberOf = (options: OptionValues, name: string): number | undefined => {
  const value = options[name];
  return typeof value === 'number' ? value : undefined;
};
const booleanOf = (options: OptionValues, name: string): boolean | undefined => {
  const value = options[name];
  return typeof value === 'boolean' ? value : undefined;
};

function configure(command: Omit<ConfigureCommand, 'kind'>): ConfigureCommand {
  return { kind: 'configure', ...command };
}

export const primary = configure({
  name: 'primary',
  summary: 'Change the role of a node in a resource to primary.',
  arguments: ['resource'],
  options: [flag('force', 'overwrite-data-of-peer')],
  request: (args, options) => ({ command: 'primary', ...resource(args), force: on(options, 'force') }),
});

export const secondary = configure({
  name: 'secondary',
  summary: 'Change the role of a node in a resource to secondary.',
  arguments: ['resource'],
  options: [FORCE],
  doneWithoutEngine: true,
  request: (args, options) => ({ command: 'secondary', ...resource(args), force: on(options, 'force') }),
});

export const attach = configure({
  name: 'attach',
  summary: 'Attach a lower-level device to an existing replicated device.',
  arguments: ['minor', 'lower_dev', 'meta_data_dev', 'meta_data_index'],
  options: optionsOfCommand('attach'),
  request: ({ minor, dataDevice, metaDevice, metaIndex }, options) => ({
    command: 'attach',
    minor,
    dataDevice,
    metaDevice,
    metaIndex,
    options,
  }),
});

export const diskOptions = configure({
  name: 'disk-options',
  summary: 'Change the disk options of an attached lower-level device.',
  arguments: ['minor'],
  options: optionsOfCommand('disk-options'),
  offersSetDefaults: true,
  request: (args, options, setDefaults) => ({ command: 'disk-options', ...minor(args), setDefaults, options }),
});

export const detach = configure({
  name: 'detach',
  summary: 'Detach the lower-level device of a replicated device.',
  arguments: ['minor'],
  options: [FORCE, flag('diskless')],
  doneWithoutEngine: true,
  request: (args, options) => ({
    command: 'detach',
    ...minor(args),
    force: on(options, 'force'),
    diskless: on(options, 'diskless'),
  }),
});

export const connect = configure({
  name: 'connect',
  summary: 'Attempt to (re)establish a replication link to a peer host.',
  arguments: ['resource', 'peer_node_id'],
  options: [flag('tentative', 'dry-run'), flag('discard-my-data')],
  request: (args, options) => ({
    command: 'connect',
    ...peer(args),
    tentative: on(options, 'tentative'),
    discardMyData: on(options, 'discard-my-data'),
  }),
});

export const newPeer = configure({
  name: 'new-peer',
  summary: 'Make a peer host known to a resource.',
  arguments: ['resource', 'peer_node_id'],
  options: optionsOfCommand('new-peer'),
  request: (args, options) => ({ command: 'new-peer', ...peer(args), options }),
});

export const delPeer = configure({
  name: 'del-peer',
  summary: 'Remove a connection to a peer host.',
  arguments: ['resource', 'peer_node_id'],
  options: [FORCE],
  request: (args, options) => ({ command: 'del-peer', ...peer(args), force: on(options, 'force') }),
});

export const newPath = configure({
  name: 'new-path',
  summary: 'Add a path (endpoint address pair) where a peer host should be reachable.',
  arguments: ['resource', 'peer_node_id', 'local-addr', 'remote-addr'],
  options: NO_OPTIONS,
  request: (args) => ({ command: 'new-path', ...path(args) }),
});

export const delPath = configure({
  name: 'del-path',
  summary: 'Remove a path (endpoint address pair) from a connection to a peer host.',
  arguments: ['resource', 'peer_node_id', 'local-addr', 'remote-addr'],
  options: NO_OPTIONS,
  request: (args) => ({ command: 'del-path', ...path(args) }),
});

export const netOptions = configure({
  name: 'net-options',
  summary: 'Change the network options of a connection.',
  arguments: ['resource', 'peer_node_id'],
  options: optionsOfCommand('net-options'),
  offersSetDefaults: true,
  request: (args, options, setDefaults) => ({ command: 'net-options', ...peer(args), setDefaults, options }),
});

export const disconnect = configure({
  name: 'disconnect',
  summary: 'Unconnect from a peer host.',
  arguments: ['resource', 'peer_node_id'],
  options: [FORCE],
  doneWithoutEngine: true,
  request: (args, options) => ({ command: 'disconnect', ...peer(args), force: on(options, 'force') }),
});

export const resize = configure({
  name: 'resize',
  summary: 'Reexamine the lower-level device sizes to resize a replicated device.',
  arguments: ['minor'],
  options: [
    ...optionsOfCommand('resize'),
    flag('assume-peer-has-space'),
    flag('assume-clean'),
    number('al-stripes', [1, 1024], 1),
    number('al-stripe-size-kB', [4, 16777216], 32, 'k'),
  ],
  request: (args, options) => ({
    command: 'resize',
    ...minor(args),
    ...given('sizeSectors', numberOf(options, 'size')),
    assumePeerHasSpace: on(options, 'assume-peer-has-space'),
    assumeClean: on(options, 'assume-clean'),
    ...given('alStripes', numberOf(options, 'al-stripes')),
    ...given('alStripeSizeKib', numberOf(options, 'al-stripe-size-kB')),
  }),
});

export const resourceOptions = configure({
  name: 'resource-options',
  summary: 'Change the resource options of an existing resource.',
  arguments: ['resource'],
  options: optionsOfCommand('resource-options'),
  offersSetDefaults: true,
  request: (args, options, setDefaults) => ({ command: 'resource-options', ...resource(args), setDefaults, options }),
});

export const peerDeviceOptions = configure({
  name: 'peer-device-options',
  summary: 'Change peer-device options.',
  arguments: ['resource', 'peer_node_id', 'volume'],
  options: optionsOfCommand('peer-device-options'),
  offersSetDefaults: true,
  request: (args, options, setDefaults) => ({
    command: 'peer-device-options',
    ...peerDevice(args),
    setDefaults,
    options,
  }),
});

export const newCurrentUuid = configure({
  name: 'new-current-uuid',
  summary: 'Generate a new current UUID.',
  arguments: ['minor'],
  options: [flag('clear-bitmap'), flag('force-resync')],
  request: (args, options) => ({
    command: 'new-current-uuid',
    ...minor(args),
    clearBitmap: on(options, 'clear-bitmap'),
    forceResync: on(options, 'force-resync'),
  }),
});

export const invalidate = configure({
  name: 'invalidate',
  summary: 'Replace the local data of a volume with that of a peer.',
  arguments: ['minor'],
  options: [number('sync-from-peer-node-id', [-1, 32], -1), boolean('reset-bitmap', 'yes')],
  request: (args, options) => {
    const from = numberOf(options, 'sync-from-peer-node-id');
    return {
      command: 'invalidate',
      ...minor(args),
      ...given('syncFromPeerNodeId', from === -1 ? undefined : from),
      ...given('resetBitmap', booleanOf(options, 'reset-bitmap')),
    };
  },
});

export const invalidateRemote = configure({
  name: 'invalidate-remote',
  summary: "Replace a peer's data of a volume with the local data.",
  arguments: ['resource', 'peer_node_id', 'volume'],
  options: [boolean('reset-bitmap', 'yes')],
  request: (args, options) => ({
    command: 'invalidate-remote',
    ...peerDevice(args),
    ...given('resetBitmap', booleanOf(options, 'reset-bitmap')),
  }),
});

export const pauseSync = configure({
  name: 'pause-sync',
  summary: 'Stop resynchronizing between a local and a peer device.',
  arguments: ['resource', 'peer_node_id', 'volume'],
  options: NO_OPTIONS,
  request: (args) => ({ command: 'pause-sync', ...peerDevice(args) }),
});

export const resumeSync = configure({
  name: 'resume-sync',
  summary: 'Allow resynchronization to resume on a replicated device.',
  arguments: ['resource', 'peer_node_id', 'volume'],
  options: NO_OPTIONS,
  request: (args) => ({ command: 'resume-sync', ...peerDevice(args) }),
});

export const suspendIo = configure({
  name: 'suspend-io',
  summary: 'Suspend I/O on a replicated device.',
  arguments: ['minor'],
  options: [boolean('bdev-freeze', 'yes')],
  request: (args, options) => ({
    command: 'suspend-io',
    ...minor(args),
    ...given('bdevFreeze', booleanOf(options, 'bdev-freeze')),
  }),
});

export const resumeIo = configure({
  name: 'resume-io',
  summary: 'Resume I/O on a replicated device.',
  arguments: ['minor'],
  options: NO_OPTIONS,
  request: (args) => ({ command: 'resume-io', ...minor(args) }),
});

export const outdate = configure({
  name: 'outdate',
  summary: 'Mark the data on a lower-level device as outdated.',
  arguments: ['minor'],
  options: NO_OPTIONS,
  request: (args) => ({ command: 'outdate', ...minor(args) }),
});

export const verify = configure({
  name: 'verify',
  summary: 'Verify the data on a lower-level device against a peer device.',
  arguments: ['resource', 'peer_node_id', 'volume'],
  options: [number('start', SECTOR_OFFSETS, 0, 's', 'bytes'), number('stop', SECTOR_OFFSETS, 0, 's', 'bytes')],
  request: (args, options) => ({
    command: 'verify',
    ...peerDevice(args),
    ...given('startSector', numberOf(options, 'start')),
    ...given('stopSector', numberOf(options, 'stop')),
  }),
});

export const newResource = configure({
  name: 'new-resource',
  summary: 'Create a new resource.',
  arguments: ['resource', 'node_id'],
  options: optionsOfCommand('new-resource'),
  request: (args, options) => ({ command: 'new-resource', ...resource(args), nodeId: args.nodeId, options }),
});

export const newMinor = configure({
  name: 'new-minor',
  summary: 'Create a new replicated device within a resource.',
  arguments: ['resource', 'minor', 'volume'],
  options: optionsOfCommand('new-minor'),
  request: ({ resource, minor, volume }, options) => ({ command: 'new-minor', resource, minor, volume, options }),
});

export const delMinor = configure({
  name: 'del-minor',
  summary: 'Remove a replicated device.',
  arguments: ['minor'],
  options: NO_OPTIONS,
  request: (args) => ({ command: 'del-minor', ...minor(args) }),
});

export const delResource = configure({
  name: 'del-resource',
  summary: 'Remove a resource.',
  arguments: ['resource'],
  options: NO_OPTIONS,
  request: (args) => ({ command: 'del-resource', ...resource(args) }),
});

export const forgetPeer = configure({
  name: 'forget-peer',
  summary: 'Completely remove any reference to a unconnected peer from meta-data.',
  arguments: ['resource', 'peer_node_id'],
  options: NO_OPTIONS,
  request: (args) => ({ command: 'forget-peer', ...peer(args) }),
});

export const renameResource = configure({
  name: 'rename-resource',
  summary: 'Rename a resource.',
  arguments: ['resource', 'new_name'],
  options: NO_OPTIONS,
  request: (args) => ({ command: 'rename-resource', ...resource(args), newName: args.newName }),
});
