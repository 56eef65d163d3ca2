/**
 * May this resource be promoted here, and how good a place is it: what cluster managers choose a node by.
 * Source: setup.md 5.4.
 */
import type { DeviceState, PeerDeviceState, ResourceState } from '../schema/node-state';

export interface Promotion {
  readonly mayPromote: boolean;
  readonly score: number;
}

const NOT_AT_ALL: Promotion = { mayPromote: false, score: 0 };
/** Two digits of the score each: local UpToDate disks, and copies. */
const COUNT_MAX = 99;

export function promotionOf(resource: ResourceState): Promotion {
  if (resource.devices.length === 0 || resource.forceIoFailures) return NOT_AT_ALL;
  if (resource.devices.some((device) => !device.quorum)) return NOT_AT_ALL;

  const copyCount = Math.min(...resource.devices.map((device) => upToDateCopies(resource, device)));
  if (copyCount === 0) return NOT_AT_ALL;

  const disks = resource.devices.map((device) => device.diskState);
  const allDisksUsable = disks.every((disk) => disk === 'UpToDate' || disk === 'Consistent' || disk === 'Inconsistent');
  const localUpToDateCount = disks.filter((disk) => disk === 'UpToDate').length;
  const anyPrimary = resource.role === 'Primary' || resource.connections.some((each) => each.peerRole === 'Primary');
  return {
    mayPromote: !anyPrimary && resource.devices.every((device) => hasPromotableData(resource, device)),
    score:
      (allDisksUsable ? 10000 : 0) + 100 * Math.min(localUpToDateCount, COUNT_MAX) + Math.min(copyCount, COUNT_MAX),
  };
}

function upToDateCopies(resource: ResourceState, device: DeviceState): number {
  const peerCount = peerDevicesOf(resource, device).filter((peer) => peer.peerDiskState === 'UpToDate').length;
  return (device.diskState === 'UpToDate' ? 1 : 0) + peerCount;
}

function hasPromotableData(resource: ResourceState, device: DeviceState): boolean {
  if (device.diskState === 'UpToDate') return true;
  return peerDevicesOf(resource, device).some((peer) => peer.peerDiskState === 'UpToDate' && peer.peerUuidStable);
}

function peerDevicesOf(resource: ResourceState, device: DeviceState): PeerDeviceState[] {
  return resource.connections.flatMap((each) => each.peerDevices.filter((peer) => peer.volume === device.volume));
}
