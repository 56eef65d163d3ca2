/**
 * Whether inheritance can find contradictions, told from the outer sections alone. Where it cannot, it may wait until a
 * command looks at the volumes and connections that inherit. Source: config.md 6.
 */
import type { OptionSetting, ResourceSection } from '../model';
import { findOption } from '../options';

/** Of hosts that share their volumes. `resource` has inherited what it does. */
export function volumesInheritClearly(resource: ResourceSection): boolean {
  const { device, disk, peerDevice, volumes } = resource;
  if (hasRepeated(disk) || hasRepeated(peerDevice) || hasRepeated(device)) return false;
  for (const { deviceOptions, diskOptions, peerDeviceOptions } of volumes) {
    if (!areClear(disk, diskOptions) || !areClear(peerDevice, peerDeviceOptions) || !areClear(device, deviceOptions)) {
      return false;
    }
  }
  return true;
}

/** Of a mesh or two hosts. `resource` has inherited what it does, and so have its volumes, unless they wait. */
export function connectionsInheritClearly(resource: ResourceSection): boolean {
  const { hosts, meshes, net } = resource;
  if (hasRepeated(net)) return false;
  for (const { netOptions } of meshes) if (!areClear(net, netOptions)) return false;
  // Both ends hand down what they share: each option is compared with itself.
  if (hosts[0]?.sharedVolumes?.isMade === false) {
    return (
      areComparable(resource.peerDevice) && resource.volumes.every((each) => areComparable(each.peerDeviceOptions))
    );
  }
  return hosts.every(({ volumes }) => volumes.every(({ peerDeviceOptions }) => peerDeviceOptions.length === 0));
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
