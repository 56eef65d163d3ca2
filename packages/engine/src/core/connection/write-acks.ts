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
  const { writes } = peerDevice.device;
  if (leg === undefined || leg.request.sector !== packet.sector) {
    // Protocol A and B forget a write before the peer can say that it failed.
    if (packet.kind !== 'NegAck') return false;
    peerDevice.setOutOfSync(packet.sector, packet.sizeBytes);
    return true;
  }
  switch (packet.kind) {
    case 'RecvAck':
      // Kept until the barrier: a write that fails later is still refused by this id.
      if (leg.awaits === 'received') writes.legAcked(leg, 'received');
      return true;
    case 'RsWriteAck':
      forget(connection, leg);
      writes.legAcked(leg, 'written-in-sync');
      return true;
    case 'RetryWrite':
      forget(connection, leg);
      writes.legToRetry(leg);
      return true;
    case 'NegAck':
      forget(connection, leg);
      writes.legRefused(leg);
      return true;
    default:
      forget(connection, leg);
      writes.legAcked(leg, 'written');
      return true;
  }
}

function forget(connection: Connection, leg: WriteLeg): void {
  if (connection.pendingWrites.delete(leg.blockId)) connection.inFlightSectors -= leg.request.sizeBytes / 512;
}

/** An epoch is stable on the peer. False: not the oldest one, or of another size. */
export function barrierAck(connection: Connection, barrier: number, setSize: number): boolean {
  const epoch = connection.sendEpochs.acknowledged(barrier, setSize);
  if (epoch === null) {
    connection.log(
      'error',
      `BAD! BarrierAck #${barrier} received, ${setSize} writes, which is not the oldest open epoch`,
    );
    return false;
  }
  for (const leg of epoch.legs) {
    // Protocols A and B: nothing else ends what the peer owes for it.
    if (leg.awaits !== 'written') forget(connection, leg);
    leg.peerDevice.device.writes.legStable(leg);
  }
  for (const waiter of epoch.waiters) waiter();
  for (const peerDevice of connection.peerDevices.values()) peerDevice.congestion.considerReturn();
  return true;
}
