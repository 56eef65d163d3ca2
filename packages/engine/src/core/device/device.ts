/**
 * One volume of a resource on this node: its disk, its activity log, and the applications' reads and writes.
 */
import { MdFlag, PeerMdFlag, hasFlags, withFlags, withoutFlags } from '../../metadata';
import { Conn, Disk, Role } from '../../wire';
import { ActivityLog } from '../activity-log/activity-log';
import type { DiskError, LogLevel } from '../host';
import { diskOptions, type DiskOptions, type OptionValues } from '../options';
import type { PeerDevice } from '../peer-device/peer-device';
import { ApplicationReads } from '../request/application-reads';
import { ApplicationWrites } from '../request/application-writes';
import { RangeLocks } from '../request/range-locks';
import type { Resource } from '../resource/resource';
import { JUST_CREATED, hex, sameGeneration, withPrimaryBit } from '../uuid/generation';
import { loseDisk } from './detach';
import type { LocalDisk } from './local-disk';

/** How often a move of the metadata looks whether the last writes are through. */
const QUIET_CHECK_MS = 5;

export class Device {
  disk: LocalDisk | null = null;
  diskState: number = Disk.Diskless;
  /** Why the disk is Failed: an administrator takes it away. DRBD 9 calls that Detaching; 8.4 has one state for both. */
  detaching = false;
  activityLog: ActivityLog | null = null;
  readonly peerDevices: PeerDevice[] = [];
  readonly writes = new ApplicationWrites(this);
  readonly reads = new ApplicationReads(this);
  /** Application writes, and what resync must keep them away from. */
  readonly applicationLocks = new RangeLocks();
  /** The peers' writes and resync writes. */
  readonly peerLocks = new RangeLocks();
  /** Size shown to applications; 0 until it is known. */
  sizeSectors = 0;
  /** This node was Primary when it stopped without saying so; its activity log was applied. */
  crashedPrimary = false;
  /** What the disk becomes when nobody can be negotiated with. */
  stateAfterNegotiation: { disk: number; pdsk: number } | null = null;
  /** Generation last shown to applications while there was no disk. */
  exposedUuid = 0n;
  suspendedByUser = false;
  /** A new data generation that waits for the end of a suspension. */
  generationOwed = false;
  writeOpeners = 0;
  readOpeners = 0;
  diskOptionValues: OptionValues = {};
  diskOptions: DiskOptions = diskOptions({});
  deviceOptionValues: OptionValues = {};
  backing: {
    readonly dataDevice: string;
    readonly metaDevice: string;
    readonly metaIndex: 'internal' | 'flexible' | number;
  } | null = null;
  /** Read and written for applications, here and on peers: not by resync and verify. */
  foreignSectors = 0;
  readonly stats = { readSectors: 0, writtenSectors: 0, upperPending: 0, lowerPending: 0 };
  /** Told when the size changes: exporters announce it. */
  onResize: () => void = () => undefined;
  private generationsPending = 0;
  private drainWaiters: (() => void)[] = [];
  /** Not null while the metadata moves. */
  private moveWaiters: (() => void)[] | null = null;

  constructor(
    readonly resource: Resource,
    readonly volume: number,
    readonly minor: number,
  ) {}

  log(level: LogLevel, text: string): void {
    this.resource.log(level, this.subject, text);
  }

  get subject(): string {
    return `${this.resource.name}/${this.volume} drbd${this.minor}`;
  }

  /** The disk, if data may be written to it. */
  get usableDisk(): LocalDisk | null {
    return this.disk !== null && this.diskState >= Disk.Inconsistent ? this.disk : null;
  }

  get isGenerationStable(): boolean {
    return this.generationsPending === 0;
  }

  /** Source: behaviour.md 5.1. */
  admitsIo(): boolean {
    if (this.suspendedByUser || this.isMovingMetadata || this.resource.isSuspended) return false;
    if (this.diskState === Disk.Attaching || this.diskState === Disk.Negotiating) return false;
    return !this.peerDevices.some(
      ({ conn, connection }) =>
        conn === Conn.WFBitMapT ||
        conn === Conn.WFSyncUUID ||
        conn === Conn.StartingSyncT ||
        (conn === Conn.WFBitMapS && connection.version < 96),
    );
  }

  hasUpToDatePeer(): boolean {
    return this.peerDevices.some(({ pdsk, conn }) => pdsk === Disk.UpToDate && conn >= Conn.Connected);
  }

  isLocallyCurrent(sector: number, sizeBytes: number): boolean {
    if (this.diskState === Disk.UpToDate) return true;
    if (this.diskState !== Disk.Inconsistent) return false;
    const from = Math.floor(sector / 8);
    const to = Math.ceil((sector + sizeBytes / 512) / 8);
    return this.peerDevices.every(({ bitmap }) => bitmap === null || !bitmap.isAnySet(from, to));
  }

  /** Bits of slots that no peer uses: they collect all writes since the creation, for a peer that comes later. */
  setOutOfSyncForUnknownPeers(sector: number, sizeBytes: number): void {
    if (this.disk === null || this.disk.bitmaps.length <= this.peerDevices.length) return;
    const used = new Set(this.peerDevices.map(({ bitmap }) => bitmap));
    for (const bitmap of this.disk.bitmaps) {
      if (!used.has(bitmap)) bitmap.set(Math.floor(sector / 8), Math.ceil((sector + sizeBytes / 512) / 8));
    }
  }

  startActivityLog(): void {
    const { disk } = this;
    if (disk === null || !this.diskOptions.alUpdates) {
      this.activityLog = null;
      return;
    }
    const ringLimit = disk.superblock.alStripes * disk.superblock.alStripeSize4k;
    const slotCount = Math.min(this.diskOptions.alExtents, ringLimit > 72 ? 65534 : (ringLimit - 1) * 919);
    this.activityLog = new ActivityLog(slotCount, {
      beforeEviction: (evicted, done) => {
        const pages = new Set(evicted.map((extent) => Math.floor(extent / 32)));
        disk.flushData((error) =>
          error === null ? disk.writeBitmap(pages, done) : this.localIoFailed('write', error),
        );
      },
      writeTransaction: (transaction, done) => disk.writeAlTransaction(transaction, (ok) => ok && done()),
    });
  }

  /** Makes everything completed before stable, here and on the peers that replicate. */
  flush(done: (error: 'EIO' | null) => void): void {
    let pending = 1;
    let isStableHere = false;
    const finished = (): void => {
      // A peer that had the only copy may have been lost meanwhile.
      if (--pending === 0) done(isStableHere || this.hasUpToDatePeer() ? null : 'EIO');
    };
    for (const { connection } of this.peerDevices) {
      pending++;
      if (!connection.whenPeerStable(finished)) pending--;
    }
    const disk = this.usableDisk;
    if (disk !== null) {
      pending++;
      disk.flushData((error) => {
        if (error === null) isStableHere = true;
        else this.localIoFailed('write', error);
        finished();
      });
    }
    finished();
  }

  /** A new data generation: what is written from now on, the absent peer does not have. */
  newCurrentUuid(): void {
    const { disk } = this;
    if (disk === null) return;
    const { superblock } = disk;
    const uuid = withPrimaryBit(this.resource.host.randomUuid() & ~1n, this.resource.role === Role.Primary);
    const old = superblock.currentUuid;
    for (const { peerNodeId } of this.peerDevices.map(({ connection }) => connection)) {
      if (disk.peer(peerNodeId).bitmapUuid === 0n && old !== JUST_CREATED)
        disk.updatePeer(peerNodeId, { bitmapUuid: old });
      else if (old === JUST_CREATED) disk.updatePeer(peerNodeId, { bitmapUuid: old });
    }
    disk.update({ currentUuid: uuid });
    this.exposedUuid = uuid;
    this.resource.log('info', this.subject, `new current UUID ${hex(uuid)} (was ${hex(old)})`);
    this.commitGeneration();
  }

  /** The disk has the generation that applications have seen. */
  hasExposedData(): boolean {
    return this.disk !== null && sameGeneration(this.exposedUuid, this.disk.superblock.currentUuid);
  }

  /** Writes the superblock, and holds back completions until it is stable. */
  commitGeneration(done: () => void = () => undefined): void {
    const { disk } = this;
    if (disk === null) return done();
    this.generationsPending++;
    disk.commit(() => {
      this.generationsPending--;
      done();
      this.writes.resume();
    });
  }

  /** Superblock flags as the state demands. Source: behaviour.md 1.13. */
  updateMetadataFlags(): void {
    const { disk } = this;
    if (disk === null || this.diskState < Disk.Inconsistent) return;
    if (this.diskState === Disk.UpToDate && this.peerDevices.some(({ pdsk }) => pdsk === Disk.UpToDate)) {
      this.crashedPrimary = false;
    }
    let flags = withoutFlags(disk.superblock.flags, MdFlag.alClean);
    const put = (mask: number, value: boolean): void => {
      flags = value ? withFlags(flags, mask) : withoutFlags(flags, mask);
    };
    put(MdFlag.consistent, this.diskState > Disk.Inconsistent);
    put(MdFlag.wasUpToDate, this.diskState > Disk.Outdated);
    const isPrimary = this.isWrittenByPrimary();
    if (isPrimary) put(MdFlag.primaryInd, true);
    // DRBD 9's rule, as the format is DRBD 9's: its attach looks at this flag alone to find a Primary that crashed.
    put(MdFlag.crashedPrimary, this.crashedPrimary || this.resource.role === Role.Primary);
    put(MdFlag.alDisabled, !this.diskOptions.alUpdates);
    let changed = flags !== disk.superblock.flags;
    if (changed) disk.update({ flags });
    for (const { connection, conn, pdsk } of this.peerDevices) {
      const before = disk.peer(connection.peerNodeId).flags;
      let after = withoutFlags(before, PeerMdFlag.connected | PeerMdFlag.outdated | PeerMdFlag.fencing);
      if (conn > Conn.WFReportParams) after = withFlags(after, PeerMdFlag.connected | PeerMdFlag.nodeExists);
      if (pdsk >= Disk.Inconsistent && pdsk <= Disk.Outdated) after = withFlags(after, PeerMdFlag.outdated);
      if (pdsk >= Disk.Inconsistent && conn > Conn.WFReportParams) after = withFlags(after, PeerMdFlag.deviceSeen);
      if (connection.net.fencing !== 'dont-care') after = withFlags(after, PeerMdFlag.fencing);
      if (after === before) continue;
      disk.updatePeer(connection.peerNodeId, { flags: after });
      changed = true;
    }
    if (changed) disk.commit();
    if (!isPrimary && hasFlags(flags, MdFlag.primaryInd)) this.endPrimary(disk);
  }

  /** Here, or by a Primary that has no disk of its own: after a crash the activity log tells where. */
  private isWrittenByPrimary(): boolean {
    if (this.resource.role === Role.Primary) return true;
    return this.peerDevices.some(
      ({ pdsk, connection }) => pdsk < Disk.Inconsistent && connection.peerRole === Role.Primary,
    );
  }

  /** From now on a crash forgets the log: first the bitmap says on the disk what the peers lack. Source: metadata.md 11.1. */
  private endPrimary(disk: LocalDisk): void {
    disk.writeBitmap(null, (ok) => {
      if (!ok || this.disk !== disk || this.isWrittenByPrimary()) return;
      disk.update({ flags: withoutFlags(disk.superblock.flags, MdFlag.primaryInd) });
      disk.commit();
    });
  }

  /** on-io-error. Source: behaviour.md 5.10. */
  localIoFailed(what: 'read' | 'write' | 'metadata', error: DiskError): void {
    if (this.disk === null || this.diskState <= Disk.Failed) return;
    this.resource.log('error', this.subject, `${what} error on the backing disk: ${error.message}`);
    if (this.diskOptions.onIoError === 'pass_on' && what !== 'metadata') {
      this.resource.states.force(this, { disk: Disk.Inconsistent });
      return;
    }
    this.loseFailedDisk();
  }

  /** disk-timeout. Source: behaviour.md 5.10. */
  watchDisk(disk: LocalDisk): void {
    const { host } = this.resource;
    disk.watchFor({
      nowMs: () => host.nowMs(),
      after: (delayMs, run) => host.after(delayMs, run),
      timeoutMs: () => this.diskOptions.diskTimeoutMs,
      expired: (error) => {
        // Gone already for another reason; what waits for it does not know that yet.
        if (this.disk !== disk || this.diskState <= Disk.Failed) return disk.giveUpRequests(error);
        this.log('error', error.message);
        // First the state: what is answered with an error must not be tried on this disk again.
        this.loseFailedDisk(() => disk.giveUpRequests(error));
      },
    });
  }

  private loseFailedDisk(lost: () => void = () => undefined): void {
    const { disk } = this;
    const detach = (): void => {
      // The handler took its time: another disk may have taken the place of this one.
      if (this.disk === disk) loseDisk(this);
      lost();
    };
    if (this.diskOptions.onIoError === 'call-local-io-error')
      this.resource.runHandler('local-io-error', { device: this }, detach);
    else detach();
  }

  /** New writes wait until `endMove`. */
  beginMove(): void {
    this.moveWaiters = [];
  }

  get isMovingMetadata(): boolean {
    return this.moveWaiters !== null;
  }

  afterMove(run: () => void): void {
    if (this.moveWaiters === null) run();
    else this.moveWaiters.push(run);
  }

  endMove(): void {
    const waiters = this.moveWaiters ?? [];
    this.moveWaiters = null;
    for (const waiter of waiters) waiter();
    this.resumeIo();
  }

  /** Runs when no write holds an extent of the activity log any more; `beginMove` keeps new ones away. */
  whenQuiet(run: () => void): void {
    this.flush(() => {
      const isBusy =
        this.writes.runningCount > 0 || this.peerDevices.some(({ requests }) => requests.extentHolders > 0);
      if (isBusy) this.resource.host.after(QUIET_CHECK_MS, () => this.whenQuiet(run));
      else run();
    });
  }

  /** What applications see. */
  setSize(sizeSectors: number): void {
    if (this.sizeSectors === sizeSectors) return;
    this.sizeSectors = sizeSectors;
    this.log('info', `size = ${Math.floor(sizeSectors / 2)} KB`);
    this.onResize();
  }

  /** The disk option `size`; 0: none. */
  setUserSize(sizeSectors: number): void {
    if (this.diskOptions.sizeSectors === sizeSectors) return;
    const { size: _size, ...others } = this.diskOptionValues;
    this.diskOptionValues = sizeSectors === 0 ? others : { ...others, size: sizeSectors };
    this.diskOptions = diskOptions(this.diskOptionValues);
  }

  /** Runs when no application write is under way. */
  whenDrained(run: () => void): void {
    if (this.writes.pendingCount === 0) run();
    else this.drainWaiters.push(run);
  }

  writesDrained(): void {
    const waiters = this.drainWaiters;
    this.drainWaiters = [];
    for (const waiter of waiters) waiter();
  }

  resumeIo(): void {
    this.writes.resume();
    this.reads.resume();
  }
}
