/** A volume gives its disk up: by command, or since the disk does not work any more. */
import { Conn, Disk, StateMask, StateResult as SS, packState } from '../../wire';
import type { Done } from '../resource/reply-codes';
import { NO_STATE } from '../state/no-state';
import type { Device } from './device';

export function detach(device: Device, mode: 'graceful' | 'forced', done: Done): void {
  const { resource } = device;
  const { disk } = device;
  if (disk === null) return done(SS.SS_NOTHING_TO_DO);
  const alter = (view: { device: Device }) => (view.device === device ? { disk: Disk.Failed } : null);
  const finish = (): void => {
    device.whenDrained(() => {
      disk.writeBitmap(null, () => {
        disk.commit(() => {
          if (device.disk === disk && device.diskState > Disk.Failed) {
            device.detaching = true;
            resource.states.force(device, { disk: Disk.Failed });
          }
          // What was acknowledged to the peer, which takes it for stable once this disk's barriers are answered.
          disk.flushData(() => {
            disk.abandon();
            dropDisk(device, () => done(SS.SS_SUCCESS));
          });
        });
      });
    });
  };
  if (mode === 'forced') return finish();
  const allowed = resource.states.check(alter);
  if (allowed < SS.SS_SUCCESS) return done(allowed);
  const peerDevice = device.peerDevices.find(({ conn }) => conn >= Conn.Connected);
  if (peerDevice === undefined) return finish();
  const mask = StateMask.disk;
  const value = packState({ ...NO_STATE, disk: Disk.Failed });
  peerDevice.connection.stateRequests.request(peerDevice, mask, value, (retcode) =>
    retcode < SS.SS_SUCCESS ? done(SS.SS_CW_FAILED_BY_PEER) : finish(),
  );
}

/** A fact: the disk cannot be used any more. */
export function loseDisk(device: Device): void {
  const { disk } = device;
  if (disk === null || device.diskState <= Disk.Failed) return;
  device.resource.states.force(device, { disk: Disk.Failed });
  disk.abandon();
  dropDisk(device, () => undefined);
  // After the peer was told of the disk.
  for (const { connection } of device.peerDevices) connection.receiveEpochs.diskLost();
}

/** The peer could not be asked whether the disk's data is what applications see. */
export function dropNotNegotiated(device: Device): void {
  device.resource.log('warn', device.subject, 'Connection lost while negotiating, no data!');
  dropDisk(device, () => undefined);
}

function dropDisk(device: Device, done: () => void): void {
  const { disk, activityLog } = device;
  if (disk === null) return done();
  device.disk = null;
  device.writes.diskLost();
  device.detaching = false;
  device.activityLog = null;
  device.backing = null;
  device.resource.states.force(device, { disk: Disk.Diskless });
  // What waited for the log of this disk goes on without: to the peer, or to an error.
  activityLog?.abandon();
  disk.close(done);
}
