/**
 * The node whose data is current: it answers the target's requests and clears bits as the target confirms.
 *
 * Invariant: what is read for the target is never older than a write that was sent to it before. A request waits for
 * overlapping writes of the own applications to finish, and holds later ones back until its answer is queued.
 *
 * Source: wire.md 8.1 to 8.5.
 */
import { Conn, Disk, ID_SYNCER, Role, conns, equalBytes, type BlockRequest, type DigestRequest } from '../../wire';
import type { PeerDevice } from '../peer-device/peer-device';
import { isWithin } from '../request/peer-requests';
import { lockedRange } from '../request/range-locks';
import { JUST_CREATED, SYNC_UUID_OFFSET, addUuid, clearBitmapUuid, pushHistory } from '../uuid/generation';
import { unfencePeer } from '../fencing/fence-peer';
import { isAllZero } from './all-zero';
import { RESYNC_STEP_MS } from './rate-controller';
import { ResyncThrottle } from './resync-throttle';
import { SyncProgress } from './sync-progress';

/** From this version on the target tells the source of the end of a resync, and sync UUIDs derive from bitmap UUIDs. */
const EXPLICIT_END_VERSION_MIN = 96;

export class ResyncSource {
  private run = 0;
  private failedBits = 0;
  /** The target is done; bits of writes that are not stable there yet are still set here. */
  private targetIsDone = false;

  private readonly throttle: ResyncThrottle;

  constructor(private readonly peerDevice: PeerDevice) {
    this.throttle = new ResyncThrottle(peerDevice);
  }

  begin(): void {
    const { peerDevice } = this;
    const { device, connection } = peerDevice;
    this.failedBits = 0;
    this.targetIsDone = false;
    peerDevice.progress = new SyncProgress(peerDevice.outOfSyncBits, device.resource.host.nowMs());
    const set = peerDevice.uuids;
    // Older peers know no relation between the two.
    const usable = set.bitmap !== 0n && set.bitmap !== JUST_CREATED && connection.version >= EXPLICIT_END_VERSION_MIN;
    const syncUuid = usable ? addUuid(set.bitmap, SYNC_UUID_OFFSET) : device.resource.host.randomUuid() & ~1n;
    peerDevice.setUuids({ ...pushHistory(set, set.bitmap), bitmap: syncUuid });
    // The target must not learn of a UUID that this side could forget in a crash.
    const { run } = this;
    device.commitGeneration(() => {
      if (run !== this.run) return;
      connection.sendData({ kind: 'SyncUuid', volume: device.volume, uuid: syncUuid });
      this.endByCounting();
    });
    device.resource.log(
      'info',
      device.subject,
      `Began resync as ${conns.name(peerDevice.conn)} (will sync ${peerDevice.outOfSyncBits * 4} KB [${peerDevice.outOfSyncBits} bits set]).`,
    );
  }

  stop(): void {
    this.run++;
    this.targetIsDone = false;
  }

  /** False: the request breaks the protocol. */
  requested(packet: BlockRequest | DigestRequest): boolean {
    const { peerDevice, run } = this;
    const { device, connection } = peerDevice;
    const { sector, sizeBytes } = packet;
    if (!isWithin(packet, device.sizeSectors) || sizeBytes > connection.maxBioBytes) return false;
    if (packet.kind === 'CsumRsRequest' && packet.digest.length !== connection.csumsDigest?.sizeBytes) return false;
    const disk = device.diskState === Disk.UpToDate ? device.disk : null;
    const negative = (kind: 'NegRsDReply' | 'RsCancel' = 'NegRsDReply'): void =>
      connection.sendMeta({
        kind,
        volume: device.volume,
        sector,
        blockId: packet.blockId,
        sizeBytes,
        seq: peerDevice.nextSeq(),
      });
    // Pulled ahead: the block stays dirty, the target asks again when it is told to.
    if (disk === null || peerDevice.conn === Conn.Ahead) {
      negative(disk === null ? 'NegRsDReply' : 'RsCancel');
      return true;
    }
    const { session } = connection;
    const begin = (finished: () => void): void => {
      if (run !== this.run || session !== connection.session) return finished();
      if (device.disk !== disk) {
        negative();
        return finished();
      }
      // A peer that is Primary needs the blocks itself, and soon.
      if (connection.peerRole !== Role.Primary && this.throttle.holdsBack) {
        device.resource.host.after(RESYNC_STEP_MS, () => begin(finished));
        return;
      }
      const lock = lockedRange(sector, sector + sizeBytes / 512, () => {
        const into = new Uint8Array(sizeBytes);
        disk.data.read(sector * 512, into, (error) => {
          const current = run === this.run && session === connection.session;
          if (current && error !== null) {
            device.localIoFailed('read', error);
            negative();
          } else if (current) this.answer(packet, into);
          device.applicationLocks.leave(lock);
          finished();
        });
      });
      device.applicationLocks.enter(lock);
    };
    return connection.answers.enter(sizeBytes, begin);
  }

  private answer(packet: BlockRequest | DigestRequest, data: Uint8Array): void {
    const { peerDevice } = this;
    const { device, connection } = peerDevice;
    const { sector, sizeBytes } = packet;
    device.stats.readSectors += sizeBytes / 512;
    if (packet.kind === 'CsumRsRequest' && connection.csumsDigest !== null) {
      if (equalBytes(connection.csumsDigest.of([data]), packet.digest)) {
        const cleared = peerDevice.setInSync(sector, sizeBytes);
        if (peerDevice.progress !== null) peerDevice.progress.sameChecksumBits += cleared;
        connection.sendMeta({
          kind: 'RsIsInSync',
          volume: device.volume,
          sector,
          blockId: packet.blockId,
          sizeBytes,
          seq: peerDevice.nextSeq(),
        });
        this.endByCounting();
        return;
      }
    }
    if (packet.kind === 'RsThinReq' && isAllZero(data)) {
      connection.sendData({ kind: 'RsDeallocated', volume: device.volume, sector, sizeBytes });
      return;
    }
    peerDevice.stats.sentSectors += sizeBytes / 512;
    const digest = connection.sendDigest?.of([data]);
    connection.sendData({
      kind: 'RsDataReply',
      volume: device.volume,
      sector,
      blockId: ID_SYNCER,
      seq: 0,
      flags: 0,
      sizeBytes,
      payload: [data],
      ...(digest === undefined ? {} : { digest }),
    });
  }

  /** P_RS_WRITE_ACK for a resync block. */
  written(sector: number, sizeBytes: number): void {
    this.peerDevice.setInSync(sector, sizeBytes);
    this.endByCounting();
    this.noteProgress();
  }

  /** P_NEG_ACK for a resync block: it stays dirty. */
  failed(_sector: number, sizeBytes: number): void {
    this.failedBits += Math.ceil(sizeBytes / 4096);
    if (this.peerDevice.progress !== null) this.peerDevice.progress.failedBits = this.failedBits;
    this.endByCounting();
  }

  private noteProgress(): void {
    const { progress, device } = this.peerDevice;
    progress?.advance(device.resource.host.nowMs(), this.peerDevice.outOfSyncBits);
  }

  /** Old peers do not say that the resync is over: it is when the last bit is clear. Source: wire.md 8.5. */
  private endByCounting(): void {
    const { peerDevice, run } = this;
    const { connection, device } = peerDevice;
    if (connection.version >= EXPLICIT_END_VERSION_MIN || this.targetIsDone) return;
    if (peerDevice.outOfSyncBits > this.failedBits) return;
    this.targetIsDone = true;
    device.resource.host.after(0, () => {
      if (run === this.run && peerDevice.conn === Conn.SyncSource) this.targetFinished();
    });
  }

  /** Bits were cleared: perhaps the last ones that the end waited for. */
  bitsCleared(): void {
    if (!this.targetIsDone || this.peerDevice.outOfSyncBits > this.failedBits) return;
    const { run } = this;
    // Not within the completion of a write: the end of a resync lets held I/O go.
    this.peerDevice.device.resource.host.after(0, () => {
      if (run === this.run && this.targetIsDone) this.targetFinished();
    });
  }

  /** The target says Connected and UpToDate. True: the resync is over here too. */
  targetFinished(): boolean {
    const { peerDevice } = this;
    const { device } = peerDevice;
    if (peerDevice.outOfSyncBits > this.failedBits) {
      this.targetIsDone = true;
      return false;
    }
    this.targetIsDone = false;
    const failed = this.failedBits;
    const { progress } = peerDevice;
    device.resource.log('info', device.subject, `Resync done ${progress?.pace(device.resource.host.nowMs()) ?? ''}`);
    const checksums = progress?.checksumText();
    if (checksums != null) device.resource.log('info', device.subject, checksums);
    if (failed === 0) {
      peerDevice.setUuids(clearBitmapUuid(peerDevice.uuids));
      // Both sides' sets are equal now.
      if (peerDevice.peerUuids !== null) peerDevice.peerUuids = { ...peerDevice.peerUuids, ...peerDevice.uuids };
      device.commitGeneration();
      device.disk?.writeBitmap(null, () => undefined);
    }
    device.resource.states.force(peerDevice, {
      conn: Conn.Connected,
      pdsk: failed === 0 ? Disk.UpToDate : Disk.Inconsistent,
    });
    unfencePeer(peerDevice.connection);
    return true;
  }
}
