/**
 * `adjust`: what has to be done so that what runs becomes what is configured.
 * Order: the resource, its new volumes, its disks, its connections; never all connections down at the same time.
 * Source: adm.md 4.3, 4.4; the dependencies as the original's -vv shows them.
 */
import { run } from '../command';
import { planProxies } from './adjust-proxies';
import type { Schedule, Scheduled } from '../schedule';
import * as setup from '../setup-commands';
import { planConnections } from './adjust-connections';
import { planDisks } from './adjust-disks';
import { isNewVolume, type AdjustRequest } from './adjust-request';
import { optionsDiffer } from './compare-options';
import { peerDeviceToDefaults, toDefaults } from './set-defaults';

export function planAdjust(schedule: Schedule, request: AdjustRequest): void {
  if (request.proxyOnly) {
    for (const connection of request.target.connections) planProxies(schedule, request, connection);
    return;
  }
  const resourceReady = planResource(schedule, request);
  const volumesReady = planNewVolumes(schedule, request, resourceReady);
  planDisks(schedule, request, volumesReady);
  if (!request.skip.has('net')) planConnections(schedule, request, volumesReady);
  else for (const connection of request.target.connections) planProxies(schedule, request, connection);
}

function planResource(schedule: Schedule, { target, running, backend }: AdjustRequest): Scheduled | null {
  const { resource } = target;
  if (running === null) {
    return schedule.add('prereq', resource.name, 'new-resource', [run(setup.newResource(resource, backend))]);
  }
  if (!optionsDiffer('resource', running.options, resource.resourceOptions)) return null;
  const command = setup.setupCommand(
    resource.name,
    ['resource-options', resource.name, ...toDefaults(resource.resourceOptions, running.options.unknown)],
    'set resource options',
  );
  return schedule.add('resource', resource.name, 'resource-options', [run(command)]);
}

function planNewVolumes(schedule: Schedule, request: AdjustRequest, ready: Scheduled | null): Scheduled | null {
  const { target, running, skip } = request;
  const { resource } = target;
  let after = ready;
  for (const volume of target.volumes) {
    if (!isNewVolume(running, volume.number, volume.minor)) continue;
    after = schedule.add('disk-up', resource.name, 'new-minor', [run(setup.newMinor(resource, volume))], after);
    if (skip.has('net') || skip.has('disk')) continue;
    let previous = after;
    // Hidden peers' too: the volume is new to them as well.
    for (const connection of resource.connections) {
      for (const peerDevice of connection.peerDevices) {
        if (peerDevice.volumeNumber !== volume.number || peerDevice.options.length === 0) continue;
        const command = peerDeviceToDefaults(resource.name, connection.peerNodeId, volume.number, peerDevice.options);
        previous = schedule.add('peer-device', resource.name, 'peer-device-options', [run(command)], previous);
      }
    }
  }
  return after;
}
