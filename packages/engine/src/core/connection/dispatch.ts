/**
 * Which packet goes where, once the handshake is over. Source: wire.md 2.
 */
import { equalBytes, unpackState, type BlockAck, type Packet } from '../../wire';
import type { PeerDevice } from '../peer-device/peer-device';
import { receiveSizes } from '../peer-device/receive-sizes';
import { receiveState } from '../peer-device/receive-state';
import { receiveUuids } from '../peer-device/receive-uuids';
import type { Connection } from './connection';
import { receiveProtocolUpdate, receiveSyncParam } from './net-options';
import { isKnownState } from './peer-view';
import { barrierAck, writeAck } from './write-acks';

const IGNORED_ON_UNKNOWN_VOLUME: ReadonlySet<string> = new Set(['SyncParam', 'SyncParam89', 'Sizes', 'Uuids', 'State']);

/** False: the packet breaks the protocol. */
export function dispatch(connection: Connection, packet: Packet): boolean {
  switch (packet.kind) {
    case 'Ping':
      connection.sendMeta({ kind: 'PingAck', volume: 0 });
      return true;
    case 'PingAck':
      connection.keepalive.gotPingAck();
      return true;
    case 'Barrier':
      connection.receiveEpochs.barrier(packet.barrier);
      return true;
    case 'BarrierAck':
      return barrierAck(connection, packet.barrier, packet.setSize);
    case 'UnplugRemote':
      connection.receiveEpochs.hurry();
      return true;
    case 'DelayProbe':
      return true;
    case 'ConnStChgReq':
      connection.stateRequests.peerRequestsForConnection(packet);
      return true;
    case 'StateChgReply':
      return connection.stateRequests.replied(packet.volume, packet.retcode);
    case 'ConnStChgReply':
      return connection.stateRequests.replied('connection', packet.retcode);
    case 'ProtocolUpdate':
      receiveProtocolUpdate(connection, packet);
      return true;
    default:
      return dispatchToVolume(connection, packet);
  }
}

function dispatchToVolume(connection: Connection, packet: Packet): boolean {
  const peerDevice = connection.peerDevices.get(packet.volume);
  if (peerDevice === undefined) {
    connection.log('warn', `${packet.kind} for volume ${packet.volume}, which is not configured here`);
    return IGNORED_ON_UNKNOWN_VOLUME.has(packet.kind);
  }
  const ok = handleOnVolume(connection, peerDevice, packet);
  // After it was handled: a write that waits for it has to find what it changed.
  if (ok && connection.net.allowTwoPrimaries && isAck(packet)) peerDevice.conflicts.heard(packet);
  return ok;
}

function handleOnVolume(connection: Connection, peerDevice: PeerDevice, packet: Packet): boolean {
  switch (packet.kind) {
    case 'Data':
      if (!digestMatches(connection, packet.digest, packet.payload)) return false;
      return peerDevice.requests.write(packet);
    case 'WriteSame':
    case 'Trim':
    case 'Zeroes':
      return peerDevice.requests.write(packet);
    case 'WriteAck':
    case 'RecvAck':
    case 'RsWriteAck':
    case 'NegAck':
    case 'Superseded':
    case 'RetryWrite':
      return writeAck(connection, peerDevice, packet);
    case 'DataRequest':
      return peerDevice.requests.read(packet);
    case 'DataReply': {
      const pending = connection.pendingReads.get(Number(packet.blockId));
      if (pending === undefined || pending.request.into.length !== packet.sizeBytes) return false;
      if (!digestMatches(connection, packet.digest, packet.payload)) return false;
      connection.pendingReads.delete(Number(packet.blockId));
      peerDevice.stats.receivedSectors += packet.sizeBytes / 512;
      peerDevice.device.reads.replied(pending.request, packet.payload);
      return true;
    }
    case 'NegDReply': {
      const pending = connection.pendingReads.get(Number(packet.blockId));
      if (pending === undefined) return false;
      connection.pendingReads.delete(Number(packet.blockId));
      pending.request.peersRefused++;
      peerDevice.device.reads.route(pending.request);
      return true;
    }
    case 'RsDataRequest':
    case 'RsThinReq':
    case 'CsumRsRequest':
      return peerDevice.resyncSource.requested(packet);
    case 'RsDataReply':
      if (!digestMatches(connection, packet.digest, packet.payload)) return false;
      peerDevice.resyncTarget.dataArrived(packet);
      return true;
    case 'RsDeallocated':
      peerDevice.resyncTarget.deallocated(packet.sector, packet.sizeBytes);
      return true;
    case 'RsIsInSync':
      peerDevice.resyncTarget.isInSync(packet.sector, packet.sizeBytes);
      return true;
    case 'OvRequest':
      return peerDevice.verifyTarget.requested(packet);
    case 'OvReply':
      return peerDevice.verifySource.replied(packet);
    case 'OvResult':
      peerDevice.verifyTarget.result(packet);
      return true;
    case 'NegRsDReply':
      peerDevice.verifySource.refused(packet.sector, packet.sizeBytes);
      peerDevice.resyncTarget.refused(packet.sector, packet.sizeBytes, 'failed');
      return true;
    case 'RsCancel':
      peerDevice.resyncTarget.refused(packet.sector, packet.sizeBytes, 'cancelled');
      return true;
    case 'OutOfSync':
      peerDevice.setOutOfSync(packet.sector, packet.sizeBytes);
      return true;
    case 'Bitmap':
    case 'CompressedBitmap':
      return peerDevice.bitmapExchange.receive(packet);
    case 'SyncUuid':
      peerDevice.syncUuid.received(packet.uuid);
      return true;
    case 'SyncParam':
    case 'SyncParam89':
      receiveSyncParam(connection, peerDevice, packet);
      return true;
    case 'Sizes':
      receiveSizes(peerDevice, packet);
      return true;
    case 'Uuids':
      receiveUuids(peerDevice, packet);
      return true;
    case 'State': {
      const state = unpackState(packet.state);
      if (!isKnownState(state)) return false;
      receiveState(peerDevice, state);
      return true;
    }
    case 'StateChgReq':
      connection.stateRequests.peerRequests(peerDevice, packet);
      return true;
    default:
      return false;
  }
}

function digestMatches(
  connection: Connection,
  digest: Uint8Array | undefined,
  payload: readonly Uint8Array[],
): boolean {
  if (connection.receiveDigest === null) return true;
  if (digest !== undefined && equalBytes(digest, connection.receiveDigest.of(payload))) return true;
  connection.log('error', 'Digest integrity check FAILED');
  return false;
}

/** On the control socket, and numbered together with the sender's writes (wire 6.5). */
function isAck(packet: Packet): packet is BlockAck {
  return 'seq' in packet && !('flags' in packet) && 'blockId' in packet;
}
