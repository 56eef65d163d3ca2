/** Starts the device frontend that the host's settings and its abilities come to. Failing to is no reason to stop. */
import { join } from 'node:path';
import type { Logger } from 'pino';
import {
  BlockDevices,
  DeviceNodes,
  LoopFrontend,
  NbdFrontend,
  chooseFrontend,
  deviceSystemCalls,
  diskGroupId,
  probeHost,
  type DeviceFrontend,
  type DeviceVolume,
} from '../devices';
import { messageOf } from './message-of';
import type { Settings } from './settings';

/** Null: volumes are reached over NBD alone. */
export async function startBlockDevices(settings: Settings, log: Logger): Promise<BlockDevices | null> {
  const { runDir, deviceDir, deviceFrontend } = settings;
  const subject = 'devices';
  const choice = chooseFrontend(deviceFrontend, probeHost());
  const gid = diskGroupId();
  const nodes = new DeviceNodes({ directory: deviceDir, noteFile: join(runDir, 'device-nodes'), gid });
  try {
    nodes.removeStale();
  } catch (error) {
    log.warn({ subject }, `cannot remove what an earlier engine left in ${deviceDir}: ${messageOf(error)}`);
  }
  if (choice.kind === 'none') {
    if (choice.reason !== null) {
      const level = deviceFrontend === 'auto' ? 'info' : 'warn';
      log[level]({ subject }, `no block devices, NBD sockets only (${choice.reason})`);
    }
    return null;
  }
  const onUse = (volume: DeviceVolume): void => devices.used(volume);
  const onLost = (reason: string): void =>
    log.warn({ subject }, `block devices are lost until the engine is restarted: ${reason}`);
  const frontend: DeviceFrontend =
    choice.kind === 'nbd'
      ? new NbdFrontend({ socketDirectory: join(runDir, 'nbd-driver') }, { onUse })
      : new LoopFrontend(
          { mountPoint: join(runDir, 'volumes'), tokensFile: join(runDir, 'loop-tokens'), gid },
          { onUse, onLost, onNodeOpen: (volume, intent) => devices.openAtDoor(volume, intent) },
        );
  const devices = new BlockDevices(
    { directory: deviceDir, nodes },
    { frontend, log: (level, volume, text) => log[level]({ subject: volume }, text) },
  );
  try {
    // Before the threads that it starts, which take it over.
    deviceSystemCalls().becomeIoFlusher();
  } catch (error) {
    log.warn({ subject }, `short of memory, the host may wait for writes to its own devices: ${messageOf(error)}`);
  }
  try {
    await frontend.start();
  } catch (error) {
    log.warn({ subject }, `no block devices, NBD sockets only (${choice.kind}: ${messageOf(error)})`);
    return null;
  }
  log.info({ subject }, `block devices by ${choice.kind}, in ${deviceDir}`);
  return devices;
}
