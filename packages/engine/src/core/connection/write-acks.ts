/**
 * The peer's acknowledgements of writes and of epochs. Source: wire.md 6.3, 6.7.
 */
import { ID_SYNCER, type BlockAck } from '../../wire';
import type { PeerDevice } from '../peer-device/peer-device';
import type { WriteLeg } from '../request/application-writes';
import type { Connection } from './connection';

/** The peer's answer to a write of an application or of a resync. False: it fits to nothing that was sent. */
export function writeAck(connection: Connection, peerDevice: PeerDevice, packet: BlockAck): boolean {
  if (packet.blockId === ID_SYNCER) {
    if (packet.kind === 'RsWriteAck') peerDevice.resyncSource.written(packet.sector, packet.sizeBytes);
    else if (packet.kind === 'NegAck') peerDevice.resyncSource.failed(packet.sector, packet.sizeBytes);
    else return false;
    return true;
  }
  const leg = connection.pendingWrites.get(Number(packet.blockId));
  if (leg === undefined || leg.request.sector !== packet.sector) {
    // Protocol A and B forget a write before the peer can say that it failed.
    if (packet.kind !== 'NegAck') return false;
    peerDevice.setOutOfSync(packet.sector, packet.sizeBytes);
    return true;
  }
  answer(connection, leg, packet);
  if (leg.epoch.sentBackCount > 0) leg.epoch.owner.answered(leg.epoch);
  return true;
}

function answer(connection: Connection, leg: WriteLeg, packet: BlockAck): void {
  const { writes } = leg.peerDevice.device;
  switch (packet.kind) {
    case 'RecvAck':
      // Kept until the barrier: a write that fails later is still refused by this id.
      if (leg.awaits === 'received') writes.legAcked(leg, 'received');
      return;
    case 'RsWriteAck':
      forget(connection, leg);
      writes.legAcked(leg, 'written-in-sync');
      return;
    case 'RetryWrite':
      forget(connection, leg);
      leg.epoch.sentBackCount++;
      writes.legToRetry(leg);
      return;
    case 'NegAck':
      forget(connection, leg);
      writes.legRefused(leg);
      return;
    case 'Superseded':
      forget(connection, leg);
      leg.epoch.sentBackCount++;
      writes.legAcked(leg, 'written');
      return;
    default:
      forget(connection, leg);
      writes.legAcked(leg, 'written');
  }
}

function forget(connection: Connection, leg: WriteLeg): void {
  if (connection.pendingWrites.delete(leg.blockId)) connection.inFlightSectors -= leg.request.sizeBytes / 512;
}

/** An epoch is stable on the peer, and so are those before it. False: it is not the one expected, or of another size. */
export function barrierAck(connection: Connection, barrier: number, setSize: number): boolean {
  const epochs = connection.sendEpochs.acknowledged(barrier, setSize);
  if (epochs === null) {
    connection.log(
      'error',
      `BAD! BarrierAck #${barrier} received with ${setSize} writes, expected ${connection.sendEpochs.expected()}`,
    );
    return false;
  }
  for (const epoch of epochs) {
    for (const leg of epoch.legs) {
      // Protocols A and B: nothing else ends what the peer owes for it.
      if (leg.awaits !== 'written') forget(connection, leg);
      leg.peerDevice.device.writes.legStable(leg);
    }
    for (const waiter of epoch.waiters) waiter();
  }
  for (const peerDevice of connection.peerDevices.values()) peerDevice.congestion.considerReturn();
  return true;
}
