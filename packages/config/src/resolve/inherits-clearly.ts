/**
 * Whether inheritance can find contradictions, told from the sections that hand something down. Where it cannot, it may
 * wait until a command looks at the volumes and connections that inherit. Source: config.md 6.
 */
import type { ConnectionSection, OptionSetting, ResourceSection, VolumeSection } from '../model';
import { findOption } from '../options';

/** `resource` has inherited what it does; what it hands down has been told of where its values are wrong. */
export function inheritsClearly(resource: ResourceSection): boolean {
  return volumesInheritClearly(resource) && connectionsInheritClearly(resource);
}

function volumesInheritClearly({ device, disk, peerDevice, volumes }: ResourceSection): boolean {
  if (hasRepeated(disk) || hasRepeated(peerDevice) || hasRepeated(device)) return false;
  return volumes.every(
    ({ deviceOptions, diskOptions, peerDeviceOptions }) =>
      areClear(disk, diskOptions) && areClear(peerDevice, peerDeviceOptions) && areClear(device, deviceOptions),
  );
}

function connectionsInheritClearly(resource: ResourceSection): boolean {
  const { hosts, meshes, net, peerDevice, unsettledConnections, volumes } = resource;
  if (hasRepeated(net) || !meshes.every(({ netOptions }) => areClear(net, netOptions))) return false;
  if (hosts.some(({ unsettledVolumes }) => unsettledVolumes.some(saysSomethingOfPeers))) return false;
  // What both ends of a connection have of the resource is compared with itself.
  if (!areComparable(peerDevice) || !volumes.every((volume) => areComparable(volume.peerDeviceOptions))) return false;
  if (unsettledConnections.length === 0) return true;
  const areEmpty = peerDevice.length === 0 && !volumes.some(saysSomethingOfPeers);
  return unsettledConnections.every((connection) => isClear(connection, areEmpty));
}

function saysSomethingOfPeers({ peerDeviceOptions }: VolumeSection): boolean {
  return peerDeviceOptions.length > 0;
}

/** Of a connection's own options and those of the volumes, one kind is missing; no proxy inherits anything. */
function isClear({ paths, peerDeviceOptions }: ConnectionSection, areVolumesEmpty: boolean): boolean {
  if (peerDeviceOptions.length > 0 && (!areVolumesEmpty || hasRepeated(peerDeviceOptions))) return false;
  return paths.every(({ endpoints }) => endpoints.every(({ proxy }) => proxy === undefined));
}

/** Values that are wrong have been told of; options without one count as `yes`, which numbers cannot be. */
function areComparable(options: readonly OptionSetting[]): boolean {
  return options.every(({ name, value }) => {
    return (value !== 'yes' && value !== 'no') || findOption('peer-device', name)?.type.kind !== 'number';
  });
}

/** Of two lists that go to one section, one is empty. */
function areClear(outer: readonly OptionSetting[], inner: readonly OptionSetting[]): boolean {
  return inner.length === 0 || (outer.length === 0 && !hasRepeated(inner));
}

function hasRepeated(options: readonly OptionSetting[]): boolean {
  return options.length > 1 && new Set(options.map(({ name }) => name)).size < options.length;
}
