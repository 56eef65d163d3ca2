/**
 * The life of an application's write: admitted, ordered, logged as hot, sent and written in the same turn, completed
 * by the rule of the protocol, and forgotten once it is stable everywhere.
 *
 *     submit -> (suspended? overlapping?) -> activity log -> local write + P_DATA to every replicating peer
 *            -> complete: local done and every peer acknowledged (C), received (B), sent (A)
 *            -> destroy:  every peer's barrier acknowledged; blocks that a peer lacks become out of sync
 *
 * Invariants:
 * - The activity-log reference is held from before the local write until destruction.
 * - Nothing completes while a new data generation is owed to the disk: an acknowledged write that one node alone holds
 *   must be recognisable as such after a crash.
 *
 * Source: behaviour.md 5.1 to 5.6.
 */
import { DataFlag, Disk, Role, type DataPacket, type Packet } from '../../wire';
import type { ActivityLog } from '../activity-log/activity-log';
import type { Device } from '../device/device';
import type { DiskError } from '../host';
import type { PeerDevice } from '../peer-device/peer-device';
import { isSyncState } from '../state/volume-state';
import type { SendEpoch } from '../connection/send-epochs';
import { lockedRange, type LockedRange } from './range-locks';
import { overlap } from './write-conflicts';
import { SMALLEST_MAX_BIO_BYTES, splitForPeers, submitParts, type WritePart } from './split-writes';

export type WriteErrno = 'EIO' | 'EROFS' | 'ESHUTDOWN' | 'ENOSPC';
export type WriteDone = (error: WriteErrno | null) => void;
export type WriteKind = 'write' | 'trim' | 'zeroes';

export interface WriteRequest {
  readonly kind: WriteKind;
  readonly sector: number;
  readonly sizeBytes: number;
  /** Let go at completion. */
  pieces: readonly Uint8Array[];
  readonly done: WriteDone;
  readonly lock: LockedRange;
  local: 'none' | 'pending' | 'ok' | 'failed';
  legs: readonly WriteLeg[];
  /** In which its extents are hot on its behalf. */
  log: ActivityLog | null;
  completed: boolean;
  destroyed: boolean;
  startedMs: number;
  /** Met a write of a peer that is Primary too: to be done once more, after that one. */
  retries: boolean;
}

export interface WriteLeg {
  readonly request: WriteRequest;
  readonly peerDevice: PeerDevice;
  readonly epoch: SendEpoch;
  readonly blockId: number;
  /** What the packet asked the peer for: options may change before the answer. */
  readonly awaits: 'nothing' | 'received' | 'written';
  /** Still needed for completion. */
  pending: boolean;
  /** The peer has it. */
  ok: boolean;
  setInSync: boolean;
  /** Barrier acknowledged, or lost. */
  done: boolean;
}

const NO_LEGS: readonly WriteLeg[] = [];
const CONFLICT_RETRY_MS = 5;
/** 32 activity-log extents: what one request may span (behaviour 5.9). */
export const MAX_TRIM_BYTES = 128 * 1024 * 1024 - 4 * 1024 * 1024;

export class ApplicationWrites {
  /** Held back: I/O is suspended, or the state is in between. */
  private held: WriteRequest[] = [];
  /** Done but for the new data generation that must reach the disk first. */
  private gated: WriteRequest[] = [];
  /** Waiting to be issued until I/O is resumed: they have their place and their extents already. */
  private postponed: WriteRequest[] = [];
  /** Under way to a peer that was lost while I/O is held: sent again, or given up, when that ends. */
  private readonly kept = new Map<WriteRequest, PeerDevice>();
  /** Acknowledged by such a peer, and not known to be stable there. */
  private keptLegs: WriteLeg[] = [];
  /** Between two Primaries: waiting for writes of the peer to the same blocks. */
  private behindPeer: WriteRequest[] = [];
  /** Issued and not destroyed. */
  private readonly active = new Set<WriteRequest>();
  /** Neither completed nor failed: for statistics and for demotion. */
  pendingCount = 0;

  constructor(private readonly device: Device) {}

  /** Issued or about to be, and not completed. */
  get runningCount(): number {
    return this.pendingCount - this.held.length;
  }

  submit(kind: WriteKind, sector: number, pieces: readonly Uint8Array[], sizeBytes: number, done: WriteDone): void {
    const { resource } = this.device;
    if (resource.role !== Role.Primary || resource.demoting) {
      resource.host.after(0, () => done('EROFS'));
      return;
    }
    if (sizeBytes > SMALLEST_MAX_BIO_BYTES || kind !== 'write') {
      const parts = splitForPeers(this.device, { kind, sector, pieces, sizeBytes });
      if (parts !== null) return submitParts(parts, done, (part, partDone) => this.accept(part, partDone));
    }
    this.accept({ kind, sector, pieces, sizeBytes }, done);
  }

  private accept({ kind, sector, pieces, sizeBytes }: WritePart, done: WriteDone): void {
    const request: WriteRequest = {
      kind,
      sector,
      sizeBytes,
      pieces,
      done,
      lock: lockedRange(sector, sector + sizeBytes / 512, () => this.activate(request)),
      local: 'none',
      legs: NO_LEGS,
      log: null,
      completed: false,
      destroyed: false,
      startedMs: 0,
      retries: false,
    };
    this.pendingCount++;
    this.device.stats.upperPending++;
    if (this.device.admitsIo()) this.device.applicationLocks.enter(request.lock);
    else this.held.push(request);
  }

  /** After every state change: lets go what may go now. */
  resume(): void {
    if (this.held.length > 0 && this.device.admitsIo()) {
      const held = this.held;
      this.held = [];
      for (const request of held) this.device.applicationLocks.enter(request.lock);
    }
    if (this.postponed.length > 0 && this.device.admitsIo()) {
      const postponed = this.postponed;
      this.postponed = [];
      for (const request of postponed) this.issue(request);
    }
    if (this.gated.length > 0 && this.device.isGenerationStable) {
      const gated = this.gated;
      this.gated = [];
      for (const request of gated) this.complete(request);
    }
  }

  /** Ends what waits for a resumption that will not come: the device goes away. */
  failHeld(): void {
    const held = this.held;
    this.held = [];
    for (const request of held) this.finish(request, 'ESHUTDOWN');
    const started = [...this.postponed, ...this.kept.keys()];
    this.postponed = [];
    this.kept.clear();
    for (const request of started) this.completeIfDone(request);
  }

  /**
   * Writes under way that the peer does not get: they count as out of sync from now on. Before the bitmap is sent, else
   * their bits would be set after it, on this side alone.
   */
  markUnsentOutOfSync(peerDevice: PeerDevice): void {
    for (const request of this.active) {
      const leg = request.legs.find((candidate) => candidate.peerDevice === peerDevice);
      if (leg === undefined || (leg.done && !leg.ok)) peerDevice.setOutOfSync(request.sector, request.sizeBytes);
    }
  }

  /** Whether the peer may not have written, or not all of, what was sent to it for these blocks. */
  isUnderWayTo(peerDevice: PeerDevice, sector: number, sizeBytes: number): boolean {
    for (const request of this.active) {
      if (!overlap(request, { sector, sizeBytes })) continue;
      const leg = request.legs.find((candidate) => candidate.peerDevice === peerDevice);
      if (!request.completed || leg === undefined || !leg.ok) return true;
      if (leg.awaits !== 'written' && !leg.done) return true;
    }
    return false;
  }

  legAcked(leg: WriteLeg, how: 'received' | 'written' | 'written-in-sync'): void {
    if (how === 'written-in-sync') leg.setInSync = true;
    leg.ok = true;
    this.legSettled(leg);
  }

  /** The peer could not write it: its blocks are out of sync. */
  legRefused(leg: WriteLeg): void {
    leg.ok = false;
    this.legSettled(leg);
    if (leg.request.completed) leg.peerDevice.setOutOfSync(leg.request.sector, leg.request.sizeBytes);
  }

  /** The connection is gone before the barrier was acknowledged. */
  legLost(leg: WriteLeg): void {
    leg.ok = false;
    leg.done = true;
    this.legSettled(leg);
    this.destroyIfDone(leg.request);
  }

  /** As `legLost`, but I/O is held: whether the peer still has it, and gets it again, is known when that ends. */
  legKept(leg: WriteLeg): void {
    const { request } = leg;
    // Refused, and completed by the other copy.
    if (request.completed && !leg.ok) return this.legLost(leg);
    leg.pending = false;
    if (leg.ok) {
      this.keptLegs.push(leg);
      return;
    }
    leg.done = true;
    request.legs = request.legs.filter((other) => other !== leg);
    this.kept.set(request, leg.peerDevice);
  }

  /** The peer is back with the same data: what it acknowledged it has, the rest is sent again. */
  resend(to: PeerDevice): void {
    for (const leg of this.takeKeptLegs(to)) this.legStable(leg);
    for (const [request, peerDevice] of [...this.kept]) {
      if (peerDevice !== to) continue;
      this.kept.delete(request);
      if (to.isReplicatedTo()) request.legs = [...request.legs, this.sendTo(request, to)];
      this.completeIfDone(request);
    }
  }

  /** On without the peer: its blocks are out of sync. What has no other copy is tried again. */
  giveUpKept(): void {
    for (const leg of this.takeKeptLegs(null)) this.legLost(leg);
    for (const request of [...this.kept.keys()]) {
      this.kept.delete(request);
      if (request.local === 'none') this.issue(request);
      else this.completeIfDone(request);
    }
  }

  private takeKeptLegs(of: PeerDevice | null): WriteLeg[] {
    const taken = this.keptLegs.filter(({ peerDevice }) => of === null || peerDevice === of);
    this.keptLegs = this.keptLegs.filter((leg) => !taken.includes(leg));
    return taken;
  }

  /** The peer, Primary too, has not done it: it met a write of the peer's that comes first. */
  legToRetry(leg: WriteLeg): void {
    leg.ok = false;
    leg.request.retries = true;
    this.legSettled(leg);
  }

  /** Writes of this node to these blocks that are issued and not completed. */
  underWay(sector: number, sizeBytes: number): WriteRequest[] {
    return [...this.active].filter((request) => !request.completed && overlap(request, { sector, sizeBytes }));
  }

  /** Between two Primaries: a write of the peer is done. */
  peerWriteDone(): void {
    const behind = this.behindPeer;
    if (behind.length === 0) return;
    this.behindPeer = [];
    for (const request of behind) this.issue(request);
  }

  private restart(request: WriteRequest): void {
    request.retries = false;
    request.legs = NO_LEGS;
    request.local = 'none';
    this.active.delete(request);
    this.tellConflicts();
    // The write that it met may still be on its way.
    this.device.resource.host.after(CONFLICT_RETRY_MS, () => this.issue(request));
  }

  private tellConflicts(): void {
    for (const { conflicts } of this.device.peerDevices) if (conflicts.isWaiting) conflicts.ownSettled();
  }

  private isBehindPeer({ sector, sizeBytes }: WriteRequest): boolean {
    const { peerDevices, peerLocks } = this.device;
    if (!peerDevices.some(({ connection }) => connection.net.allowTwoPrimaries)) return false;
    return (
      peerLocks.overlaps(sector, sector + sizeBytes / 512) ||
      peerDevices.some(({ conflicts }) => conflicts.overlapsWaiting(sector, sizeBytes))
    );
  }

  legStable(leg: WriteLeg): void {
    leg.done = true;
    this.destroyIfDone(leg.request);
  }

  private legSettled(leg: WriteLeg): void {
    if (!leg.pending) return;
    leg.pending = false;
    this.completeIfDone(leg.request);
  }

  private activate(request: WriteRequest): void {
    const { device } = this;
    const log = device.activityLog;
    request.startedMs = device.resource.host.nowMs();
    if (log === null) return this.issue(request);
    request.log = log;
    const { first, last } = extentsOf(request);
    if (log.acquire(first, last, () => this.issue(request))) this.issue(request);
  }

  private issue(request: WriteRequest): void {
    const { device } = this;
    if (this.isBehindPeer(request)) {
      this.behindPeer.push(request);
      return;
    }
    this.active.add(request);
    if (device.resource.isSuspended) {
      this.postponed.push(request);
      return;
    }
    // The state may have changed while the request waited for its turn.
    const disk = device.usableDisk;
    if (device.diskState !== Disk.UpToDate && !device.hasUpToDatePeer()) {
      request.local = disk === null ? 'none' : 'failed';
      return this.completeIfDone(request);
    }
    if (disk !== null) {
      request.local = 'pending';
      device.stats.writtenSectors += request.sizeBytes / 512;
      device.foreignSectors += request.sizeBytes / 512;
    }
    request.legs = this.send(request);
    if (disk === null) return this.completeIfDone(request);
    const done = (error: DiskError | null): void => this.localDone(request, error);
    device.stats.lowerPending++;
    const offset = request.sector * 512;
    if (request.kind === 'write') disk.data.write(offset, request.pieces, done);
    else if (request.kind === 'trim') disk.data.discard(offset, request.sizeBytes, done);
    else disk.data.writeZeroes(offset, request.sizeBytes, done);
  }

  private send(request: WriteRequest): readonly WriteLeg[] {
    let legs: WriteLeg[] | null = null;
    for (const peerDevice of this.device.peerDevices) {
      if (peerDevice.isReplicatedTo()) (legs ??= []).push(this.sendTo(request, peerDevice));
      else if (peerDevice.isToldOutOfSync()) {
        peerDevice.setOutOfSync(request.sector, request.sizeBytes);
        peerDevice.connection.sendData({
          kind: 'OutOfSync',
          volume: this.device.volume,
          sector: request.sector,
          sizeBytes: request.sizeBytes,
        });
      }
    }
    return legs ?? NO_LEGS;
  }

  private sendTo(request: WriteRequest, peerDevice: PeerDevice): WriteLeg {
    const { connection } = peerDevice;
    const blockId = connection.nextBlockId();
    const epoch = connection.sendEpochs.enter();
    const { protocol } = connection.net;
    const syncing = isSyncState(peerDevice.conn);
    const leg: WriteLeg = {
      request,
      peerDevice,
      epoch,
      blockId,
      // During a resync the acknowledgement tells which blocks are in sync, also where nobody waits for it.
      awaits: protocol === 3 ? 'written' : protocol === 2 ? 'received' : 'nothing',
      pending: protocol !== 1,
      ok: protocol === 1,
      setInSync: false,
      done: false,
    };
    epoch.legs.push(leg);
    connection.pendingWrites.set(blockId, leg);
    connection.inFlightSectors += request.sizeBytes / 512;
    connection.sendData(this.packetFor(request, peerDevice, blockId, syncing));
    // Protocol A: sent is enough, but it has to be sent; else a slow network would fill the memory.
    if (protocol === 1 && connection.isBackedUp) {
      leg.pending = true;
      connection.whenSent(() => this.legSettled(leg));
    }
    peerDevice.stats.sentSectors += request.sizeBytes / 512;
    if (connection.net.onCongestion !== 'block') peerDevice.congestion.writeSent();
    return leg;
  }

  private packetFor(request: WriteRequest, peerDevice: PeerDevice, blockId: number, syncing: boolean): Packet {
    const { connection } = peerDevice;
    let flags = 0;
    // Below protocol 95 only the hint RW_SYNC may be set.
    if (syncing && connection.version >= 95) flags |= DataFlag.MAY_SET_IN_SYNC;
    if (connection.version >= 100) {
      if (connection.net.protocol === 3 || syncing) flags |= DataFlag.SEND_WRITE_ACK;
      if (connection.net.protocol === 2) flags |= DataFlag.SEND_RECEIVE_ACK;
    }
    const head = {
      volume: this.device.volume,
      sector: request.sector,
      blockId: BigInt(blockId),
      seq: peerDevice.nextSeq(),
      sizeBytes: request.sizeBytes,
    };
    if (request.kind === 'write') {
      // Field by field: spreading is several times as slow, and this is the one packet that there are many of.
      const data: DataPacket = {
        kind: 'Data',
        volume: head.volume,
        sector: head.sector,
        blockId: head.blockId,
        seq: head.seq,
        flags,
        sizeBytes: head.sizeBytes,
        payload: request.pieces,
      };
      return connection.sendDigest === null ? data : { ...data, digest: connection.sendDigest.of(request.pieces) };
    }
    if (request.kind === 'zeroes' && connection.hasWriteZeroes) {
      return { kind: 'Zeroes', ...head, flags: flags | DataFlag.ZEROES | DataFlag.DISCARD };
    }
    return { kind: 'Trim', ...head, flags: flags | DataFlag.DISCARD };
  }

  /** The disk is gone, and with it what only it had: a write that still waits for a peer depends on that alone. */
  diskLost(): void {
    for (const request of this.active) if (!request.completed && request.local === 'ok') request.local = 'failed';
  }

  private localDone(request: WriteRequest, error: DiskError | null): void {
    const { device } = this;
    device.stats.lowerPending--;
    device.disk?.noteDataWritten();
    request.local = error === null ? 'ok' : 'failed';
    if (error !== null && request.kind === 'write') device.localIoFailed('write', error);
    this.completeIfDone(request);
  }

  private completeIfDone(request: WriteRequest): void {
    if (request.completed || request.local === 'pending' || this.kept.has(request)) return;
    for (const leg of request.legs) if (leg.pending) return;
    if (request.retries) return this.restart(request);
    if (this.device.isGenerationStable) this.complete(request);
    else this.gated.push(request);
  }

  private complete(request: WriteRequest): void {
    // A disk that is not current is no copy: a resync overwrites it with what the peer has, which is then all there is.
    const isHere = request.local === 'ok' && this.device.diskState === Disk.UpToDate;
    const ok = isHere || request.legs.some((leg) => leg.ok);
    request.completed = true;
    // A later write may depend on this one: it must belong to a later epoch.
    for (const leg of request.legs) leg.epoch.owner.writeCompleted(leg.epoch);
    // Before anybody hears of the completion: who waits for the last write (a demotion) writes the bitmap out next.
    this.destroyIfDone(request);
    this.device.applicationLocks.leave(request.lock);
    this.tellConflicts();
    this.finish(request, ok ? null : 'EIO');
  }

  private finish(request: WriteRequest, error: WriteErrno | null): void {
    request.pieces = [];
    this.pendingCount--;
    this.device.stats.upperPending--;
    request.done(error);
    if (this.pendingCount === 0) this.device.writesDrained();
  }

  private destroyIfDone(request: WriteRequest): void {
    if (!request.completed || request.destroyed) return;
    for (const leg of request.legs) if (!leg.done) return;
    request.destroyed = true;
    this.active.delete(request);
    for (const peerDevice of this.device.peerDevices) {
      const leg = request.legs.find((candidate) => candidate.peerDevice === peerDevice);
      if (leg === undefined || !leg.ok || request.local !== 'ok') {
        peerDevice.setOutOfSync(request.sector, request.sizeBytes);
      } else if (leg.setInSync) peerDevice.setInSync(request.sector, request.sizeBytes);
    }
    this.device.setOutOfSyncForUnknownPeers(request.sector, request.sizeBytes);
    if (request.log === null) return;
    const { first, last } = extentsOf(request);
    request.log.release(first, last);
  }
}

const SECTORS_PER_EXTENT = 8192;

export function extentsOf(range: { readonly sector: number; readonly sizeBytes: number }): {
  first: number;
  last: number;
} {
  return {
    first: Math.floor(range.sector / SECTORS_PER_EXTENT),
    last: Math.floor((range.sector + range.sizeBytes / 512 - 1) / SECTORS_PER_EXTENT),
  };
}
