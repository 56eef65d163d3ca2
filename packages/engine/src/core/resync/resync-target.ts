/**
 * The node that is brought up to date: it asks for the blocks whose bits are set, writes the answers, and says so.
 *
 * Invariants:
 * - A block that is being asked for keeps the own applications' writes away until it is written.
 * - A bit is cleared only after its block was written; the disk becomes UpToDate only after everything is stable.
 *
 * Source: wire.md 8.2 to 8.5, behaviour.md 7.4, 7.6.
 */
import { hold, letGo } from '../../payload';
import { Conn, Disk, Feature, ID_SYNCER, conns, type DataPacket } from '../../wire';
import type { Bitmap } from '../bitmap/bitmap';
import type { DiskError, Timer } from '../host';
import type { PeerDevice } from '../peer-device/peer-device';
import { lockedRange, type LockedRange } from '../request/range-locks';
import { afterResyncTarget } from '../uuid/uuid-decision';
import { RESYNC_STEP_MS, RateController } from './rate-controller';
import { ResyncThrottle } from './resync-throttle';
import { SyncProgress } from './sync-progress';

/** 16 MiB: a request stays within one resync extent (wire 8.2). */
const RESYNC_EXTENT_SECTORS = 32768;

interface ResyncRequest {
  readonly sector: number;
  readonly sizeBytes: number;
  readonly appLock: LockedRange;
  answered: boolean;
}

export class ResyncTarget {
  private controller = new RateController();
  private timer: Timer | null = null;
  private position = 0;
  /** What this step may still ask for. */
  private budgetBits = 0;
  /** By first sector: below protocol 122 all requests carry the same block id. */
  private readonly requests = new Map<number, ResyncRequest>();
  private inFlightSectors = 0;
  private answeredSectors = 0;
  private finishing = false;
  /** Decided at the start: the resync itself ends what it depends on. */
  private withChecksums = false;
  private run = 0;
  private readonly throttle: ResyncThrottle;

  constructor(private readonly peerDevice: PeerDevice) {
    this.throttle = new ResyncThrottle(peerDevice);
  }

  get inFlight(): number {
    return this.inFlightSectors;
  }

  get requestCount(): number {
    return this.requests.size;
  }

  begin(): void {
    const { peerDevice } = this;
    this.stop();
    this.controller = new RateController();
    this.position = 0;
    this.answeredSectors = 0;
    this.withChecksums = this.usesChecksums;
    peerDevice.progress = new SyncProgress(peerDevice.outOfSyncBits, peerDevice.device.resource.host.nowMs());
    peerDevice.device.resource.log(
      'info',
      peerDevice.device.subject,
      `Began resync as ${conns.name(peerDevice.conn)} (will sync ${peerDevice.outOfSyncBits * 4} KB [${peerDevice.outOfSyncBits} bits set]).`,
    );
  }

  /** The state allows to ask. */
  go(): void {
    if (this.timer === null) this.step();
  }

  stop(): void {
    this.run++;
    this.timer?.cancel();
    this.timer = null;
    this.finishing = false;
    for (const request of this.requests.values()) {
      if (!request.answered) this.peerDevice.device.applicationLocks.leave(request.appLock);
    }
    this.requests.clear();
    this.inFlightSectors = 0;
  }

  private step(): void {
    const { peerDevice } = this;
    const { host } = peerDevice.device.resource;
    this.timer = null;
    if (peerDevice.conn !== Conn.SyncTarget) return;
    this.timer = host.after(RESYNC_STEP_MS, () => this.step());
    const { progress } = peerDevice;
    progress?.advance(host.nowMs(), peerDevice.outOfSyncBits);
    const wanted = this.controller.next(peerDevice.options, this.answeredSectors, this.inFlightSectors);
    this.answeredSectors = 0;
    if (progress !== null) progress.wantKiBs = wanted * 4 * (1000 / RESYNC_STEP_MS);
    this.budgetBits = this.throttle.holdsBack ? 0 : wanted;
    this.requestMore();
    this.finishIfDone();
    peerDevice.device.resource.changed();
  }

  /** Uses up the step's budget as far as the limit on what is in flight allows; answers make room for the rest. */
  private requestMore(): void {
    const inFlightMax = (this.peerDevice.connection.net.maxBuffers / 2) * 8;
    while (this.budgetBits > 0 && this.inFlightSectors < inFlightMax) {
      const bits = this.requestNext(this.budgetBits);
      if (bits === 0) break;
      this.budgetBits -= bits;
    }
  }

  /** Asks for the next dirty blocks, at most `limit` bits of them; 0: there is nothing to ask for now. */
  private requestNext(limit: number): number {
    const { peerDevice } = this;
    const { device, bitmap } = peerDevice;
    if (bitmap === null) return 0;
    const bit = this.nextToAsk(bitmap);
    if (bit === -1) return 0;
    const count = this.countFrom(bit, limit);
    const sector = bit * 8;
    const extentEnd = (Math.floor(sector / RESYNC_EXTENT_SECTORS) + 1) * RESYNC_EXTENT_SECTORS;
    const end = Math.min(sector + count * 8, extentEnd, device.sizeSectors);
    if (end <= sector) return 0;
    this.position = bit + count;
    const sizeBytes = (end - sector) * 512;
    const request: ResyncRequest = {
      sector,
      sizeBytes,
      answered: false,
      appLock: lockedRange(sector, end, () => this.ask(request)),
    };
    this.requests.set(sector, request);
    this.inFlightSectors += sizeBytes / 512;
    device.applicationLocks.enter(request.appLock);
    return count;
  }

  /** -1: none for now. `position` has passed what was asked for, or failed. */
  private nextToAsk(bitmap: Bitmap): number {
    let isLastPass = this.position === 0;
    for (;;) {
      const bit = bitmap.findSet(this.position);
      if (bit === -1) {
        // A pass is over; blocks that were cancelled or became dirty meanwhile are the next pass's, once answers are in.
        if (isLastPass || this.requests.size > 0) return -1;
        isLastPass = true;
        this.position = 0;
      } else if (this.requests.has(bit * 8) || this.isFailed(bit)) {
        this.position = bit + 1;
      } else return bit;
    }
  }

  /**
   * How many dirty blocks from `bit` on go into one request: no more than the alignment of its start, as the module does
   * (recorded: 2 blocks at 1270, 8 at 1272, 247 at 1280), and one discard unit where thin requests are wanted.
   */
  private countFrom(bit: number, limit: number): number {
    const { bitmap, connection, peerMaxBioBytes } = this.peerDevice;
    if (bitmap === null) return 0;
    const discardBits = this.thinBytes / 4096;
    const maxBits = Math.min(
      alignmentOf(bit),
      discardBits >= 1 ? discardBits : limit,
      connection.maxBioBytes / 4096,
      peerMaxBioBytes / 4096,
    );
    const clear = bitmap.findClear(bit);
    const end = Math.min(bit + maxBits, clear === -1 ? bitmap.bitCount : clear);
    let to = bit + 1;
    while (to < end && !this.requests.has(to * 8) && !this.isFailed(to)) to++;
    return to - bit;
  }

  /** Size of the requests that may be answered by "all zero"; 0: none are sent. */
  private get thinBytes(): number {
    const { device, connection } = this.peerDevice;
    return connection.hasFeature(Feature.THIN_RESYNC) ? device.diskOptions.rsDiscardGranularityBytes : 0;
  }

  /** csums-after-crash-only: a disk that was cut off in good order differs where the bits say, so digests gain nothing. */
  private get usesChecksums(): boolean {
    const { connection, device } = this.peerDevice;
    if (connection.csumsDigest === null || connection.version < 89) return false;
    return !connection.net.csumsAfterCrashOnly || device.crashedPrimary;
  }

  private readonly failedBits = new Set<number>();
  private isFailed(bit: number): boolean {
    return this.failedBits.has(bit);
  }

  private ask(request: ResyncRequest): void {
    if (this.requests.get(request.sector) !== request) return;
    const { connection, device } = this.peerDevice;
    const { sector, sizeBytes } = request;
    const head = { volume: device.volume, sector, blockId: ID_SYNCER, sizeBytes };
    const digest = connection.csumsDigest;
    if (digest !== null && this.withChecksums && device.disk !== null) {
      const into = new Uint8Array(sizeBytes);
      const { run } = this;
      device.disk.data.read(sector * 512, into, (error) => {
        if (run !== this.run || this.requests.get(sector) !== request) return;
        if (error !== null) connection.sendData({ kind: 'RsDataRequest', ...head });
        else connection.sendData({ kind: 'CsumRsRequest', ...head, digest: digest.of([into]) });
      });
      return;
    }
    connection.sendData({ kind: sizeBytes === this.thinBytes ? 'RsThinReq' : 'RsDataRequest', ...head });
  }

  /** P_RS_DATA_REPLY. False: nobody asked for it. */
  dataArrived(packet: DataPacket): boolean {
    return this.answered(packet, packet.payload, (disk, done) => disk.write(packet.sector * 512, packet.payload, done));
  }

  /** P_RS_DEALLOCATED: the source holds nothing but zeroes there. */
  deallocated(sector: number, sizeBytes: number): boolean {
    return this.answered({ sector, sizeBytes }, [], (disk, done) =>
      disk.discardSupported
        ? disk.discard(sector * 512, sizeBytes, done)
        : disk.writeZeroes(sector * 512, sizeBytes, done),
    );
  }

  /** P_RS_IS_IN_SYNC: the checksums were equal; both sides clear the bits, nothing is acknowledged. */
  isInSync(sector: number, sizeBytes: number): void {
    const request = this.requests.get(sector);
    if (request === undefined || request.sizeBytes !== sizeBytes) return;
    const cleared = this.peerDevice.setInSync(sector, sizeBytes);
    if (this.peerDevice.progress !== null) this.peerDevice.progress.sameChecksumBits += cleared;
    this.settle(request);
    this.finishIfDone();
  }

  /** P_NEG_RS_DREPLY or P_RS_CANCEL. */
  refused(sector: number, sizeBytes: number, why: 'failed' | 'cancelled'): void {
    const request = this.requests.get(sector);
    if (request === undefined || request.sizeBytes !== sizeBytes) return;
    if (why === 'failed') this.noteFailed(sector, sizeBytes);
    this.settle(request);
    this.finishIfDone();
  }

  private answered(
    { sector, sizeBytes }: { readonly sector: number; readonly sizeBytes: number },
    payload: readonly Uint8Array[],
    write: (disk: NonNullable<PeerDevice['device']['disk']>['data'], done: (error: DiskError | null) => void) => void,
  ): boolean {
    const { peerDevice, run } = this;
    const { device, connection } = peerDevice;
    const request = this.requests.get(sector);
    if (request === undefined || request.sizeBytes !== sizeBytes || request.answered) return false;
    peerDevice.stats.receivedSectors += sizeBytes / 512;
    const disk = device.usableDisk;
    const acknowledge = (kind: 'RsWriteAck' | 'NegAck'): void =>
      connection.sendMeta({
        kind,
        volume: device.volume,
        sector,
        blockId: ID_SYNCER,
        sizeBytes,
        seq: peerDevice.nextSeq(),
      });
    if (disk === null) {
      acknowledge('NegAck');
      this.settle(request);
      return true;
    }
    hold(payload);
    const lock = lockedRange(sector, sector + sizeBytes / 512, () =>
      write(disk.data, (error) => {
        letGo(payload);
        disk.noteDataWritten();
        device.stats.writtenSectors += sizeBytes / 512;
        device.peerLocks.leave(lock);
        if (run !== this.run) return;
        if (error !== null) {
          this.noteFailed(sector, sizeBytes);
          acknowledge('NegAck');
          device.localIoFailed('write', error);
        } else {
          peerDevice.setInSync(sector, sizeBytes);
          acknowledge('RsWriteAck');
        }
        this.settle(request);
        this.finishIfDone();
      }),
    );
    device.peerLocks.enter(lock);
    return true;
  }

  private noteFailed(sector: number, sizeBytes: number): void {
    const { progress } = this.peerDevice;
    for (let bit = Math.floor(sector / 8); bit < Math.ceil((sector + sizeBytes / 512) / 8); bit++)
      this.failedBits.add(bit);
    if (progress !== null) progress.failedBits = this.failedBits.size;
  }

  private settle(request: ResyncRequest): void {
    if (request.answered) return;
    request.answered = true;
    this.requests.delete(request.sector);
    this.inFlightSectors -= request.sizeBytes / 512;
    this.answeredSectors += request.sizeBytes / 512;
    this.peerDevice.device.applicationLocks.leave(request.appLock);
    if (this.budgetBits > 0 && this.peerDevice.conn === Conn.SyncTarget) this.requestMore();
  }

  finishIfDone(): void {
    const { peerDevice } = this;
    if (peerDevice.conn !== Conn.SyncTarget || this.finishing || this.requests.size > 0) return;
    if (peerDevice.outOfSyncBits > this.failedBits.size) return;
    this.finishing = true;
    const { run } = this;
    const { device, connection } = peerDevice;
    // Earlier traffic must be through on the source, and everything stable here, before the disk counts as current.
    connection.ping(() => {
      const { disk } = device;
      if (run !== this.run || disk === null) return;
      disk.flushData((error) => {
        if (run !== this.run) return;
        if (error !== null) return device.localIoFailed('write', error);
        disk.writeBitmap(null, (ok) => {
          if (run !== this.run || !ok) return;
          if (peerDevice.outOfSyncBits > this.failedBits.size || this.requests.size > 0) {
            this.finishing = false;
            return;
          }
          this.finish();
        });
      });
    });
  }

  private finish(): void {
    const { peerDevice } = this;
    const { device, progress } = peerDevice;
    const failed = this.failedBits.size;
    this.failedBits.clear();
    device.resource.log('info', device.subject, `Resync done ${progress?.pace(device.resource.host.nowMs()) ?? ''}`);
    if (failed > 0) device.resource.log('warn', device.subject, `${failed} failed blocks`);
    const checksums = progress?.checksumText();
    if (checksums != null) device.resource.log('info', device.subject, checksums);
    if (failed === 0 && peerDevice.peerUuids !== null) {
      const moved = afterResyncTarget(peerDevice.uuids, peerDevice.peerUuids);
      peerDevice.setUuids(moved);
      device.commitGeneration();
      // What the source will show from now on: its bitmap UUID is in its history.
      peerDevice.peerUuids = { ...peerDevice.peerUuids, ...moved };
    }
    device.resource.states.force(peerDevice, {
      conn: Conn.Connected,
      disk: failed === 0 ? Disk.UpToDate : Disk.Inconsistent,
      pdsk: Disk.UpToDate,
    });
    device.resource.runHandler('after-resync-target', { peerDevice });
  }
}

/** The largest power of two that divides `bit`, up to the 256 blocks (1 MiB) of the largest request. */
function alignmentOf(bit: number): number {
  const low = bit % 256;
  return low === 0 ? 256 : low & -low;
}
