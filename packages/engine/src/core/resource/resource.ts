/**
 * A resource on this node: its role, its volumes, its peers, and the procedures that administrators start.
 *
 * Procedures answer with an SS_* or ERR_* code by callback; they may wait for the peer and for the disk.
 */
import { MdFlag, PeerMdFlag, hasFlags, withoutFlags } from '../../metadata';
import { Conn, Disk, Role, StateMask, StateResult as SS, UuidFlag, packState } from '../../wire';
import { Connection } from '../connection/connection';
import { Device } from '../device/device';
import type { LocalDisk } from '../device/local-disk';
import { fencePeer, type FenceOutcome } from '../fencing/fence-peer';
import type { HandlerCall, Host, LogLevel } from '../host';
import { resourceOptions, type OptionValues, type ResourceOptions } from '../options';
import { agreedSize } from '../peer-device/receive-sizes';
import { PeerDevice } from '../peer-device/peer-device';
import { NO_STATE } from '../state/no-state';
import { JUST_CREATED, clearBitmapUuid, sameGeneration, withPrimaryBit } from '../uuid/generation';
import { ERR, type Done } from './reply-codes';
import { fitDevice } from '../resize/fit-device';
import { StateEngine, type VolumeView } from './state-engine';

const PROMOTE_TRIES = 4;
/** The wait for a peer that may be about to step down (behaviour 8.4). */
const TWO_PRIMARIES_RETRY_EXTRA_MS = 100;

interface Promotion {
  readonly mode: 'plain' | 'forced';
  readonly triesLeft: number;
  readonly waited: boolean;
  readonly upgrade: ReadonlySet<Device>;
  /** `--force` where fencing failed: the peer counts as outdated. */
  readonly ignoresUnfenced: boolean;
}

const isUnknown = (peerDevice: PeerDevice | null): boolean =>
  peerDevice !== null && peerDevice.conn < Conn.Connected && peerDevice.pdsk >= Disk.DUnknown;

export class Resource {
  role: number = Role.Secondary;
  readonly devices = new Map<number, Device>();
  readonly connections = new Map<number, Connection>();
  readonly states = new StateEngine(this);
  optionValues: OptionValues = {};
  options: ResourceOptions = resourceOptions({});
  splitBrainsReported = 0;
  /** On the way from Primary to Secondary: writes are refused already. */
  demoting = false;
  /** Told after every change that status would show. */
  onChanged: () => void = () => undefined;

  constructor(
    public name: string,
    readonly nodeId: number,
    readonly host: Host,
  ) {}

  /** I/O is held, whatever a single volume says. */
  readonly suspended = { noData: false, fencing: false };

  get isSuspended(): boolean {
    return this.suspended.noData || this.suspended.fencing;
  }

  setSuspended(to: { readonly noData?: boolean; readonly fencing?: boolean }): void {
    const { noData = this.suspended.noData, fencing = this.suspended.fencing } = to;
    const bit = Number;
    const changed: string[] = [];
    if (noData !== this.suspended.noData) changed.push(`susp_nod( ${bit(!noData)} -> ${bit(noData)} )`);
    if (fencing !== this.suspended.fencing) changed.push(`susp_fen( ${bit(!fencing)} -> ${bit(fencing)} )`);
    if (changed.length === 0) return;
    Object.assign(this.suspended, { noData, fencing });
    this.log('info', this.name, changed.join(' '));
    this.changed();
  }

  resumeIo(): void {
    for (const device of this.devices.values()) device.resumeIo();
  }

  log(level: LogLevel, subject: string, text: string): void {
    this.host.log(level, subject, text);
  }

  changed(): void {
    this.onChanged();
  }

  runHandler(
    handler: string,
    at: { readonly peerDevice?: PeerDevice; readonly connection?: Connection; readonly device?: Device },
    done: (exitCode: number) => void = () => undefined,
  ): void {
    const device = at.peerDevice?.device ?? at.device ?? null;
    const connection = at.peerDevice?.connection ?? at.connection;
    const call: HandlerCall = {
      handler,
      resource: this.name,
      peerNodeId: connection?.peerNodeId ?? null,
      ...(connection !== undefined && { connectionName: connection.name }),
      ...(handler === 'fence-peer' && { upToDateNodes: upToDateNodes(this, connection) }),
      ...(handler === 'unfence-peer' && { upToDateNodes: upToDateNodes(this) }),
      volume: device?.volume ?? null,
      minor: device?.minor ?? null,
    };
    this.host.runHandler(call, done);
  }

  // ---- objects ----

  setOptions(values: OptionValues): void {
    this.optionValues = values;
    this.options = resourceOptions(values);
  }

  newDevice(volume: number, minor: number): Device {
    const device = new Device(this, volume, minor);
    this.devices.set(volume, device);
    for (const connection of this.connections.values()) this.pair(device, connection);
    this.changed();
    return device;
  }

  newConnection(peerNodeId: number, name: string, values: OptionValues): Connection {
    const connection = new Connection(this, peerNodeId, name);
    connection.setNetOptions(values);
    this.connections.set(peerNodeId, connection);
    for (const device of this.devices.values()) this.pair(device, connection);
    this.changed();
    return connection;
  }

  private pair(device: Device, connection: Connection): void {
    const peerDevice = new PeerDevice(device, connection);
    device.peerDevices.push(peerDevice);
    connection.peerDevices.set(device.volume, peerDevice);
    if (connection.isUp) peerDevice.sendInitialPackets();
  }

  deleteDevice(device: Device): void {
    this.devices.delete(device.volume);
    for (const connection of this.connections.values()) connection.peerDevices.delete(device.volume);
    this.changed();
  }

  deleteConnection(connection: Connection): void {
    connection.destroy();
    this.connections.delete(connection.peerNodeId);
    for (const device of this.devices.values()) {
      const at = device.peerDevices.findIndex((peerDevice) => peerDevice.connection === connection);
      if (at !== -1) device.peerDevices.splice(at, 1);
    }
    this.changed();
  }

  // ---- disks ----

  /** Takes an opened disk into use. Source: behaviour.md 2.2. */
  attach(device: Device, disk: LocalDisk, done: Done): void {
    if (device.diskState !== Disk.Diskless) return done(ERR.ERR_DISK_CONFIGURED);
    const { superblock } = disk;
    const agreed = superblock.effectiveSizeSectors;
    const size = agreedSize({ own: disk.maxSectors, peer: 0, agreed, user: device.diskOptions.sizeSectors });
    const consistent = (superblock.flags & MdFlag.consistent) !== 0;
    if (consistent && size < agreed && size !== device.diskOptions.sizeSectors) return done(ERR.ERR_IMPLICIT_SHRINK);
    if (device.sizeSectors > 0 && disk.maxSectors < device.sizeSectors) return done(ERR.ERR_DISK_TOO_SMALL);
    const peerIsCurrent = device.peerDevices.some(({ pdsk }) => pdsk === Disk.UpToDate);
    const someonePrimary =
      this.role === Role.Primary || device.peerDevices.some(({ connection }) => connection.peerRole === Role.Primary);
    if (
      !peerIsCurrent &&
      device.exposedUuid !== 0n &&
      someonePrimary &&
      !sameGeneration(device.exposedUuid, superblock.currentUuid)
    ) {
      return done(ERR.ERR_DATA_NOT_CURRENT);
    }
    const attaching = this.states.make((view) => (view.device === device ? { disk: Disk.Attaching } : null), 'soft');
    if (attaching < SS.SS_SUCCESS) return done(attaching);

    device.disk = disk;
    disk.onMetadataError = (error) => device.localIoFailed('metadata', error);
    device.watchDisk(disk);
    device.startActivityLog();
    const { flags } = superblock;
    device.crashedPrimary =
      (flags & MdFlag.crashedPrimary) !== 0 || ((flags & MdFlag.primaryInd) !== 0 && this.role !== Role.Primary);
    disk.update({
      nodeId: this.nodeId,
      alNrExtents: device.activityLog?.slotCount ?? superblock.alNrExtents,
      currentUuid: withPrimaryBit(superblock.currentUuid, this.role === Role.Primary),
    });
    for (const { connection, bitmap } of device.peerDevices) {
      const peer = disk.peer(connection.peerNodeId);
      if (bitmap === null) this.log('warn', device.subject, `no bitmap slot is free for node ${connection.peerNodeId}`);
      else if ((peer.flags & PeerMdFlag.fullSync) !== 0) bitmap.setAll();
    }
    if (device.crashedPrimary && (flags & MdFlag.alDisabled) !== 0) for (const bitmap of disk.bitmaps) bitmap.setAll();
    device.exposedUuid = superblock.currentUuid;
    if (size !== device.sizeSectors || size !== agreed) {
      fitDevice(device, { sizeOf: () => size, newArea: 'out-of-sync', place: 'stays' }, () => undefined);
    }
    // Never in use before: nobody has any of its blocks.
    if (agreed === 0) for (const bitmap of disk.bitmaps) bitmap.setAll();

    const peerOutdated = device.peerDevices.some(
      ({ connection }) => (disk.peer(connection.peerNodeId).flags & PeerMdFlag.outdated) !== 0,
    );
    const mayBeUpToDate =
      peerOutdated || device.peerDevices.every(({ connection }) => connection.net.fencing === 'dont-care');
    const ownState = !consistent
      ? Disk.Inconsistent
      : (flags & MdFlag.wasUpToDate) === 0
        ? Disk.Outdated
        : mayBeUpToDate
          ? Disk.UpToDate
          : Disk.Consistent;
    device.stateAfterNegotiation = { disk: ownState, pdsk: peerOutdated ? Disk.Outdated : Disk.DUnknown };
    const negotiates = device.peerDevices.some(({ conn }) => conn >= Conn.Connected);
    this.states.make((view) => {
      if (view.device !== device) return null;
      if (negotiates) return { disk: Disk.Negotiating };
      const pdskOutdated = view.peerDevice?.conn !== undefined && peerOutdated && view.peerDevice.conn < Conn.Connected;
      return pdskOutdated ? { disk: ownState, pdsk: Disk.Outdated } : { disk: ownState };
    }, 'forced');
    // All bits are set: once they are on disk the flag has done its work.
    disk.writeBitmap(null, (ok) => {
      if (!ok) return;
      for (const { connection } of device.peerDevices) {
        const record = disk.peer(connection.peerNodeId);
        if (hasFlags(record.flags, PeerMdFlag.fullSync)) {
          disk.updatePeer(connection.peerNodeId, { flags: withoutFlags(record.flags, PeerMdFlag.fullSync) });
        }
      }
      // What a killed engine wrote may be in the page cache alone, and the peer counts it as stable once both are connected.
      disk.flushData((error) => {
        if (error !== null) device.localIoFailed('write', error);
        device.commitGeneration(() => done(SS.SS_SUCCESS));
      });
    });
  }

  /** A fact: the disk cannot be used any more. */
  loseDisk(device: Device): void {
    const { disk } = device;
    if (disk === null || device.diskState <= Disk.Failed) return;
    this.states.force(device, { disk: Disk.Failed });
    disk.abandon();
    this.dropDisk(device, () => undefined);
  }

  private dropDisk(device: Device, done: () => void): void {
    const { disk, activityLog } = device;
    if (disk === null) return done();
    device.disk = null;
    device.detaching = false;
    device.activityLog = null;
    device.backing = null;
    this.states.force(device, { disk: Disk.Diskless });
    // What waited for the log of this disk goes on without: to the peer, or to an error.
    activityLog?.abandon();
    disk.close(done);
  }

  detach(device: Device, mode: 'graceful' | 'forced', done: Done): void {
    const { disk } = device;
    if (disk === null) return done(SS.SS_NOTHING_TO_DO);
    const alter = (view: { device: Device }) => (view.device === device ? { disk: Disk.Failed } : null);
    const finish = (): void => {
      device.whenDrained(() => {
        disk.writeBitmap(null, () => {
          disk.commit(() => {
            if (device.disk === disk && device.diskState > Disk.Failed) {
              device.detaching = true;
              this.states.force(device, { disk: Disk.Failed });
            }
            disk.abandon();
            this.dropDisk(device, () => done(SS.SS_SUCCESS));
          });
        });
      });
    };
    if (mode === 'forced') return finish();
    const allowed = this.states.check(alter);
    if (allowed < SS.SS_SUCCESS) return done(allowed);
    const peerDevice = device.peerDevices.find(({ conn }) => conn >= Conn.Connected);
    if (peerDevice === undefined) return finish();
    const mask = StateMask.disk;
    const value = packState({ ...NO_STATE, disk: Disk.Failed });
    peerDevice.connection.stateRequests.request(peerDevice, mask, value, (retcode) =>
      retcode < SS.SS_SUCCESS ? done(SS.SS_CW_FAILED_BY_PEER) : finish(),
    );
  }

  // ---- roles ----

  /** Source: behaviour.md 8.4, 3.4. */
  primary(mode: 'plain' | 'forced', done: Done): void {
    this.promote({ mode, triesLeft: PROMOTE_TRIES, waited: false, upgrade: new Set(), ignoresUnfenced: false }, done);
  }

  private promote(attempt: Promotion, done: Done): void {
    if (this.role === Role.Primary) return done(SS.SS_NOTHING_TO_DO);
    const { mode } = attempt;
    const next = { ...attempt, triesLeft: attempt.triesLeft - 1 };
    const alter = ({ device, peerDevice }: VolumeView) => ({
      role: Role.Primary,
      ...(attempt.upgrade.has(device) ? { disk: Disk.UpToDate } : {}),
      ...(attempt.ignoresUnfenced && isUnknown(peerDevice) ? { pdsk: Disk.Outdated } : {}),
    });
    const verdict = this.states.check(alter);
    if (verdict === SS.SS_NO_UP_TO_DATE_DISK && attempt.upgrade.size === 0 && attempt.triesLeft > 0) {
      const below = [...this.devices.values()].filter(
        ({ diskState }) => diskState >= Disk.Inconsistent && diskState < Disk.UpToDate,
      );
      if (mode === 'forced' && below.length > 0) return this.promote({ ...next, upgrade: new Set(below) }, done);
      const consistent = below.filter(({ diskState }) => diskState === Disk.Consistent);
      if (consistent.length > 0 && consistent.length === below.length) {
        return this.fenceForPromotion((outcome) => {
          if (outcome === 'fenced') return this.promote({ ...next, upgrade: new Set(consistent) }, done);
          done(verdict);
        });
      }
    }
    if (verdict === SS.SS_PRIMARY_NOP && attempt.triesLeft > 0) {
      return this.fenceForPromotion((outcome) => {
        if (outcome === 'failed' && mode === 'forced') {
          this.log('warn', this.name, 'Forced into split brain situation!');
          return this.promote({ ...next, ignoresUnfenced: true }, done);
        }
        this.promote(next, done);
      });
    }
    if (verdict === SS.SS_TWO_PRIMARIES && !attempt.waited) {
      // The peer may be gone, or stepping down, and this side not know it yet.
      const waitMs =
        Math.max(...[...this.connections.values()].map(({ net }) => net.pingTimeoutMs)) + TWO_PRIMARIES_RETRY_EXTRA_MS;
      for (const connection of this.connections.values()) if (connection.isUp) connection.ping(() => undefined);
      this.host.after(waitMs, () => this.promote({ ...next, waited: true }, done));
      return;
    }
    if (verdict < SS.SS_SUCCESS) return done(verdict);
    this.askPeers(attempt.upgrade, (retcode) => {
      if (retcode < SS.SS_SUCCESS) return done(retcode);
      const result = this.states.request(alter);
      if (result < SS.SS_SUCCESS) return done(result);
      this.becamePrimary(attempt.upgrade, done);
    });
  }

  /** Asks for every peer that is away; fenced only if all are. */
  private fenceForPromotion(done: (outcome: FenceOutcome) => void): void {
    const away = [...this.connections.values()].filter(
      (connection) => connection.net.fencing !== 'dont-care' && [...connection.peerDevices.values()].some(isUnknown),
    );
    let worst: FenceOutcome = away.length > 0 ? 'fenced' : 'failed';
    let pending = away.length + 1;
    const finished = (outcome: FenceOutcome): void => {
      if (outcome !== 'fenced') worst = outcome;
      if (--pending === 0) done(worst);
    };
    for (const connection of away) fencePeer(connection, finished);
    finished(worst);
  }

  /** Every connected peer must agree, for each volume. */
  private askPeers(upgrade: ReadonlySet<Device>, done: Done): void {
    const asked = [...this.devices.values()].flatMap(({ peerDevices }) =>
      peerDevices.filter(({ conn }) => conn >= Conn.Connected),
    );
    let pending = asked.length + 1;
    let worst: number = SS.SS_SUCCESS;
    const finished = (): void => {
      if (--pending === 0) done(worst);
    };
    for (const peerDevice of asked) {
      const upgrades = upgrade.has(peerDevice.device);
      const mask = StateMask.role | (upgrades ? StateMask.disk : 0);
      const value = packState({ ...NO_STATE, role: Role.Primary, disk: upgrades ? Disk.UpToDate : 0 });
      peerDevice.connection.stateRequests.request(peerDevice, mask, value, (retcode) => {
        if (retcode < SS.SS_SUCCESS) worst = SS.SS_CW_FAILED_BY_PEER;
        finished();
      });
    }
    finished();
  }

  private becamePrimary(upgraded: ReadonlySet<Device>, done: Done): void {
    let pending = this.devices.size + 1;
    const finished = (): void => {
      if (--pending === 0) done(SS.SS_SUCCESS);
    };
    for (const device of this.devices.values()) {
      const { disk } = device;
      for (const { connection } of device.peerDevices) connection.discardMyData = false;
      const connected = device.peerDevices.filter(({ conn }) => conn >= Conn.Connected);
      if (disk === null) {
        for (const peerDevice of connected) peerDevice.sendState();
        finished();
        continue;
      }
      const alone = device.peerDevices.some(
        ({ conn, pdsk, bitmapUuid }) => (conn < Conn.Connected || pdsk <= Disk.Failed) && bitmapUuid === 0n,
      );
      const isNew = alone || upgraded.has(device);
      if (upgraded.has(device)) this.log('warn', device.subject, 'Forced to consider local data as UpToDate!');
      if (isNew) device.newCurrentUuid();
      disk.update({ currentUuid: withPrimaryBit(disk.superblock.currentUuid, true) });
      device.exposedUuid = disk.superblock.currentUuid;
      for (const peerDevice of connected) {
        if (isNew) peerDevice.sendUuids(0n);
        peerDevice.sendState();
      }
      device.commitGeneration(finished);
    }
    finished();
  }

  secondary(mode: 'plain' | 'forced', done: Done): void {
    if (this.role === Role.Secondary) return done(SS.SS_NOTHING_TO_DO);
    const alter = () => ({ role: Role.Secondary });
    const verdict = this.states.check(alter);
    if (verdict < SS.SS_SUCCESS && mode === 'plain') return done(verdict);
    // What was written must be stable on the peer before the role goes: a Secondary that loses its peer begins no new
    // generation, so nothing would tell later that the peer lacks these blocks.
    // Forced, while I/O is held: nobody will let it go.
    if (mode === 'forced') {
      for (const device of this.devices.values())
        if (this.isSuspended || device.suspendedByUser) device.writes.failHeld();
    }
    this.demoting = true;
    const finish = (code: number): void => {
      this.demoting = false;
      for (const device of this.devices.values()) device.resumeIo();
      done(code);
    };
    forEach(
      this.devices.values(),
      (device, next) => device.whenDrained(() => device.flush(next)),
      () => {
        const result = this.states.make(alter, mode === 'forced' ? 'forced' : 'soft');
        if (result < SS.SS_SUCCESS) return finish(result);
        const written = (device: Device, next: () => void): void => {
          const { disk } = device;
          if (disk === null) return next();
          disk.update({ currentUuid: withPrimaryBit(disk.superblock.currentUuid, false) });
          disk.writeBitmap(null, () => disk.commit(next));
        };
        forEach(this.devices.values(), written, () => finish(SS.SS_SUCCESS));
      },
    );
  }

  // ---- connections ----

  /** Source: wire.md 10.4, behaviour.md 2.8. */
  disconnect(connection: Connection, mode: 'graceful' | 'forced', done: Done): void {
    if (connection.conn === Conn.StandAlone) return done(SS.SS_ALREADY_STANDALONE);
    if (mode === 'forced' || connection.conn < Conn.WFReportParams || !connection.isUp) {
      connection.disconnectHard();
      return done(SS.SS_SUCCESS);
    }
    const verdict = this.states.check(
      (view) => (view.peerDevice?.connection === connection ? { conn: Conn.Disconnecting } : null),
      { connection, conn: Conn.Disconnecting },
    );
    if (verdict < SS.SS_SUCCESS && verdict !== SS.SS_PRIMARY_NOP) return done(verdict);
    const leave = (retcode: number): void => {
      if (retcode < SS.SS_SUCCESS) return done(retcode);
      connection.disconnectHard();
      done(SS.SS_SUCCESS);
    };
    const disconnecting = packState({ ...NO_STATE, conn: Conn.Disconnecting });
    if (verdict === SS.SS_PRIMARY_NOP) {
      const value = disconnecting | packState({ ...NO_STATE, pdsk: Disk.Outdated });
      connection.stateRequests.request('connection', StateMask.conn | StateMask.pdsk, value, (retcode) => {
        if (retcode >= SS.SS_SUCCESS) {
          this.states.make(
            (view) =>
              view.peerDevice?.connection === connection ? { conn: Conn.Disconnecting, pdsk: Disk.Outdated } : null,
            'forced',
            { connection, conn: Conn.Disconnecting },
          );
        }
        leave(retcode < SS.SS_SUCCESS ? SS.SS_CW_FAILED_BY_PEER : retcode);
      });
      return;
    }
    connection.stateRequests.request('connection', StateMask.conn, disconnecting, (retcode) => {
      if (retcode >= SS.SS_SUCCESS) return leave(retcode);
      // The peer is Primary and would lose good data: offer to be outdated.
      const value = disconnecting | packState({ ...NO_STATE, disk: Disk.Outdated });
      connection.stateRequests.request('connection', StateMask.conn | StateMask.disk, value, (second) => {
        if (second >= SS.SS_SUCCESS) {
          this.states.make(
            (view) =>
              view.peerDevice?.connection === connection && view.device.disk !== null ? { disk: Disk.Outdated } : null,
            'forced',
            { connection, conn: Conn.Disconnecting },
          );
        }
        leave(second < SS.SS_SUCCESS ? SS.SS_CW_FAILED_BY_PEER : second);
      });
    });
  }

  // ---- resync ----

  /** Source: behaviour.md 7.8. */
  invalidate(device: Device, done: Done): void {
    const peerDevice = device.peerDevices.find(({ conn }) => conn >= Conn.Connected);
    if (peerDevice !== undefined) return this.fullSync(peerDevice, Conn.StartingSyncT, done);
    if (device.disk === null) return done(ERR.ERR_NO_DISK);
    const verdict = this.states.request((view) =>
      view.device === device && this.role === Role.Secondary ? { disk: Disk.Inconsistent } : null,
    );
    if (this.role === Role.Primary) return done(SS.SS_NO_UP_TO_DATE_DISK);
    if (verdict < SS.SS_SUCCESS) return done(verdict);
    for (const bitmap of device.disk.bitmaps) bitmap.setAll();
    device.disk.writeBitmap(null, () => device.commitGeneration(() => done(SS.SS_SUCCESS)));
  }

  invalidateRemote(peerDevice: PeerDevice, done: Done): void {
    if (peerDevice.conn < Conn.Connected && (this.role !== Role.Primary || peerDevice.device.disk === null))
      return done(SS.SS_NEED_CONNECTION);
    if (peerDevice.conn < Conn.Connected) {
      // The data is here: the peer will get all of it when it comes.
      const verdict = this.states.force(peerDevice, { pdsk: Disk.Inconsistent });
      if (verdict < SS.SS_SUCCESS) return done(verdict);
      return peerDevice.setAllOutOfSync(() => done(SS.SS_SUCCESS));
    }
    this.fullSync(peerDevice, Conn.StartingSyncS, done);
  }

  private fullSync(peerDevice: PeerDevice, conn: number, done: Done): void {
    const alter = (view: { peerDevice: PeerDevice | null }) => (view.peerDevice === peerDevice ? { conn } : null);
    const verdict = this.states.check(alter);
    if (verdict < SS.SS_SUCCESS) return done(verdict);
    peerDevice.connection.stateRequests.request(
      peerDevice,
      StateMask.conn,
      packState({ ...NO_STATE, conn }),
      (retcode) => {
        if (retcode < SS.SS_SUCCESS) return done(SS.SS_CW_FAILED_BY_PEER);
        done(this.states.request(alter));
      },
    );
  }

  setPause(peerDevice: PeerDevice, paused: boolean): number {
    if (peerDevice.userIsp === paused) return paused ? ERR.ERR_PAUSE_IS_SET : stillPausedBy(peerDevice);
    return this.states.force(peerDevice, { userIsp: paused });
  }

  outdate(device: Device): number {
    return this.states.request((view) => (view.device === device ? { disk: Disk.Outdated } : null));
  }

  /** Source: behaviour.md 3.9. */
  newCurrentUuid(device: Device, mode: 'keep-bitmap' | 'clear-bitmap', done: Done): void {
    const { disk } = device;
    if (disk === null) return done(ERR.ERR_NO_DISK);
    const connected = device.peerDevices.filter(({ conn }) => conn >= Conn.Connected);
    const skips = connected.length > 0;
    if (skips && !(mode === 'clear-bitmap' && disk.superblock.currentUuid === JUST_CREATED))
      return done(ERR.ERR_CONNECTED);
    for (const peerDevice of device.peerDevices) peerDevice.setUuids(clearBitmapUuid(peerDevice.uuids));
    if (skips) this.log('info', device.subject, 'Preparing to skip initial sync');
    device.newCurrentUuid();
    if (mode === 'clear-bitmap') for (const bitmap of disk.bitmaps) bitmap.clearAll();
    if (skips) {
      for (const peerDevice of connected) {
        peerDevice.sendUuids(UuidFlag.SKIP_INITIAL_SYNC);
        disk.updatePeer(peerDevice.connection.peerNodeId, { bitmapUuid: 0n });
        // The peer takes it over without an answer: what it said before is not true any more.
        if (peerDevice.peerUuids !== null)
          peerDevice.peerUuids = { ...peerDevice.peerUuids, ...peerDevice.uuids, dirtyBits: 0 };
        this.states.force(peerDevice, { disk: Disk.UpToDate, pdsk: Disk.UpToDate });
      }
    }
    disk.writeBitmap(null, () => device.commitGeneration(() => done(ERR.NO_ERROR)));
  }
}

/** As if `gone` were not there. Source: behaviour.md 10.3. */
function upToDateNodes(resource: Resource, gone?: Connection): number {
  const devices = [...resource.devices.values()];
  let nodes = devices.every(({ diskState }) => diskState === Disk.UpToDate) ? 1 << resource.nodeId : 0;
  for (const connection of resource.connections.values()) {
    const copies = [...connection.peerDevices.values()];
    const current = copies.length > 0 && copies.every(({ pdsk }) => pdsk === Disk.UpToDate);
    if (connection !== gone && current) nodes |= 1 << connection.peerNodeId;
  }
  return nodes >>> 0;
}

/** Nobody here paused it. Something else may have. */
function stillPausedBy({ aftrIsp, peerIsp }: PeerDevice): number {
  if (aftrIsp) return ERR.ERR_PIC_AFTER_DEP;
  return peerIsp ? ERR.ERR_PIC_PEER_DEP : ERR.ERR_PAUSE_IS_CLEAR;
}

/** Starts `step` for every item; `done` runs when each has called `next`. */
function forEach<T>(items: Iterable<T>, step: (item: T, next: () => void) => void, done: () => void): void {
  const list = [...items];
  let pending = list.length + 1;
  const next = (): void => {
    if (--pending === 0) done();
  };
  for (const item of list) step(item, next);
  next();
}
