/**
 * One volume towards one peer: all that is known of the peer's copy, and the packets about it.
 */
import { PeerMdFlag, withFlags, withoutFlags } from '../../metadata';
import { Conn, Disk, Role, UuidFlag, packState, type SizesPacket, type UuidsPacket } from '../../wire';
import type { Bitmap } from '../bitmap/bitmap';
import { Congestion } from '../connection/congestion';
import type { Connection } from '../connection/connection';
import type { Device } from '../device/device';
import { peerDeviceOptions, type OptionValues, type PeerDeviceOptions } from '../options';
import { WriteConflicts } from '../request/write-conflicts';
import { PeerRequests } from '../request/peer-requests';
import { ResyncSource } from '../resync/resync-source';
import { ResyncTarget } from '../resync/resync-target';
import { SyncProgress } from '../resync/sync-progress';
import { withPrimaryBit, type PeerUuids, type UuidSet } from '../uuid/generation';
import { VerifySource } from '../verify/verify-source';
import { VerifyTarget } from '../verify/verify-target';
import { BitmapExchange } from './bitmap-exchange';
import { SyncUuid } from './sync-uuid';

/** Most that a diskless node takes in one request. */
const MAX_BIO_BYTES = 1024 * 1024;

export class PeerDevice {
  conn: number;
  pdsk: number = Disk.DUnknown;
  userIsp = false;
  peerIsp = false;
  aftrIsp = false;
  peerUuids: PeerUuids | null = null;
  /** The peer's backing disk, from its last P_SIZES; 0: diskless or unknown. */
  peerDiskSectors = 0;
  peerMaxBioBytes = MAX_BIO_BYTES;
  /** What one request of a resync or a diskless read may ask for. */
  optionValues: OptionValues = {};
  options: PeerDeviceOptions = peerDeviceOptions({});
  readonly requests = new PeerRequests(this);
  readonly resyncSource = new ResyncSource(this);
  readonly resyncTarget = new ResyncTarget(this);
  readonly verifySource = new VerifySource(this);
  readonly verifyTarget = new VerifyTarget(this);
  readonly conflicts = new WriteConflicts(this);
  readonly congestion = new Congestion(this);
  readonly bitmapExchange = new BitmapExchange(this);
  readonly syncUuid = new SyncUuid(this);
  /** This side grew; the resync of the new area begins when the peer's answer tells that it did too. */
  newAreaWaits = false;
  progress: SyncProgress | null = null;
  readonly stats = { receivedSectors: 0, sentSectors: 0 };
  private seq = 0;

  constructor(
    readonly device: Device,
    readonly connection: Connection,
  ) {
    this.conn = connection.conn;
  }

  get bitmap(): Bitmap | null {
    return this.device.disk?.bitmapOf(this.connection.peerNodeId) ?? null;
  }

  get bitmapUuid(): bigint {
    return this.device.disk?.peer(this.connection.peerNodeId).bitmapUuid ?? 0n;
  }

  get uuids(): UuidSet {
    const superblock = this.device.disk?.superblock;
    return {
      current: superblock?.currentUuid ?? this.device.exposedUuid,
      bitmap: this.bitmapUuid,
      history0: superblock?.historyUuids[0] ?? 0n,
      history1: superblock?.historyUuids[1] ?? 0n,
    };
  }

  /** Takes over a moved set; what the history gained is put in front of it. */
  setUuids(set: UuidSet): void {
    const { disk } = this.device;
    if (disk === null) return;
    const old = disk.superblock.historyUuids;
    let history: bigint[];
    if (set.history0 === old[0] && set.history1 === old[1]) history = [...old];
    else if (set.history1 === old[0]) history = [set.history0, ...old.slice(0, -1)];
    else history = [set.history0, set.history1, ...old.slice(2)];
    // Bit 0 of the current UUID says what this node is, whomever the UUID came from.
    disk.update({ currentUuid: withPrimaryBit(set.current, this.isPrimaryHere), historyUuids: history });
    disk.updatePeer(this.connection.peerNodeId, { bitmapUuid: set.bitmap });
    this.device.exposedUuid = set.current;
  }

  nextSeq(): number {
    this.seq = (this.seq + 1) >>> 0;
    return this.seq;
  }

  /** Writes go to the peer. Source: wire.md 6.8. */
  isReplicatedTo(): boolean {
    if (this.conn < Conn.Connected) return false;
    return (
      this.pdsk === Disk.UpToDate ||
      (this.pdsk >= Disk.Inconsistent && this.conn >= Conn.WFBitMapT && this.conn < Conn.Ahead)
    );
  }

  /** The peer only hears that it misses something. */
  isToldOutOfSync(): boolean {
    return this.conn === Conn.Ahead || this.conn === Conn.WFBitMapS;
  }

  setOutOfSync(sector: number, sizeBytes: number): void {
    this.bitmap?.set(Math.floor(sector / 8), Math.ceil((sector + sizeBytes / 512) / 8));
  }

  /** Only blocks that the range covers wholly; the end of the device counts as covered. */
  setInSync(sector: number, sizeBytes: number): number {
    const end = sector + sizeBytes / 512;
    const to = end >= this.device.sizeSectors ? Math.ceil(end / 8) : Math.floor(end / 8);
    const cleared = this.bitmap?.clear(Math.ceil(sector / 8), to) ?? 0;
    if (cleared > 0) this.resyncSource.bitsCleared();
    return cleared;
  }

  get outOfSyncBits(): number {
    return this.bitmap?.weight ?? 0;
  }

  sendState(conn: number = this.conn): void {
    const view = { device: this.device, peerDevice: this };
    const state = { ...this.device.resource.states.read(view), conn };
    this.connection.sendData({
      kind: 'State',
      volume: this.device.volume,
      state: packState({
        ...state,
        susp: this.device.suspendedByUser,
      }),
    });
  }

  /** The first P_STATE of a connection: the connection is still on its way. */
  sendFirstState(): void {
    this.sendState(Conn.WFConnection);
  }

  sendSyncParam(): void {
    const { net } = this.connection;
    const options = this.device.disk === null ? peerDeviceOptions({}) : this.options;
    this.connection.sendData({
      kind: this.connection.version >= 89 ? 'SyncParam89' : 'SyncParam',
      volume: this.device.volume,
      resyncRateKiBs: options.resyncRateKiBs,
      verifyAlg: net.verifyAlg,
      csumsAlg: net.csumsAlg,
      cPlanAheadTenths: options.cPlanAheadTenths,
      cDelayTargetTenths: options.cDelayTargetTenths,
      cFillTargetSectors: options.cFillTargetSectors,
      cMaxRateKiBs: options.cMaxRateKiBs,
    });
  }

  sendSizes(ddsFlags = 0, askBack: 'ask-for-answer' | 'plain' = 'plain'): void {
    const { disk } = this.device;
    const packet: SizesPacket = {
      kind: 'Sizes',
      volume: this.device.volume,
      diskSectors: disk?.maxSectors ?? 0,
      userSectors: this.device.diskOptions.sizeSectors,
      currentSectors: askBack === 'ask-for-answer' ? 0 : this.device.sizeSectors,
      maxBioSizeBytes: this.connection.maxBioBytes,
      queueOrderType: 0,
      ddsFlags,
    };
    this.connection.sendData(
      this.connection.hasQueueLimits
        ? {
            ...packet,
            queueLimits: {
              physicalBlockSizeBytes: disk?.data.physicalBlockSizeBytes ?? 512,
              logicalBlockSizeBytes: disk?.data.logicalBlockSizeBytes ?? 512,
              alignmentOffset: 0,
              ioMinBytes: disk?.data.physicalBlockSizeBytes ?? 512,
              ioOptBytes: 0,
              discardEnabled: disk?.data.discardSupported === true ? 1 : 0,
              discardZeroesData: 0,
              writeSameCapable: 0,
              bitmapBlockShift: 0,
            },
          }
        : packet,
    );
  }

  /** A diskless node has none to send. Source: wire.md 5.4. */
  sendUuids(extraFlags: bigint): void {
    const { device } = this;
    if (device.disk === null || device.diskState < Disk.Negotiating) return;
    let flags = extraFlags;
    if (this.connection.discardMyData) flags |= UuidFlag.DISCARD_MY_DATA;
    if (device.crashedPrimary) flags |= UuidFlag.CRASHED_PRIMARY;
    // Only while negotiating: otherwise P_STATE tells of the disk itself.
    if (device.diskState === Disk.Negotiating && device.stateAfterNegotiation?.disk === Disk.Inconsistent) {
      flags |= UuidFlag.INCONSISTENT;
    }
    this.sentDirtyBits = this.outOfSyncBits;
    const packet: UuidsPacket = {
      kind: 'Uuids',
      volume: device.volume,
      ...this.uuids,
      dirtyBits: BigInt(this.sentDirtyBits),
      flags,
    };
    this.connection.sendData(packet);
  }

  /** A sync decision that the peer has not heard of: to be told before the bitmap that follows from it. */
  decidedAlone = false;

  tellDecision(): void {
    this.decidedAlone = false;
    this.sendUuids(0n);
    this.sendState();
  }

  /** Rule that took the last sync decision: for logs and tests. */
  lastRule = 0;
  /** Changes as last announced: what the after-sb policies compare. */
  sentDirtyBits = 0;

  sendInitialPackets(): void {
    this.sendSyncParam();
    this.sendSizes();
    this.sendUuids(0n);
    this.sendFirstState();
  }

  sendBitmap(): void {
    this.bitmapExchange.send();
  }

  expectBitmap(): void {
    this.bitmapExchange.expect();
  }

  /** StartingSyncS or -T: everything is out of sync, no bitmaps are exchanged. Source: wire.md 8.6. */
  startFullSync(conn: number): void {
    this.setAllOutOfSync(() => {
      if (this.conn !== conn) return;
      if (conn === Conn.StartingSyncT) this.device.resource.states.force(this, { conn: Conn.WFSyncUUID });
      else this.startSource(conn);
    });
  }

  /** From `conn`, where it waited, if the handler lets it. */
  startSource(conn: number): void {
    const { resource } = this.device;
    resource.runHandler('before-resync-source', { peerDevice: this }, (exitCode) => {
      if (this.conn !== conn) return;
      if (exitCode > 0 && exitCode !== 3) return this.connection.refuse('before-resync-source said no');
      resource.states.force(this, { conn: Conn.SyncSource });
    });
  }

  /** All bits set and on disk; meanwhile the metadata says so by its flag. */
  setAllOutOfSync(done: () => void): void {
    const { disk } = this.device;
    const { bitmap } = this;
    const { peerNodeId } = this.connection;
    if (disk === null || bitmap === null) return done();
    disk.updatePeer(peerNodeId, { flags: withFlags(disk.peer(peerNodeId).flags, PeerMdFlag.fullSync) });
    disk.commit(() => {
      bitmap.setAll();
      disk.writeBitmap(null, () => {
        disk.updatePeer(peerNodeId, { flags: withoutFlags(disk.peer(peerNodeId).flags, PeerMdFlag.fullSync) });
        disk.commit();
        done();
      });
    });
  }

  resyncEnded(): void {
    this.resyncTarget.stop();
    this.resyncSource.stop();
    this.verifySource.stop();
    this.verifyTarget.stop();
    this.progress = null;
  }

  /** The connection is gone: what was under way for it is over. */
  connectionLost(): void {
    this.resyncEnded();
    this.verifyTarget.connectionLost();
    this.congestion.stop();
    this.conflicts.connectionLost();
    this.bitmapExchange.reset();
    this.syncUuid.connectionLost();
    this.requests.connectionLost();
    this.peerUuids = null;
    this.newAreaWaits = false;
    this.seq = 0;
  }

  get isPrimaryHere(): boolean {
    return this.device.resource.role === Role.Primary;
  }
}
