/**
 * What a peer asks of this node's disk: its application writes, and reads for a peer without good data of its own.
 * Source: wire.md 6.3, 6.4, 6.6; behaviour.md 5.5.
 */
import { hold, letGo } from '../../payload';
import { DataFlag, Disk, type BlockRequest, type DataPacket, type TrimPacket, type WriteSamePacket } from '../../wire';
import type { ActivityLog } from '../activity-log/activity-log';
import type { ReceiveEpoch } from '../connection/receive-epochs';
import type { LocalDisk } from '../device/local-disk';
import type { DiskError } from '../host';
import type { PeerDevice } from '../peer-device/peer-device';
import { isSyncState } from '../state/volume-state';
import { extentsOf, type WriteRequest } from './application-writes';
import { lockedRange, type LockedRange } from './range-locks';
import { uncovered } from './write-conflicts';

type WritePacket = DataPacket | TrimPacket | WriteSamePacket;

interface PeerWrite {
  readonly packet: WritePacket;
  readonly epoch: ReceiveEpoch;
  readonly session: number;
  readonly lock: LockedRange;
  /** In which its extents are hot on its behalf. */
  log: ActivityLog | null;
  /** Own writes of a Primary that come after it, and were sent before it came. */
  under: readonly WriteRequest[];
}

/** As for every other request without data of its own: 32 activity-log extents. */
const WRITE_SAME_BYTES_MAX = 128 * 1024 * 1024;

export class PeerRequests {
  /** Counts connections: an answer is meant for the one that asked. */
  private session = 0;
  inFlight = 0;
  /** Those of them that reference the activity log. */
  extentHolders = 0;

  constructor(private readonly peerDevice: PeerDevice) {}

  connectionLost(): void {
    this.session++;
  }

  /** False: the packet breaks the protocol. */
  write(packet: WritePacket): boolean {
    const { device, connection } = this.peerDevice;
    if (!isWithin(packet, device.sizeSectors)) return false;
    if (packet.kind === 'WriteSame' && packet.sizeBytes > WRITE_SAME_BYTES_MAX) return false;
    this.peerDevice.stats.receivedSectors += packet.sizeBytes / 512;
    const epoch = connection.receiveEpochs.enter();
    if (device.usableDisk === null) {
      this.acknowledge('NegAck', packet);
      connection.receiveEpochs.completed(epoch);
      return true;
    }
    const asksReceived =
      connection.version >= 100 ? (packet.flags & DataFlag.SEND_RECEIVE_ACK) !== 0 : connection.net.protocol === 2;
    if (asksReceived) this.acknowledge('RecvAck', packet);
    const request: PeerWrite = {
      packet,
      epoch,
      session: this.session,
      lock: lockedRange(packet.sector, packet.sector + packet.sizeBytes / 512, () => this.activate(request)),
      log: null,
      under: NO_WRITES,
    };
    this.inFlight++;
    hold(payloadOf(packet));
    connection.incomingWrites.entered(dataBytes(packet));
    if (!connection.net.allowTwoPrimaries) device.peerLocks.enter(request.lock);
    else {
      const { sector, sizeBytes, seq } = packet;
      const enter = (under: readonly WriteRequest[]): void => {
        request.under = under;
        device.peerLocks.enter(request.lock);
      };
      this.peerDevice.conflicts.admit({ sector, sizeBytes, seq, enter, drop: () => this.drop(request) });
    }
    return true;
  }

  read(packet: BlockRequest): boolean {
    const { device, connection } = this.peerDevice;
    if (!isWithin(packet, device.sizeSectors) || packet.sizeBytes > connection.maxBioBytes) return false;
    const { session } = this;
    const disk = device.usableDisk;
    if (disk === null || !device.isLocallyCurrent(packet.sector, packet.sizeBytes)) {
      this.refuseRead(packet);
      return true;
    }
    return connection.answers.enter(packet.sizeBytes, (finished) => {
      if (device.usableDisk !== disk) {
        this.refuseRead(packet);
        return finished();
      }
      const into = new Uint8Array(packet.sizeBytes);
      device.foreignSectors += packet.sizeBytes / 512;
      disk.data.read(packet.sector * 512, into, (error) => {
        if (session !== this.session) return finished();
        if (error !== null) {
          device.localIoFailed('read', error);
          this.refuseRead(packet);
          return finished();
        }
        device.stats.readSectors += packet.sizeBytes / 512;
        this.peerDevice.stats.sentSectors += packet.sizeBytes / 512;
        const digest = connection.sendDigest?.of([into]);
        connection.sendData({
          kind: 'DataReply',
          volume: device.volume,
          sector: packet.sector,
          blockId: packet.blockId,
          seq: 0,
          flags: 0,
          sizeBytes: packet.sizeBytes,
          payload: [into],
          ...(digest === undefined ? {} : { digest }),
        });
        finished();
      });
    });
  }

  private refuseRead(packet: BlockRequest): void {
    this.peerDevice.connection.sendMeta({
      kind: 'NegDReply',
      volume: this.peerDevice.device.volume,
      sector: packet.sector,
      blockId: packet.blockId,
      sizeBytes: packet.sizeBytes,
      seq: this.peerDevice.nextSeq(),
    });
  }

  /** The connection is gone before the write was begun. */
  private drop({ packet }: PeerWrite): void {
    this.inFlight--;
    letGo(payloadOf(packet));
    this.peerDevice.connection.incomingWrites.done(dataBytes(packet));
  }

  private activate(request: PeerWrite): void {
    const { device, pdsk } = this.peerDevice;
    const log = device.activityLog;
    // The peer has no disk: this one is the only copy, and must remember what was under way.
    if (pdsk >= Disk.Inconsistent || log === null) return this.submit(request);
    this.peerDevice.setOutOfSync(request.packet.sector, request.packet.sizeBytes);
    if (device.isMovingMetadata) return device.afterMove(() => this.activate(request));
    request.log = log;
    this.extentHolders++;
    const { first, last } = extentsOf(request.packet);
    if (log.acquire(first, last, () => this.submit(request))) this.submit(request);
  }

  private submit(request: PeerWrite): void {
    const { device } = this.peerDevice;
    const { packet } = request;
    const disk = device.usableDisk;
    if (disk === null) {
      return this.done(request, null, { code: 'EIO', message: 'no disk' });
    }
    device.stats.lowerPending++;
    device.stats.writtenSectors += packet.sizeBytes / 512;
    device.foreignSectors += packet.sizeBytes / 512;
    const offset = packet.sector * 512;
    const done = (error: DiskError | null): void => {
      device.stats.lowerPending--;
      disk.noteDataWritten();
      if (error === null && (packet.flags & DataFlag.FUA) !== 0) {
        return disk.flushData((flushError) => this.done(request, disk, flushError));
      }
      this.done(request, disk, error);
    };
    if (request.under.length > 0) return this.writeUnder(request, disk, done);
    if (!('payload' in packet)) {
      const discards = packet.kind === 'Trim' && this.peerDevice.connection.hasWriteZeroes;
      if (discards && disk.data.discardSupported) disk.data.discard(offset, packet.sizeBytes, done);
      else disk.data.writeZeroes(offset, packet.sizeBytes, done);
    } else if (packet.kind === 'WriteSame') {
      const block = joined(packet.payload);
      const repeats = packet.sizeBytes / Math.max(block.length, 1);
      disk.data.write(offset, new Array<Uint8Array>(repeats).fill(block), done);
    } else disk.data.write(offset, packet.payload, done);
  }

  /** Only what the own later writes leave of it. */
  private writeUnder({ packet, under }: PeerWrite, disk: LocalDisk, done: (error: DiskError | null) => void): void {
    const parts = uncovered(packet, under);
    const bytes = packet.kind === 'Data' ? joined(packet.payload) : null;
    let pending = parts.length + 1;
    let failed: DiskError | null = null;
    const finished = (error: DiskError | null): void => {
      failed ??= error;
      if (--pending === 0) done(failed);
    };
    for (const { sector, sizeBytes } of parts) {
      const from = (sector - packet.sector) * 512;
      if (bytes === null) disk.data.writeZeroes(sector * 512, sizeBytes, finished);
      else disk.data.write(sector * 512, [bytes.subarray(from, from + sizeBytes)], finished);
    }
    finished(null);
  }

  private done(request: PeerWrite, disk: LocalDisk | null, error: DiskError | null): void {
    const { device, connection, conn } = this.peerDevice;
    const { packet } = request;
    this.inFlight--;
    letGo(payloadOf(packet));
    this.peerDevice.connection.incomingWrites.done(dataBytes(packet));
    if (error !== null && disk !== null) device.localIoFailed('write', error);
    if (request.session === this.session) {
      if (error !== null) this.acknowledge('NegAck', packet);
      else {
        const mayClear = (packet.flags & DataFlag.MAY_SET_IN_SYNC) !== 0 && isSyncState(conn);
        if (mayClear) {
          this.peerDevice.setInSync(packet.sector, packet.sizeBytes);
          this.acknowledge('RsWriteAck', packet);
          this.peerDevice.resyncTarget.finishIfDone();
        } else {
          const asksWritten =
            connection.version >= 100 ? (packet.flags & DataFlag.SEND_WRITE_ACK) !== 0 : connection.net.protocol === 3;
          if (asksWritten) this.acknowledge('WriteAck', packet);
        }
      }
      const { epoch, session } = request;
      const completed = (): void => {
        if (session === this.session) connection.receiveEpochs.completed(epoch);
      };
      // What lies over it has to be on the disk before it may count as stable.
      if (request.under.length === 0) completed();
      else this.peerDevice.conflicts.whenCompleted(request.under, completed);
    }
    if (request.log !== null) {
      this.extentHolders--;
      const { first, last } = extentsOf(packet);
      request.log.release(first, last);
    }
    device.peerLocks.leave(request.lock);
    if (connection.net.allowTwoPrimaries) device.writes.peerWriteDone();
  }

  private acknowledge(kind: 'RecvAck' | 'WriteAck' | 'RsWriteAck' | 'NegAck', packet: WritePacket): void {
    this.peerDevice.connection.sendMeta({
      kind,
      volume: this.peerDevice.device.volume,
      sector: packet.sector,
      blockId: packet.blockId,
      sizeBytes: packet.sizeBytes,
      seq: this.peerDevice.nextSeq(),
    });
  }
}

const NO_PIECES: readonly Uint8Array[] = [];
const NO_WRITES: readonly WriteRequest[] = [];

/** In memory, while the write is under way. */
const dataBytes = (packet: WritePacket): number => (packet.kind === 'Data' ? packet.sizeBytes : 0);

function payloadOf(packet: WritePacket): readonly Uint8Array[] {
  return 'payload' in packet ? packet.payload : NO_PIECES;
}

export function isWithin(range: { readonly sector: number; readonly sizeBytes: number }, sizeSectors: number): boolean {
  return range.sizeBytes > 0 && range.sizeBytes % 512 === 0 && range.sector + range.sizeBytes / 512 <= sizeSectors;
}

export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1 && pieces[0] !== undefined) return pieces[0];
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
