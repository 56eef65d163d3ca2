/**
 * I/O that is held because this node must not, or cannot, go on alone: fencing (`resource-and-stonith`) and
 * on-no-data-accessible.
 *
 * While it is held, writes under way to a lost peer stay open. They are sent again when the peer is back, or count as
 * lost when this node goes on without it; only then a new data generation begins.
 *
 * Source: behaviour.md 1.5, 3.4, 5.6, 8.2.
 */
import { Conn, Disk } from '../../wire';
import type { Device } from '../device/device';
import type { PeerDevice } from '../peer-device/peer-device';
import type { Resource } from '../resource/resource';
import type { VolumeState } from '../state/volume-state';

const SETTLE_CHECK_MS = 5;

/** Every peer is known to be outdated, or an administrator decides: on alone. Or the peer is back. */
export function endFencing(resource: Resource, how: 'lost' | 'reconnected'): void {
  if (!resource.suspended.fencing) return;
  const isOpen = (peerDevice: PeerDevice): boolean =>
    peerDevice.conn < Conn.Connected && peerDevice.pdsk > Disk.Outdated;
  if (peerDevicesOf(resource).some(isOpen) && how === 'reconnected') return;
  resource.setSuspended({ fencing: false });
  if (how === 'lost') goOnAlone(resource);
  resource.resumeIo();
}

/** `suspend-io`: `done` runs once nothing is under way any more. Source: behaviour.md 5.13. */
export function suspendByAdministrator(resource: Resource, done: () => void): void {
  for (const device of resource.devices.values()) device.suspendedByUser = true;
  resource.changed();
  const settle = (): void => {
    const busy = [...resource.devices.values()].some(({ writes }) => writes.runningCount > 0);
    if (busy && !resource.isSuspended) resource.host.after(SETTLE_CHECK_MS, settle);
    else done();
  };
  settle();
}

/** `resume-io`: goes on with what there is. Source: behaviour.md 5.13. */
export function resumeByAdministrator(resource: Resource): void {
  for (const device of resource.devices.values()) device.suspendedByUser = false;
  const wasHeld = resource.suspended.fencing || resource.suspended.noData;
  resource.setSuspended({ fencing: false, noData: false });
  if (wasHeld) goOnAlone(resource);
  resource.resumeIo();
  resource.changed();
}

/** A volume's state changed: perhaps the reason to hold I/O is gone. Runs before anything is sent because of the change. */
export function suspensionAfterChange(peerDevice: PeerDevice, before: VolumeState, after: VolumeState): void {
  const { device } = peerDevice;
  const { resource } = device;
  if (!resource.isSuspended) return;
  if (before.conn < Conn.Connected && after.conn >= Conn.Connected) {
    // The same generation on both sides: what was under way goes on. With a resync the bitmap brings it.
    if (after.conn === Conn.Connected) device.writes.resend(peerDevice);
    else device.writes.giveUpKept();
    device.generationOwed = false;
    endFencing(resource, 'reconnected');
  }
  if (resource.suspended.noData && [...resource.devices.values()].every(hasData)) {
    resource.setSuspended({ noData: false });
    for (const each of resource.devices.values()) each.writes.giveUpKept();
    resource.resumeIo();
  }
}

/**
 * Whether a peer that has just said what it is may be taken as the one that was lost. One that restarted does not have
 * what was under way: it is told of a new generation, and resynced.
 */
export function refusesRestartedPeer(peerDevice: PeerDevice, peerDisk: number): boolean {
  const { device, connection } = peerDevice;
  const { resource } = device;
  if (!resource.isSuspended || !device.generationOwed || peerDisk !== Disk.Consistent) return false;
  connection.log('info', 'the peer was restarted: what was under way is not sent again');
  resource.setSuspended({ fencing: false, noData: false });
  goOnAlone(resource);
  resource.resumeIo();
  return true;
}

const hasData = (device: Device): boolean => device.diskState === Disk.UpToDate || device.hasUpToDatePeer();

function goOnAlone(resource: Resource): void {
  for (const device of resource.devices.values()) {
    if (device.generationOwed) {
      device.generationOwed = false;
      if (device.disk !== null) device.newCurrentUuid();
      // The peer's data is another generation now: a connection to it has to be refused.
      else device.exposedUuid = resource.host.randomUuid() & ~1n;
    }
    device.writes.giveUpKept();
  }
}

function peerDevicesOf(resource: Resource): PeerDevice[] {
  return [...resource.devices.values()].flatMap(({ peerDevices }) => peerDevices);
}
