/**
 * What each immediate command does to a target, as steps. Everything but up and adjust, which are scheduled
 * (plan/schedule.ts), and dump and status without a name. Source: adm.md 2.1 to 2.3, 5, 6.1.
 */
import type {
  ResolvedBacking,
  ResolvedConnection,
  ResolvedPeerDevice,
  ResolvedResource,
  ResolvedVolume,
} from '@tsdrbd/config';
import { EXIT } from '../adm-exit';
import { run, type Command, type Step } from '../plan/command';
import { configured, givenValue, isGiven, passedOn } from '../plan/emitted-options';
import { metaCommand, needsDiskMessage, type MetaCommandName } from '../plan/meta-commands';
import { attachSteps, resizeSteps } from '../plan/disk-steps';
import { proxiesHere, proxyDownSteps, proxyUpSteps } from '../plan/proxy';
import * as setup from '../plan/setup-commands';
import { commandRow, type CommandName } from './command-table';
import type { OptionListName } from './option-lists';
import type { Target } from './target';
import { udevText } from './udev';
import { waitSteps } from './wait';

export interface StepContext {
  readonly command: CommandName;
  readonly backend: readonly string[];
  readonly verbosity: number;
  readonly udevAlwaysUsesVolumeNumber: boolean;
  readonly hostName: string;
}

export function stepsFor(target: Target, context: StepContext): readonly Step[] {
  const row = commandRow(context.command);
  switch (row.iterates) {
    case 'resource':
      return resourceSteps(target, context);
    case 'volumes':
      return volumesOf(target, context, (volume) => volumeSteps(target, volume, context));
    case 'peers':
      return target.connections.flatMap((connection) => peerSteps(target, connection, context));
    case 'peers-paths':
      return target.connections.flatMap((connection) =>
        connection.paths.map((path) =>
          run(
            setup.pathCommand(
              context.command === 'del-path' ? 'del-path' : 'new-path',
              target.resource.name,
              connection.peerNodeId,
              path,
            ),
          ),
        ),
      );
    case 'volumes-peers':
      return volumesOf(target, context, (volume) => peerDeviceSteps(target, volume, context));
    case 'volumes-peers-paths':
      return target.volumes.flatMap(() =>
        target.connections.flatMap(({ paths }) => paths.map(({ local }) => print(local.address))),
      );
  }
}

/** A volume without disk: passed over by `all`, refused when named, where the command needs the disk. */
function volumesOf(
  target: Target,
  { command }: StepContext,
  stepsOf: (volume: ResolvedVolume) => readonly Step[],
): readonly Step[] {
  const needsDisk = commandRow(command).needsDisk === true;
  return target.volumes.flatMap((volume): readonly Step[] => {
    if (!needsDisk || volume.backing !== null) return stepsOf(volume);
    return target.origin === 'all' ? [] : [refuseDiskless(command)];
  });
}

function refuseDiskless(command: CommandName) {
  return { kind: 'refuse' as const, exitCode: EXIT.config, message: needsDiskMessage(command) };
}

/** null: it has no disk here. */
function onDisk(volume: ResolvedVolume, commandOf: (backing: ResolvedBacking) => Command): readonly Step[] | null {
  const backing = volume.backing;
  return backing === null ? null : [run(commandOf(backing))];
}

const print = (text: string): Step => ({ kind: 'print', text: `${text}\n` });

function resourceSteps(target: Target, context: StepContext): readonly Step[] {
  const { resource, peer } = target;
  const { command, backend } = context;
  const forward = (list: OptionListName, timeLimit: Command['timeLimit'] = 'short', words: readonly string[] = []) => [
    run(
      setup.setupCommand(
        resource.name,
        [command, resource.name, ...words, ...passedOn(backend, list)],
        command,
        timeLimit,
      ),
    ),
  ];
  switch (command) {
    case 'resource-options':
      return forward('resource');
    case 'down':
      return forward('none', 'medium');
    case 'primary':
    case 'secondary':
      return forward('force', 'medium');
    case 'role':
      return peer === null
        ? forward('none')
        : [run(setup.setupCommand(resource.name, ['peer-role', resource.name, peer.peerNodeId], 'peer role'))];
    case 'status':
      return forward(
        'status',
        'short',
        Array.from({ length: context.verbosity }, () => '--verbose'),
      );
    case 'new-resource':
      return [run(setup.newResource(resource, backend))];
    case 'wait-connect':
    case 'wait-sync':
      return waitSteps(command === 'wait-connect' ? 'connect' : 'sync', target, backend);
    case 'sh-resource':
      return [print(resource.name)];
    case 'sh-list-config-file':
      return [print(`${resource.file}:${resource.line}:${resource.name}`)];
    default:
      throw new Error(`no steps for ${command} of a resource`);
  }
}

function volumeSteps(target: Target, volume: ResolvedVolume, context: StepContext): readonly Step[] {
  const { resource, peer } = target;
  const { command, backend } = context;
  const { minor } = volume;
  const backing = volume.backing;
  const onMinor = (list: OptionListName, timeLimit: Command['timeLimit'] = 'short', words: readonly string[] = []) =>
    setup.setupCommand(resource.name, [command, `${minor}`, ...words, ...passedOn(backend, list)], command, timeLimit);
  const inMetadata = (name: MetaCommandName, words: readonly string[] = []): readonly Step[] =>
    backing === null ? [] : [run(metaCommand(name, resource, volume, backing, { words, backend }))];

  switch (command) {
    case 'attach':
      return backing === null ? [] : attachSteps(resource, volume, backing, backend);
    case 'disk-options':
      return [run(setup.diskOptions(resource, volume, backend))];
    case 'detach':
      return [run(onMinor('detach', 'medium'))];
    case 'new-minor':
      return [run(setup.newMinor(resource, volume, backend))];
    case 'del-minor':
    case 'resume-io':
      return [run(onMinor('none'))];
    case 'suspend-io':
      return [run(onMinor('suspend-io'))];
    case 'new-current-uuid':
      return [run(onMinor('new-current-uuid'))];
    case 'invalidate': {
      const from = peer === null ? [] : [`--sync-from-peer-node-id=${peer.peerNodeId}`];
      const ask = setup.setupCommand(
        resource.name,
        [command, `${minor}`, ...passedOn(backend, 'invalidate-in-setup'), ...from],
        command,
      );
      return [{ kind: 'ask-engine-first', command: ask, rule: 'invalidate', fallback: inMetadata('invalidate') }];
    }
    case 'outdate': {
      // Resource and minor, as the original sends it; see adm.md 10 #4.
      const ask = setup.setupCommand(resource.name, [command, resource.name, `${minor}`], command);
      return [{ kind: 'ask-engine-first', command: ask, rule: 'outdate', fallback: inMetadata('outdate') }];
    }
    case 'dstate':
      return [{ kind: 'ask-engine-first', command: onMinor('none'), rule: 'state', fallback: inMetadata('dstate') }];
    case 'resize':
      return resizeSteps(resource, volume, backend);
    case 'check-resize':
      return checkResizeSteps(resource, volume);
    case 'create-md':
      return backing === null ? [] : createMdSteps(target, volume, backing, backend);
    case 'dump-md':
    case 'wipe-md':
    case 'apply-al':
    case 'repair-md':
      return inMetadata(command);
    case 'dump-superblock':
      return inMetadata(command, isGiven(backend, 'output-format') ? [] : ['--output-format=json']);
    case 'sh-dev':
      return [print(`/dev/drbd${minor}`)];
    case 'sh-minor':
      return [print(`${minor}`)];
    case 'sh-ll-dev':
      return [print(backing?.disk ?? 'none')];
    case 'sh-md-dev':
      return backing === null ? [] : [print(setup.metaDiskWords(backing, 'flexible')[0])];
    case 'sh-md-idx':
      return backing === null ? [] : [print(setup.metaDiskWords(backing, 'flexible')[1])];
    case 'sh-udev':
      return [{ kind: 'print', text: udevText(resource, volume, context.udevAlwaysUsesVolumeNumber) }];
    case 'sh-lr-of':
      return resource.lowerResource === null
        ? [{ kind: 'refuse', exitCode: EXIT.usage, message: 'sh-lower-resource only available in stacked mode' }]
        : [print(resource.lowerResource)];
    default:
      throw new Error(`no steps for ${command} of a volume`);
  }
}

function peerSteps(target: Target, connection: ResolvedConnection, context: StepContext): readonly Step[] {
  const { resource } = target;
  const { command, backend } = context;
  const onPeer = (list: OptionListName): Command =>
    setup.setupCommand(
      resource.name,
      [command, resource.name, connection.peerNodeId, ...passedOn(backend, list)],
      command,
    );
  switch (command) {
    case 'proxy-up':
      return proxiesHere(connection, context.hostName).flatMap((proxy) =>
        proxyUpSteps(resource.name, proxy, 'asked-for'),
      );
    case 'proxy-down':
      return proxiesHere(connection, context.hostName).flatMap((proxy) => proxyDownSteps(resource.name, proxy));
    case 'new-peer':
      return [run(setup.newPeer(resource, connection, backend))];
    case 'net-options':
      return [run(setup.netOptions(resource, connection, backend))];
    case 'del-peer':
    case 'disconnect':
      return [run(onPeer('force'))];
    case 'connect':
      return [run(onPeer('connect'))];
    case 'cstate':
    case 'peer-role':
      return [run(onPeer('none'))];
    case 'forget-peer': {
      const fallback = volumesOf(
        { ...target, origin: 'named' },
        context,
        (volume): readonly Step[] =>
          onDisk(volume, (backing) =>
            metaCommand('forget-peer', resource, volume, backing, { peerNodeId: connection.peerNodeId, backend }),
          ) ?? [{ ...refuseDiskless(command), kind: 'complain' }],
      );
      return [{ kind: 'ask-engine-first', command: onPeer('none'), rule: 'state', fallback }];
    }
    default:
      throw new Error(`no steps for ${command} of a peer`);
  }
}

function peerDeviceSteps(target: Target, volume: ResolvedVolume, context: StepContext): readonly Step[] {
  const { resource } = target;
  const { command, backend } = context;
  if (command === 'set-gi' && target.connections.length === 0) {
    return setGi(resource, volume, resource.nodeId, backend);
  }
  return target.connections.flatMap((connection): readonly Step[] => {
    const peerDevice = peerDeviceOf(connection, volume.number);
    const onPeerDevice = (list: OptionListName, timeLimit: Command['timeLimit'] = 'short'): Command =>
      setup.setupCommand(
        resource.name,
        [command, resource.name, connection.peerNodeId, `${volume.number}`, ...passedOn(backend, list)],
        command,
        timeLimit,
      );
    switch (command) {
      case 'peer-device-options':
        return [run(setup.peerDeviceOptions(resource, connection, peerDevice, backend))];
      case 'invalidate-remote':
        return [run(onPeerDevice('invalidate-remote', 'medium'))];
      case 'verify':
        return [run(onPeerDevice('verify'))];
      case 'pause-sync':
      case 'resume-sync':
        return [run(onPeerDevice('none'))];
      case 'show-gi':
      case 'get-gi': {
        const backing = volume.backing;
        const fallback =
          backing === null
            ? []
            : [run(metaCommand(command, resource, volume, backing, { peerNodeId: connection.peerNodeId, backend }))];
        return [{ kind: 'ask-engine-first', command: onPeerDevice('none'), rule: 'state', fallback }];
      }
      case 'set-gi':
        return setGi(resource, volume, connection.peerNodeId, backend);
      default:
        throw new Error(`no steps for ${command} of a peer device`);
    }
  });
}

/** Takes every word that the command line has to offer. */
function setGi(
  resource: ResolvedResource,
  volume: ResolvedVolume,
  peerNodeId: string,
  backend: readonly string[],
): readonly Step[] {
  const metaCommandOf = (backing: ResolvedBacking) =>
    metaCommand('set-gi', resource, volume, backing, { peerNodeId, words: backend });
  return onDisk(volume, metaCommandOf) ?? [];
}

function peerDeviceOf(connection: ResolvedConnection, volumeNumber: number): ResolvedPeerDevice {
  const found = connection.peerDevices.find((peerDevice) => peerDevice.volumeNumber === volumeNumber);
  return found ?? { volumeNumber, peerHasDisk: false, options: [] };
}

function checkResizeSteps(resource: ResolvedResource, volume: ResolvedVolume): readonly Step[] {
  const backing = volume.backing;
  const size = configured(
    volume.diskOptions.filter(({ name }) => name === 'size'),
    [],
  );
  const ask = setup.setupCommand(
    resource.name,
    ['resize', `${volume.minor}`, ...size],
    'grow to the new size',
    'medium',
  );
  const fallback: readonly Step[] =
    backing === null
      ? [
          {
            kind: 'refuse',
            exitCode: EXIT.failed,
            message: `No backing device configured for drbd${volume.minor}, cannot fall back to drbdmeta.`,
          },
        ]
      : [run(metaCommand('check-resize', resource, volume, backing))];
  const remember: Step = { kind: 'run-result-ignored', command: setup.checkResize(resource, volume) };
  return [{ kind: 'resize-or-check', resize: ask, onSuccess: [remember], fallback }];
}

/** Source: adm.md 5.1. */
function createMdSteps(
  { resource, connections }: Target,
  volume: ResolvedVolume,
  backing: ResolvedBacking,
  backend: readonly string[],
): readonly Step[] {
  const diskful = connections.filter(({ peerDevices }) => peerDevices.some(({ peerHasDisk }) => peerHasDisk));
  const peerCount = givenValue(backend, 'max-peers') ?? `${Math.max(1, diskful.length)}`;
  const options = passedOn(backend, 'create-md').filter((word) => !word.startsWith('--max-peers'));
  const withDiskHere = connections
    .filter((connection) => peerDeviceOf(connection, volume.number).peerHasDisk)
    .map(({ peerNodeId }) => peerNodeId);
  const diskfulPeers =
    isGiven(backend, 'effective-size') && !isGiven(backend, 'diskful-peers') && withDiskHere.length > 0
      ? [`--diskful-peers=${withDiskHere.join(',')}`]
      : [];
  return [
    run(metaCommand('create-md', resource, volume, backing, { words: [peerCount, ...options, ...diskfulPeers] })),
    {
      kind: 'ensure-device-uuid',
      read: metaCommand('read-dev-uuid', resource, volume, backing),
      writeOf: (uuid) => metaCommand('write-dev-uuid', resource, volume, backing, { words: [uuid] }),
    },
  ];
}
