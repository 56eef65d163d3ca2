/** Inheritance: from common or a template to resources, from there to volumes and connections. Source: config.md 6. */
import type {
  Configuration,
  ConnectionSection,
  OptionSections,
  PeerDeviceSection,
  ResourceSection,
  VolumeSection,
} from '../model';
import type { OptionGroup } from '../options';
import { report, type ParseRun } from '../parser/parse-run';
import { inherit, type Inheritance } from './inherit';

type Inherits = (group: OptionGroup) => Inheritance;

export function expand(run: ParseRun): void {
  for (const resource of run.configuration.resources) expandResource(run, run.configuration, resource);
}

function expandResource(run: ParseRun, configuration: Configuration, resource: ResourceSection): void {
  const inherits: Inherits = (group) => ({
    group,
    conflict: (option, value, other) => {
      const { file, line } = resource.position;
      report(
        run,
        'late',
        `${file}:${line}: in resource ${resource.name}, ambiguous inheritance for option "${option}".\n` +
          `should be "${value}" and "${other}" at the same time.`,
      );
    },
  });
  // A template takes the place of common.
  const outer = resource.template ?? configuration.common;
  if (outer !== undefined) inheritSections(outer, resource, inherits);
  for (const host of resource.hosts) {
    for (const volume of host.volumes) expandVolume(resource, volume, inherits);
  }
  for (const connection of resource.connections) expandConnection(resource, connection, inherits);
}

function inheritSections(outer: OptionSections, resource: ResourceSection, inherits: Inherits): void {
  inherit(outer.net, resource.net, inherits('net'));
  inherit(outer.disk, resource.disk, inherits('disk'));
  inherit(outer.peerDevice, resource.peerDevice, inherits('peer-device'));
  inherit(outer.device, resource.device, inherits('device'));
  inherit(outer.startup, resource.startup, inherits('startup'));
  inherit(outer.proxy.options, resource.proxy.options, inherits('proxy'));
  inherit(outer.handlers, resource.handlers, inherits('handlers'));
  inherit(outer.resource, resource.resource, inherits('resource'));
  inherit(outer.proxy.plugins, resource.proxy.plugins, inherits('proxy'));
  resource.stackedTimeouts ||= outer.stackedTimeouts;
}

function expandVolume(resource: ResourceSection, volume: VolumeSection, inherits: Inherits): void {
  inherit(resource.disk, volume.diskOptions, inherits('disk'));
  inherit(resource.peerDevice, volume.peerDeviceOptions, inherits('peer-device'));
  inherit(resource.device, volume.deviceOptions, inherits('device'));
  for (const outer of resource.volumes) {
    if (outer.vnr !== volume.vnr) continue;
    inherit(outer.diskOptions, volume.diskOptions, inherits('disk'));
    inherit(outer.peerDeviceOptions, volume.peerDeviceOptions, inherits('peer-device'));
    inherit(outer.deviceOptions, volume.deviceOptions, inherits('device'));
  }
  if (volume.minor !== undefined) volume.device ??= `/dev/drbd${volume.minor}`;
  if (volume.disk === 'none') volume.disk = undefined;
}

function expandConnection(resource: ResourceSection, connection: ConnectionSection, inherits: Inherits): void {
  inherit(resource.net, connection.netOptions, inherits('net'));
  for (const path of connection.paths) {
    for (const { proxy } of path.endpoints) {
      if (proxy === undefined) continue;
      inherit(resource.proxy.options, proxy.options, inherits('proxy'));
      inherit(resource.proxy.plugins, proxy.plugins, inherits('proxy'));
    }
  }
  const hosts = (connection.paths[0]?.endpoints ?? []).flatMap(({ host }) => (host === undefined ? [] : [host]));
  for (const { volumes } of hosts) {
    for (const { vnr } of volumes) addPeerDevice(connection, vnr);
  }
  for (const peerDevice of connection.peerDevices) {
    inherit(connection.peerDeviceOptions, peerDevice.options, inherits('peer-device'));
    for (const host of hosts) {
      const volume = host.volumes.find((candidate) => candidate.vnr === peerDevice.vnr);
      if (volume !== undefined) inherit(volume.peerDeviceOptions, peerDevice.options, inherits('peer-device'));
    }
  }
}

function addPeerDevice(connection: ConnectionSection, vnr: number): void {
  if (connection.peerDevices.some((peerDevice) => peerDevice.vnr === vnr)) return;
  const added: PeerDeviceSection = { vnr, position: connection.position, written: false, options: [] };
  connection.peerDevices.push(added);
}
