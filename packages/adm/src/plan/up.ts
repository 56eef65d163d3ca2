/** `up`: everything that a resource consists of. Source: adm.md 3.1. */
import type { Target } from '../commands/target';
import { run } from './command';
import { attachSteps } from './disk-steps';
import type { Schedule } from './schedule';
import * as setup from './setup-commands';

export function planUp(schedule: Schedule, target: Target, backend: readonly string[]): void {
  const { resource, volumes, connections } = target;
  const { name } = resource;
  const created = schedule.add('prereq', name, 'new-resource', [run(setup.newResource(resource, backend))]);
  for (const volume of volumes) {
    const backing = volume.backing;
    const ready = schedule.add('disk-up', name, 'new-minor', [run(setup.newMinor(resource, volume))], created);
    if (backing !== null) {
      schedule.add('disk', name, 'attach', attachSteps(resource, volume, backing, backend), ready);
    }
  }
  for (const connection of connections) {
    const { peerNodeId, paths } = connection;
    const known = schedule.add(
      'net-up',
      name,
      'new-peer',
      [run(setup.newPeer(resource, connection, backend))],
      created,
    );
    const pathSteps = paths.map((path) => run(setup.pathCommand('new-path', name, peerNodeId, path)));
    schedule.add('path', name, 'new-path', pathSteps, known);
    schedule.add('connect', name, 'connect', [run(setup.connect(resource, connection, backend))], known);
    for (const peerDevice of connection.peerDevices) {
      if (peerDevice.options.length === 0) continue;
      const command = setup.peerDeviceOptions(resource, connection, peerDevice, backend);
      schedule.add('peer-device', name, 'peer-device-options', [run(command)], known);
    }
  }
}
