/** `up`: everything that a resource consists of. Source: adm.md 3.1. */
import type { Target } from '../commands/target';
import { run } from './command';
import { attachSteps } from './disk-steps';
import type { Schedule } from './schedule';
import * as setup from './setup-commands';

export function planUp(schedule: Schedule, target: Target, backend: readonly string[]): void {
  const { resource, volumes, connections } = target;
  const { name } = resource;
  schedule.add('prereq', name, 'new-resource', [run(setup.newResource(resource, backend))]);
  for (const volume of volumes) {
    const backing = volume.backing;
    schedule.add('disk-up', name, 'new-minor', [run(setup.newMinor(resource, volume))]);
    if (backing !== null) {
      schedule.add('disk', name, 'attach', attachSteps(resource, volume, backing, backend));
    }
  }
  for (const connection of connections) {
    schedule.add('net-up', name, 'new-peer', [run(setup.newPeer(resource, connection, backend))]);
    for (const path of connection.paths) {
      const command = setup.pathCommand('new-path', name, connection.peerNodeId, path);
      schedule.add('path', name, 'new-path', [run(command)]);
    }
    schedule.add('connect', name, 'connect', [run(setup.connect(resource, connection, backend))]);
    for (const peerDevice of connection.peerDevices) {
      if (peerDevice.options.length === 0) continue;
      const command = setup.peerDeviceOptions(resource, connection, peerDevice, backend);
      schedule.add('peer-device', name, 'peer-device-options', [run(command)]);
    }
  }
}
