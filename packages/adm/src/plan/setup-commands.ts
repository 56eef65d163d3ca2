/** The tsdrbdsetup command lines for the parts of a resource. Source: adm.md 2.1, 3.2, 3.3. */
import type {
  ResolvedBacking,
  ResolvedConnection,
  ResolvedOption,
  ResolvedPath,
  ResolvedPeerDevice,
  ResolvedResource,
  ResolvedVolume,
} from '@tsdrbd/config';
import { formatSetupAddress } from '@tsdrbd/config';
import type { OptionListName } from '../commands/option-lists';
import type { Command, TimeLimit } from './command';
import { configured, passedOn } from './emitted-options';

/** Words from the command line that may have to be passed on. */
export type BackendOptions = readonly string[];

export function setupCommand(
  resource: string | null,
  argv: readonly string[],
  why: string,
  timeLimit: TimeLimit = 'short',
): Command {
  return { program: 'setup', argv, timeLimit, resource, why };
}

interface WithOptions {
  readonly settings?: readonly ResolvedOption[];
  readonly list: OptionListName;
  readonly backend: BackendOptions;
}

function optionWords({ settings = [], list, backend }: WithOptions): readonly string[] {
  return [...configured(settings, backend), ...passedOn(backend, list)];
}

export function newResource(resource: ResolvedResource, backend: BackendOptions): Command {
  const options = optionWords({ settings: resource.resourceOptions, list: 'resource', backend });
  return setupCommand(
    resource.name,
    ['new-resource', resource.name, resource.nodeId, ...options],
    'create the resource',
  );
}

/** The command line's options replace configured ones, but are not forwarded, on purpose. Source: adm.md 10 #23. */
export function newMinor(resource: ResolvedResource, volume: ResolvedVolume, backend: BackendOptions = []): Command {
  const options = configured(volume.deviceOptions, backend);
  const diskless = volume.backing === null ? ['--diskless'] : [];
  return setupCommand(
    resource.name,
    ['new-minor', resource.name, `${volume.minor}`, `${volume.number}`, ...diskless, ...options],
    'create the volume',
  );
}

export function newPeer(resource: ResolvedResource, connection: ResolvedConnection, backend: BackendOptions): Command {
  const options = optionWords({ settings: connection.netOptions, list: 'new-peer', backend });
  return setupCommand(
    resource.name,
    ['new-peer', resource.name, connection.peerNodeId, ...options],
    'make the peer known',
  );
}

/** These can be set when a peer is made, but not changed later. */
export const PEER_CREATION_OPTIONS: ReadonlySet<string> = new Set(['transport', 'load-balance-paths']);

export function netOptions(
  resource: ResolvedResource,
  connection: ResolvedConnection,
  backend: BackendOptions,
): Command {
  const settings = connection.netOptions.filter(({ name }) => name !== 'transport');
  const options = optionWords({ settings, list: 'net', backend });
  return setupCommand(
    resource.name,
    ['net-options', resource.name, connection.peerNodeId, ...options],
    'set net options',
  );
}

export function pathCommand(
  verb: 'new-path' | 'del-path',
  resourceName: string,
  peerNodeId: string,
  { local, peer }: Pick<ResolvedPath, 'local' | 'peer'>,
): Command {
  return setupCommand(
    resourceName,
    [verb, resourceName, peerNodeId, formatSetupAddress(local), formatSetupAddress(peer)],
    verb === 'new-path' ? 'tell how to reach the peer' : 'forget one way to the peer',
  );
}

export function peerDeviceOptions(
  resource: ResolvedResource,
  connection: ResolvedConnection,
  peerDevice: ResolvedPeerDevice,
  backend: BackendOptions,
): Command {
  const options = optionWords({ settings: peerDevice.options, list: 'peer-device', backend });
  return setupCommand(
    resource.name,
    ['peer-device-options', resource.name, connection.peerNodeId, `${peerDevice.volumeNumber}`, ...options],
    'set resync options',
  );
}

export function attach(
  resource: ResolvedResource,
  volume: ResolvedVolume,
  backing: ResolvedBacking,
  backend: BackendOptions,
): Command {
  const options = optionWords({ settings: volume.diskOptions, list: 'disk', backend });
  const [device, index] = metaDiskWords(backing, 'flexible');
  return setupCommand(
    resource.name,
    ['attach', `${volume.minor}`, backing.disk, device, index, ...options],
    'attach the disk',
    'medium',
  );
}

export function diskOptions(resource: ResolvedResource, volume: ResolvedVolume, backend: BackendOptions): Command {
  const options = optionWords({ settings: volume.diskOptions, list: 'disk', backend });
  return setupCommand(resource.name, ['disk-options', `${volume.minor}`, ...options], 'set disk options', 'medium');
}

export function connect(resource: ResolvedResource, connection: ResolvedConnection, backend: BackendOptions): Command {
  const options = optionWords({ list: 'connect', backend });
  return setupCommand(
    resource.name,
    ['connect', resource.name, connection.peerNodeId, ...options],
    'connect to the peer',
  );
}

export function resize(resource: ResolvedResource, volume: ResolvedVolume, backend: BackendOptions): Command {
  const settings = volume.diskOptions.filter(({ name }) => name === 'size');
  // Here a size of the command line does not replace the configured one: the last one counts.
  const options = [...configured(settings, []), ...passedOn(backend, 'resize')];
  return setupCommand(resource.name, ['resize', `${volume.minor}`, ...options], 'grow to the new size', 'medium');
}

export function checkResize(resource: ResolvedResource, volume: ResolvedVolume): Command {
  return setupCommand(resource.name, ['check-resize', `${volume.minor}`], 'remember the size');
}

/** The two words that name the metadata. Source: adm.md 3.3. */
export function metaDiskWords(
  { disk, metaDisk }: ResolvedBacking,
  flexibleWord: 'flexible' | 'flex-external',
): readonly [device: string, index: string] {
  switch (metaDisk.kind) {
    case 'internal':
      return [disk, 'internal'];
    case 'flexible':
      return [metaDisk.device, flexibleWord];
    case 'indexed':
      return [metaDisk.device, metaDisk.index];
  }
}
