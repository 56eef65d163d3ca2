/** Inheritance: from common or a template to resources, from there to volumes and connections. Source: config.md 6. */
import type {
  Configuration,
  ConnectionSection,
  OptionList,
  OptionSections,
  OptionSetting,
  PeerDeviceSection,
  ResourceSection,
  VolumeSection,
} from '../model';
import type { OptionGroup } from '../options';
import { isValid, report, type ParseRun } from '../parser/parse-run';
import { inherit, type Inheritance } from './inherit';
import { inheritsClearly } from './inherits-clearly';

/** `group`: the options of `from` that `into` lacks. */
type Inherits = (group: OptionGroup, from: readonly OptionSetting[], into: OptionList) => void;

export function expand(run: ParseRun): void {
  for (const resource of run.configuration.resources) expandResource(run, run.configuration, resource);
}

function expandResource(run: ParseRun, configuration: Configuration, resource: ResourceSection): void {
  const conflict: Inheritance['conflict'] = (option, value, other) => {
    const { file, line } = resource.position;
    report(
      run,
      'late',
      `${file}:${line}: in resource ${resource.name}, ambiguous inheritance for option "${option}".\n` +
        `should be "${value}" and "${other}" at the same time.`,
    );
  };
  const inherits: Inherits = (group, from, into) => {
    if (from.length > 0) inherit(from, into, { group, conflict });
  };
  // A template takes the place of common.
  const outer = resource.template ?? configuration.common;
  if (outer !== undefined) inheritSections(outer, resource, inherits);
  if (isValid(run) && inheritsClearly(resource)) {
    resource.postpone(() => expandInside(resource, inherits));
  } else {
    for (const host of resource.hosts) host.unshareVolumes();
    expandInside(resource, inherits);
  }
}

/** Volumes and connections. */
function expandInside(resource: ResourceSection, inherits: Inherits): void {
  const { hosts } = resource;
  // Each set once. Two passes, as the order of the messages shows.
  const sets = hosts[0]?.sharesVolumes === true ? [hosts[0].volumes] : hosts.map(({ volumes }) => volumes);
  for (const volumes of sets) inheritFromResource(resource, volumes, inherits);
  for (const volumes of sets) inheritFromVolumes(resource, volumes, inherits);
  for (const connection of resource.connections) expandConnection(resource, connection, inherits);
}

function inheritSections(outer: OptionSections, resource: ResourceSection, inherits: Inherits): void {
  inherits('net', outer.net, resource.net);
  inherits('disk', outer.disk, resource.disk);
  inherits('peer-device', outer.peerDevice, resource.peerDevice);
  inherits('device', outer.device, resource.device);
  inherits('startup', outer.startup, resource.startup);
  inherits('proxy', outer.proxy.options, resource.proxy.options);
  inherits('handlers', outer.handlers, resource.handlers);
  inherits('resource', outer.resource, resource.resource);
  inherits('proxy', outer.proxy.plugins, resource.proxy.plugins);
  resource.stackedTimeouts ||= outer.stackedTimeouts;
}

function inheritFromResource(resource: ResourceSection, volumes: readonly VolumeSection[], inherits: Inherits): void {
  for (const volume of volumes) {
    inherits('disk', resource.disk, volume.diskOptions);
    inherits('peer-device', resource.peerDevice, volume.peerDeviceOptions);
    inherits('device', resource.device, volume.deviceOptions);
  }
}

function inheritFromVolumes(resource: ResourceSection, volumes: readonly VolumeSection[], inherits: Inherits): void {
  for (const volume of volumes) {
    inheritFromVolume(resource, volume, inherits);
    completeVolume(volume);
  }
}

function inheritFromVolume(resource: ResourceSection, volume: VolumeSection, inherits: Inherits): void {
  for (const outer of resource.volumes) {
    if (outer.vnr !== volume.vnr) continue;
    inherits('disk', outer.diskOptions, volume.diskOptions);
    inherits('peer-device', outer.peerDeviceOptions, volume.peerDeviceOptions);
    inherits('device', outer.deviceOptions, volume.deviceOptions);
  }
}

function completeVolume(volume: VolumeSection): void {
  if (volume.minor !== undefined) volume.device ??= `/dev/drbd${volume.minor}`;
  if (volume.disk === 'none') volume.disk = undefined;
}

function expandConnection(resource: ResourceSection, connection: ConnectionSection, inherits: Inherits): void {
  inherits('net', resource.net, connection.netOptions);
  for (const path of connection.paths) {
    for (const { proxy } of path.endpoints) {
      if (proxy === undefined) continue;
      inherits('proxy', resource.proxy.options, proxy.options);
      inherits('proxy', resource.proxy.plugins, proxy.plugins);
    }
  }
  const hosts = (connection.paths[0]?.endpoints ?? []).flatMap(({ host }) => (host === undefined ? [] : [host]));
  for (const { volumes } of hosts) {
    for (const { vnr } of volumes) addPeerDevice(connection, vnr);
  }
  for (const peerDevice of connection.peerDevices) {
    inherits('peer-device', connection.peerDeviceOptions, peerDevice.options);
    for (const host of hosts) {
      const volume = host.volumes.find((candidate) => candidate.vnr === peerDevice.vnr);
      if (volume !== undefined) inherits('peer-device', volume.peerDeviceOptions, peerDevice.options);
    }
  }
}

function addPeerDevice(connection: ConnectionSection, vnr: number): void {
  if (connection.peerDevices.some((peerDevice) => peerDevice.vnr === vnr)) return;
  const added: PeerDeviceSection = { vnr, position: connection.position, written: false, options: [] };
  connection.peerDevices.push(added);
}
