/**
 * One peer node: the link to it, what was agreed with it, and the dispatch of its packets.
 *
 * Life: StandAlone - connect - Unconnected - WFConnection - linked - features - [auth] - WFReportParams - Connected.
 * A lost link leads back to Unconnected and to looking for a link again; a refusal leads to StandAlone.
 *
 * Source: wire.md 1, 3 to 6, 10, 11; behaviour.md 2.3 to 2.8.
 */
import {
  CHALLENGE_BYTES,
  Conn,
  ConnFlag,
  Disk,
  FEATURES_ALL,
  Feature,
  ID_SYNCER,
  PROTOCOL_MAX,
  PROTOCOL_MIN,
  Role,
  StateMask,
  StateResult as SS,
  conns,
  equalBytes,
  isReflected,
  maxBioSizeBytes,
  mirrorAfterSb,
  negotiate,
  packState,
  stateResults,
  unpackState,
  type BlockAck,
  type FeaturesPacket,
  type Packet,
  type ProtocolPacket,
  type SocketKind,
  type StateChangeRequest,
} from '../../wire';
import type { Digest, LinkFinder, LogLevel, PeerLink, Timer } from '../host';
import { netOptions, type NetOptions, type OptionValues } from '../options';
import type { PeerDevice } from '../peer-device/peer-device';
import { receiveSizes } from '../peer-device/receive-sizes';
import { receiveState } from '../peer-device/receive-state';
import { receiveUuids } from '../peer-device/receive-uuids';
import type { ReadRequest } from '../request/application-reads';
import type { WriteLeg } from '../request/application-writes';
import type { Resource } from '../resource/resource';
import { ReceiveEpochs } from './receive-epochs';
import { SendEpochs } from './send-epochs';

type Phase = 'down' | 'features' | 'auth' | 'parameters' | 'up';

/** Pause after a handshake that failed (wire 1.7). */
const RETRY_MS = 1000;
const IDLE_BARRIER_MS = 10;
const REQUEST_CHECK_MS = 1000;

export class Connection {
  conn: number = Conn.StandAlone;
  peerRole: number = Role.Unknown;
  net: NetOptions = netOptions({});
  netValues: OptionValues = {};
  version: number = PROTOCOL_MIN;
  featureFlags = 0;
  resolvesConflicts = false;
  /** `connect --discard-my-data`: for one connect. */
  discardMyData = false;
  /** `connect --tentative`, here or at the peer. */
  dryRun = false;
  /** Counts links: an answer belongs to the link that asked. */
  session = 0;
  sendDigest: Digest | null = null;
  receiveDigest: Digest | null = null;
  csumsDigest: Digest | null = null;
  sendEpochs: SendEpochs;
  receiveEpochs: ReceiveEpochs;
  readonly pendingWrites = new Map<number, WriteLeg>();
  readonly pendingReads = new Map<number, { readonly request: ReadRequest; readonly peerDevice: PeerDevice }>();
  readonly peerDevices = new Map<number, PeerDevice>();
  finder: LinkFinder | null = null;
  private link: PeerLink | null = null;
  private phase: Phase = 'down';
  private blockId = 1;
  private challenge: Uint8Array | null = null;
  private handshakeTimer: Timer | null = null;
  private retryTimer: Timer | null = null;
  private pingTimer: Timer | null = null;
  private pingAckTimer: Timer | null = null;
  private barrierTimer: Timer | null = null;
  private checkTimer: Timer | null = null;
  private lastReceivedMs = 0;
  private pingWaiters: (() => void)[] = [];
  private pingsOutstanding = 0;
  /** Requests to the peer and their answers, one at a time per volume (0x12) or connection (0x2a). */
  private stateRequests = new Map<number | 'connection', (retcode: number) => void>();
  /** A P_SYNC_UUID that came before this side is ready for it. */
  private earlySyncUuids = new Map<PeerDevice, bigint>();
  private announcedDisconnect = false;

  constructor(
    readonly resource: Resource,
    readonly peerNodeId: number,
    readonly name: string,
  ) {
    this.sendEpochs = this.newSendEpochs(1);
    this.receiveEpochs = this.newReceiveEpochs();
  }

  get host() {
    return this.resource.host;
  }

  log(level: LogLevel, text: string): void {
    this.resource.log(level, `${this.resource.name} ${this.name}`, text);
  }

  hasFeature(flag: number): boolean {
    return (this.featureFlags & flag) !== 0;
  }
  get hasQueueLimits(): boolean {
    return this.hasFeature(Feature.WSAME);
  }
  get hasWriteZeroes(): boolean {
    return this.hasFeature(Feature.WZEROES) && this.net.dataIntegrityAlg === '';
  }
  get maxBioBytes(): number {
    return maxBioSizeBytes(this.version);
  }
  get isUp(): boolean {
    return this.phase === 'up';
  }
  get isEstablishedLink(): boolean {
    return this.link !== null;
  }

  nextBlockId(): number {
    return this.blockId++;
  }

  sendData(packet: Packet): void {
    this.link?.send('data', packet);
  }
  sendMeta(packet: Packet): void {
    this.link?.send('meta', packet);
  }

  setNetOptions(values: OptionValues): void {
    this.netValues = values;
    this.net = netOptions(values);
    this.sendDigest = this.net.dataIntegrityAlg === '' ? null : this.host.digest(this.net.dataIntegrityAlg);
    this.receiveDigest = this.sendDigest;
    this.csumsDigest = this.net.csumsAlg === '' ? null : this.host.digest(this.net.csumsAlg);
  }

  // ---- looking for a link ----

  /** The administrator's connect. */
  connect(): number {
    if (this.conn !== Conn.StandAlone) return SS.SS_NOTHING_TO_DO;
    this.setConn(Conn.Unconnected);
    this.look();
    return SS.SS_SUCCESS;
  }

  linked(link: PeerLink): void {
    if (this.conn !== Conn.WFConnection || this.link !== null) {
      link.close();
      return;
    }
    this.link = link;
    this.session++;
    this.phase = 'features';
    this.resolvesConflicts = link.acceptedMeta;
    this.version = PROTOCOL_MIN;
    this.featureFlags = 0;
    this.announcedDisconnect = false;
    this.lastReceivedMs = this.host.nowMs();
    const { session } = this;
    const mine = (run: () => void): void => {
      if (session === this.session && this.link === link) run();
    };
    link.listen({
      packet: (socket, packet) => mine(() => this.packet(socket, packet)),
      closed: (reason, text) => mine(() => this.linkClosed(reason, text)),
      drained: () => undefined,
    });
    this.handshakeTimer = this.host.after(4 * this.net.pingTimeoutMs, () => {
      if (this.phase === 'features' || this.phase === 'auth')
        this.lost(Conn.NetworkFailure, 'handshake timed out', 'pause');
    });
    this.sendData({ kind: 'ConnectionFeatures', volume: 0, ...OFFER });
  }

  private look(): void {
    this.setConn(Conn.WFConnection);
    this.finder?.start();
  }

  private setConn(conn: number): void {
    this.resource.states.make(() => null, 'forced', { connection: this, conn });
  }

  // ---- handshake ----

  private packet(socket: SocketKind, packet: Packet): void {
    this.lastReceivedMs = this.host.nowMs();
    const ok =
      this.phase === 'up' ? this.dispatch(packet) : socket === 'meta' ? this.early(packet) : this.handshake(packet);
    if (!ok && this.link !== null) this.lost(Conn.ProtocolError, `unexpected ${packet.kind} packet`, 'pause');
  }

  /** The control socket may speak before the data socket's handshake is over. */
  private early(packet: Packet): boolean {
    if (packet.kind === 'Ping') this.sendMeta({ kind: 'PingAck', volume: 0 });
    return packet.kind === 'Ping' || packet.kind === 'PingAck';
  }

  private handshake(packet: Packet): boolean {
    switch (packet.kind) {
      case 'ConnectionFeatures':
        return this.phase === 'features' && this.features(packet);
      case 'AuthChallenge':
        return this.phase === 'auth' && this.authChallenge(packet.bytes);
      case 'AuthResponse':
        return this.phase === 'auth' && this.authResponse(packet.bytes);
      case 'Protocol':
        if (this.phase === 'auth') {
          this.refuse('expected AuthChallenge packet, received: P_PROTOCOL');
          return true;
        }
        return this.phase === 'parameters' && this.protocol(packet);
      default:
        return false;
    }
  }

  private features(packet: FeaturesPacket): boolean {
    const agreement = negotiate({ kind: 'ConnectionFeatures', volume: 0, ...OFFER }, packet);
    if ('message' in agreement) {
      this.refuse(agreement.message);
      return true;
    }
    this.version = agreement.version;
    this.featureFlags = agreement.featureFlags;
    this.link?.agree(agreement.version, agreement.featureFlags);
    this.log('info', `Handshake successful: Agreed network protocol version ${this.version}`);
    if (this.net.cramHmacAlg !== '') {
      this.phase = 'auth';
      this.challenge = this.host.randomBytes(CHALLENGE_BYTES);
      this.sendData({ kind: 'AuthChallenge', volume: 0, bytes: this.challenge });
    } else this.exchangeParameters();
    return true;
  }

  private authChallenge(bytes: Uint8Array): boolean {
    if (this.challenge === null || bytes.length < CHALLENGE_BYTES || bytes.length > 2 * CHALLENGE_BYTES) {
      this.refuse('AuthChallenge payload of wrong size');
      return true;
    }
    if (isReflected(this.challenge, bytes)) {
      this.refuse('Peer presented the same challenge!');
      return true;
    }
    const response = this.host.hmac(this.net.cramHmacAlg, this.net.sharedSecret, bytes);
    if (response === null) this.refuse(`cram-hmac-alg ${this.net.cramHmacAlg} is not known here`);
    else this.sendData({ kind: 'AuthResponse', volume: 0, bytes: response });
    return true;
  }

  private authResponse(bytes: Uint8Array): boolean {
    const expected =
      this.challenge === null ? null : this.host.hmac(this.net.cramHmacAlg, this.net.sharedSecret, this.challenge);
    if (expected === null || !equalBytes(bytes, expected)) {
      this.refuse('Authentication of peer failed');
      return true;
    }
    this.log('info', `Peer authenticated using ${expected.length} bytes HMAC`);
    this.exchangeParameters();
    return true;
  }

  private exchangeParameters(): void {
    const { net } = this;
    this.phase = 'parameters';
    this.sendEpochs = this.newSendEpochs(1 + Math.floor(this.host.randomFraction() * 0x7fffffff));
    this.receiveEpochs = this.newReceiveEpochs();
    this.sendData({
      kind: 'Protocol',
      volume: 0,
      protocol: net.protocol,
      afterSb0Pri: net.afterSb0Pri,
      afterSb1Pri: net.afterSb1Pri,
      afterSb2Pri: net.afterSb2Pri,
      connFlags: (this.discardMyData ? ConnFlag.DISCARD_MY_DATA : 0) | (this.dryRun ? ConnFlag.DRY_RUN : 0),
      twoPrimaries: net.allowTwoPrimaries ? 1 : 0,
      integrityAlg: net.dataIntegrityAlg,
    });
    const volumes = [...this.peerDevices.values()].sort((a, b) => a.device.volume - b.device.volume);
    for (const peerDevice of volumes) peerDevice.sendInitialPackets();
    this.setConn(Conn.WFReportParams);
  }

  private protocol(packet: ProtocolPacket): boolean {
    const { net } = this;
    const mismatch =
      packet.protocol !== net.protocol
        ? 'protocol'
        : mirrorAfterSb(packet.afterSb0Pri) !== net.afterSb0Pri
          ? 'after-sb-0pri'
          : mirrorAfterSb(packet.afterSb1Pri) !== net.afterSb1Pri
            ? 'after-sb-1pri'
            : mirrorAfterSb(packet.afterSb2Pri) !== net.afterSb2Pri
              ? 'after-sb-2pri'
              : (packet.twoPrimaries !== 0) !== net.allowTwoPrimaries
                ? 'allow-two-primaries'
                : packet.integrityAlg !== net.dataIntegrityAlg
                  ? 'data-integrity-alg'
                  : null;
    if (mismatch !== null) {
      this.refuse(`incompatible ${mismatch} settings`);
      return true;
    }
    if ((packet.connFlags & ConnFlag.DRY_RUN) !== 0) this.dryRun = true;
    // The link splits digests from payloads from the packet after P_PROTOCOL on.
    const digestBytes = this.sendDigest?.sizeBytes ?? 0;
    this.link?.setIntegrityDigestSizes(digestBytes, digestBytes);
    this.phase = 'up';
    this.handshakeTimer?.cancel();
    this.schedulePing();
    this.checkTimer = this.host.after(REQUEST_CHECK_MS, () => this.checkRequests());
    this.resource.changed();
    return true;
  }

  // ---- dispatch ----

  /** False: the packet breaks the protocol. */
  private dispatch(packet: Packet): boolean {
    switch (packet.kind) {
      case 'Ping':
        this.sendMeta({ kind: 'PingAck', volume: 0 });
        return true;
      case 'PingAck':
        this.gotPingAck();
        return true;
      case 'Barrier':
        this.receiveEpochs.barrier(packet.barrier);
        return true;
      case 'BarrierAck':
        return this.barrierAck(packet.barrier, packet.setSize);
      case 'UnplugRemote':
        this.receiveEpochs.hurry();
        return true;
      case 'DelayProbe':
        return true;
      case 'ConnStChgReq':
        this.peerRequestsConnState(packet);
        return true;
      case 'StateChgReply':
        return this.stateReply(packet.volume, packet.retcode);
      case 'ConnStChgReply':
        return this.stateReply('connection', packet.retcode);
      case 'ProtocolUpdate':
        this.setNetOptions(this.netValues);
        return true;
      default:
        return this.dispatchToVolume(packet);
    }
  }

  private dispatchToVolume(packet: Packet): boolean {
    const peerDevice = this.peerDevices.get(packet.volume);
    if (peerDevice === undefined) {
      this.log('warn', `${packet.kind} for volume ${packet.volume}, which is not configured here`);
      return IGNORED_ON_UNKNOWN_VOLUME.has(packet.kind);
    }
    switch (packet.kind) {
      case 'Data':
        if (!this.digestMatches(packet.digest, packet.payload)) return false;
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
        return this.writeAck(peerDevice, packet);
      case 'DataRequest':
        return peerDevice.requests.read(packet);
      case 'DataReply': {
        const pending = this.pendingReads.get(Number(packet.blockId));
        if (pending === undefined || pending.request.into.length !== packet.sizeBytes) return false;
        if (!this.digestMatches(packet.digest, packet.payload)) return false;
        this.pendingReads.delete(Number(packet.blockId));
        peerDevice.stats.receivedSectors += packet.sizeBytes / 512;
        peerDevice.device.reads.replied(pending.request, packet.payload);
        return true;
      }
      case 'NegDReply': {
        const pending = this.pendingReads.get(Number(packet.blockId));
        if (pending === undefined) return false;
        this.pendingReads.delete(Number(packet.blockId));
        pending.request.peersRefused++;
        peerDevice.device.reads.route(pending.request);
        return true;
      }
      case 'RsDataRequest':
      case 'RsThinReq':
      case 'CsumRsRequest':
        return peerDevice.resyncSource.requested(packet);
      case 'RsDataReply':
        if (!this.digestMatches(packet.digest, packet.payload)) return false;
        peerDevice.resyncTarget.dataArrived(packet);
        return true;
      case 'RsDeallocated':
        peerDevice.resyncTarget.deallocated(packet.sector, packet.sizeBytes);
        return true;
      case 'RsIsInSync':
        peerDevice.resyncTarget.isInSync(packet.sector, packet.sizeBytes);
        return true;
      case 'NegRsDReply':
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
        this.syncUuid(peerDevice, packet.uuid);
        return true;
      case 'SyncParam':
      case 'SyncParam89':
        return this.syncParam(peerDevice, packet.verifyAlg, packet.csumsAlg);
      case 'Sizes':
        receiveSizes(peerDevice, packet);
        return true;
      case 'Uuids':
        receiveUuids(peerDevice, packet);
        return true;
      case 'State':
        receiveState(peerDevice, unpackState(packet.state));
        return true;
      case 'StateChgReq':
        this.peerRequestsState(peerDevice, packet);
        return true;
      default:
        return false;
    }
  }

  private digestMatches(digest: Uint8Array | undefined, payload: readonly Uint8Array[]): boolean {
    if (this.receiveDigest === null) return true;
    if (digest !== undefined && equalBytes(digest, this.receiveDigest.of(payload))) return true;
    this.log('error', 'Digest integrity check FAILED');
    return false;
  }

  private syncParam(peerDevice: PeerDevice, verifyAlg: string, csumsAlg: string): boolean {
    if (peerDevice.conn !== Conn.WFReportParams) return true;
    const different =
      verifyAlg !== this.net.verifyAlg ? 'verify-alg' : csumsAlg !== this.net.csumsAlg ? 'csums-alg' : null;
    if (different !== null) this.refuse(`incompatible ${different} settings`);
    return true;
  }

  // ---- writes and their acknowledgements ----

  private writeAck(peerDevice: PeerDevice, packet: BlockAck): boolean {
    if (packet.blockId === ID_SYNCER) {
      if (packet.kind === 'RsWriteAck') peerDevice.resyncSource.written(packet.sector, packet.sizeBytes);
      else if (packet.kind === 'NegAck') peerDevice.resyncSource.failed(packet.sector, packet.sizeBytes);
      else return false;
      return true;
    }
    const leg = this.pendingWrites.get(Number(packet.blockId));
    const { writes } = peerDevice.device;
    if (leg === undefined || leg.request.sector !== packet.sector) {
      // Protocol A and B forget a write before the peer can say that it failed.
      if (packet.kind !== 'NegAck') return false;
      peerDevice.setOutOfSync(packet.sector, packet.sizeBytes);
      return true;
    }
    switch (packet.kind) {
      case 'RecvAck':
        if (this.net.protocol === 2) writes.legAcked(leg, 'received');
        return true;
      case 'RsWriteAck':
        this.pendingWrites.delete(Number(packet.blockId));
        writes.legAcked(leg, 'written-in-sync');
        return true;
      case 'NegAck':
        this.pendingWrites.delete(Number(packet.blockId));
        writes.legRefused(leg);
        return true;
      default:
        this.pendingWrites.delete(Number(packet.blockId));
        writes.legAcked(leg, 'written');
        return true;
    }
  }

  private barrierAck(barrier: number, setSize: number): boolean {
    const epoch = this.sendEpochs.acknowledged(barrier, setSize);
    if (epoch === null) {
      this.log('error', `BAD! BarrierAck #${barrier} received, ${setSize} writes, which is not the oldest open epoch`);
      return false;
    }
    for (const leg of epoch.legs) leg.peerDevice.device.writes.legStable(leg);
    for (const waiter of epoch.waiters) waiter();
    return true;
  }

  /** True: `done` runs once everything sent is stable on the peer, or the peer is gone. */
  whenPeerStable(done: () => void): boolean {
    if (!this.isUp) return false;
    if (!this.sendEpochs.whenStable(done)) return false;
    // Asks the peer not to wait for more before it flushes.
    this.sendData({ kind: 'UnplugRemote', volume: 0 });
    return true;
  }

  private newSendEpochs(firstNumber: number): SendEpochs {
    return new SendEpochs(
      this.net.maxEpochSize,
      {
        sendBarrier: (barrier) => this.sendData({ kind: 'Barrier', volume: 0, barrier }),
        nowMs: () => this.host.nowMs(),
        scheduleIdle: () => {
          this.barrierTimer ??= this.host.after(IDLE_BARRIER_MS, () => {
            this.barrierTimer = null;
            this.sendEpochs.idle();
          });
        },
      },
      firstNumber,
    );
  }

  private newReceiveEpochs(): ReceiveEpochs {
    return new ReceiveEpochs({
      flush: (done) => {
        const disks = [...this.peerDevices.values()].filter(
          ({ device }) => device.disk !== null && device.diskOptions.diskFlushes,
        );
        let pending = disks.length + 1;
        const finished = (): void => {
          if (--pending === 0) done();
        };
        for (const { device } of disks) {
          device.disk?.flushData((error) => {
            if (error !== null) device.localIoFailed('write', error);
            finished();
          });
        }
        finished();
      },
      acknowledge: (barrier, setSize) => this.sendMeta({ kind: 'BarrierAck', volume: 0, barrier, setSize }),
      after: (delayMs, run) => this.host.after(delayMs, run),
    });
  }

  // ---- state requests ----

  /** Asks the peer to agree. `done` gets an SS_* code; a peer that goes away agrees by going. */
  requestState(scope: PeerDevice | 'connection', mask: number, value: number, done: (retcode: number) => void): void {
    const key = scope === 'connection' ? 'connection' : scope.device.volume;
    if (this.stateRequests.has(key)) return done(SS.SS_CONCURRENT_ST_CHG);
    this.stateRequests.set(key, (retcode) => {
      this.stateRequests.delete(key);
      done(retcode);
    });
    const connectionWide = scope === 'connection' && this.version >= 100;
    this.sendData({
      kind: connectionWide ? 'ConnStChgReq' : 'StateChgReq',
      volume: scope === 'connection' ? 0 : scope.device.volume,
      mask,
      value,
    });
  }

  private stateReply(key: number | 'connection', retcode: number): boolean {
    const waiter = this.stateRequests.get(key);
    if (waiter === undefined) return false;
    waiter(retcode);
    return true;
  }

  private peerRequestsState(peerDevice: PeerDevice, packet: StateChangeRequest): void {
    const reply = (retcode: number): void => this.sendMeta({ kind: 'StateChgReply', volume: packet.volume, retcode });
    if (this.resolvesConflicts && this.stateRequests.has(peerDevice.device.volume))
      return reply(SS.SS_CONCURRENT_ST_CHG);
    const mask = translate(packet.mask);
    const value = translate(packet.value);
    const retcode = this.resource.states.request((view, before) =>
      view.peerDevice === peerDevice ? overlay(before, mask, value) : null,
    );
    if (retcode < SS.SS_SUCCESS) this.log('info', `refused the peer's state change: ${stateResults.name(retcode)}`);
    reply(retcode);
  }

  private peerRequestsConnState(packet: StateChangeRequest): void {
    const reply = (retcode: number): void => this.sendMeta({ kind: 'ConnStChgReply', volume: packet.volume, retcode });
    if (this.resolvesConflicts && this.stateRequests.has('connection')) return reply(SS.SS_CONCURRENT_ST_CHG);
    const mask = translate(packet.mask);
    const value = translate(packet.value);
    const { conn } = unpackState(value);
    const retcode = this.resource.states.request(
      (view, before) => (view.peerDevice?.connection === this ? overlay(before, mask, value) : null),
      { connection: this, conn },
    );
    reply(retcode);
    if (retcode >= SS.SS_SUCCESS && conn === Conn.TearDown) {
      this.announcedDisconnect = true;
      this.lost(Conn.TearDown, 'the peer disconnects', 'pause');
    }
  }

  private syncUuid(peerDevice: PeerDevice, uuid: bigint): void {
    if (peerDevice.conn !== Conn.WFSyncUUID && peerDevice.conn !== Conn.Behind) {
      this.earlySyncUuids.set(peerDevice, uuid);
      return;
    }
    const { device } = peerDevice;
    const { resource } = this;
    resource.runHandler('before-resync-target', { peerDevice }, (exitCode) => {
      if (peerDevice.conn !== Conn.WFSyncUUID && peerDevice.conn !== Conn.Behind) return;
      if (exitCode > 0) return this.disconnectHard('before-resync-target said no');
      // Every bit must be on disk before its block can be written and acknowledged: once the source has cleared its bit,
      // this one is all that tells of a block that a power cut takes away again.
      device.disk?.writeBitmap(null, (ok) => {
        if (!ok || (peerDevice.conn !== Conn.WFSyncUUID && peerDevice.conn !== Conn.Behind)) return;
        const current = resource.role === Role.Primary ? uuid | 1n : uuid;
        peerDevice.setUuids({ ...peerDevice.uuids, current, bitmap: 0n });
        device.commitGeneration();
        resource.states.force(peerDevice, { conn: Conn.SyncTarget, disk: Disk.Inconsistent, pdsk: Disk.UpToDate });
      });
    });
  }

  /** After state changes: what came too early may fit now. */
  takeEarlySyncUuids(): void {
    for (const [peerDevice, uuid] of this.earlySyncUuids) {
      if (peerDevice.conn !== Conn.WFSyncUUID && peerDevice.conn !== Conn.Behind) continue;
      this.earlySyncUuids.delete(peerDevice);
      this.syncUuid(peerDevice, uuid);
    }
  }

  // ---- keepalive ----

  /** Runs `done` once all that was sent before has been seen by the peer; never, if the link dies first. */
  ping(done: () => void): void {
    this.pingWaiters.push(done);
    this.sendPing();
  }

  private sendPing(): void {
    this.pingsOutstanding++;
    this.sendMeta({ kind: 'Ping', volume: 0 });
    if (this.pingAckTimer !== null) return;
    const sentMs = this.host.nowMs();
    this.pingAckTimer = this.host.after(this.net.pingTimeoutMs, () => this.pingTimedOut(sentMs));
  }

  private pingTimedOut(sentMs: number): void {
    this.pingAckTimer = null;
    if (this.lastReceivedMs > sentMs) {
      // Something is coming in: the peer lives, its answer is only late.
      const again = this.host.nowMs();
      this.pingAckTimer = this.host.after(this.net.pingTimeoutMs, () => this.pingTimedOut(again));
      return;
    }
    this.lost(Conn.NetworkFailure, 'PingAck did not arrive in time.', 'at-once');
  }

  private gotPingAck(): void {
    this.pingsOutstanding = Math.max(0, this.pingsOutstanding - 1);
    if (this.pingsOutstanding === 0) {
      this.pingAckTimer?.cancel();
      this.pingAckTimer = null;
    }
    const waiters = this.pingWaiters;
    this.pingWaiters = [];
    for (const waiter of waiters) waiter();
  }

  private schedulePing(): void {
    this.pingTimer = this.host.after(this.net.pingIntMs, () => {
      if (this.host.nowMs() - this.lastReceivedMs >= this.net.pingIntMs) this.sendPing();
      this.schedulePing();
    });
  }

  /** The oldest request that the peer owes an answer for. Source: behaviour.md 5.11. */
  private checkRequests(): void {
    this.checkTimer = this.host.after(REQUEST_CHECK_MS, () => this.checkRequests());
    const limitMs = this.net.timeoutMs * this.net.koCount;
    if (limitMs === 0) return;
    const oldestMs = Math.min(
      this.sendEpochs.oldestBarrierMs ?? Infinity,
      firstOf(this.pendingWrites)?.request.startedMs ?? Infinity,
      firstOf(this.pendingReads)?.request.startedMs ?? Infinity,
    );
    if (this.host.nowMs() - oldestMs > limitMs)
      this.lost(Conn.Timeout, 'Remote failed to answer within ko-count x timeout', 'at-once');
  }

  // ---- the end ----

  private linkClosed(reason: 'BrokenPipe' | 'NetworkFailure' | 'ProtocolError', text: string): void {
    const handshaking = this.phase !== 'up';
    this.lost(
      this.announcedDisconnect ? Conn.TearDown : Conn[reason],
      text,
      handshaking || reason === 'ProtocolError' ? 'pause' : 'at-once',
    );
  }

  /** Fatal: the two sides do not fit. Does not dial again until an administrator asks. */
  refuse(why: string): void {
    this.log('error', why);
    this.disconnectHard(why);
  }

  /** The administrator's `disconnect --force`, or a decision that ends the connection: to StandAlone. */
  disconnectHard(why: string): void {
    if (this.conn === Conn.StandAlone) return;
    this.setConn(Conn.Disconnecting);
    this.tearDown(why);
    this.setConn(Conn.StandAlone);
    this.discardMyData = false;
    this.dryRun = false;
  }

  lost(reason: number, text: string, retry: 'at-once' | 'pause'): void {
    if (this.conn === Conn.StandAlone || this.conn === Conn.Disconnecting || this.link === null) return;
    this.log('warn', `${conns.name(reason)}: ${text}`);
    if (this.conn !== reason) this.setConn(reason);
    this.tearDown(text);
    this.setConn(Conn.Unconnected);
    this.resource.runHandler('disconnected', { connection: this });
    this.retryTimer = this.host.after(retry === 'pause' ? RETRY_MS : 0, () => {
      if (this.conn === Conn.Unconnected) this.look();
    });
  }

  private tearDown(_why: string): void {
    this.finder?.stop();
    const { link } = this;
    this.link = null;
    this.phase = 'down';
    this.session++;
    link?.close();
    for (const timer of [
      this.handshakeTimer,
      this.retryTimer,
      this.pingTimer,
      this.pingAckTimer,
      this.barrierTimer,
      this.checkTimer,
    ]) {
      timer?.cancel();
    }
    this.handshakeTimer =
      this.retryTimer =
      this.pingTimer =
      this.pingAckTimer =
      this.barrierTimer =
      this.checkTimer =
        null;
    this.pingWaiters = [];
    this.pingsOutstanding = 0;
    this.earlySyncUuids.clear();
    this.receiveEpochs.stop();
    for (const waiter of [...this.stateRequests.values()]) waiter(SS.SS_CW_NO_NEED);
    for (const peerDevice of this.peerDevices.values()) peerDevice.connectionLost();
    this.pendingWrites.clear();
    const reads = [...this.pendingReads.values()];
    this.pendingReads.clear();
    for (const epoch of this.sendEpochs.lost()) {
      for (const leg of epoch.legs) leg.peerDevice.device.writes.legLost(leg);
      for (const waiter of epoch.waiters) waiter();
    }
    for (const { request, peerDevice } of reads) peerDevice.device.reads.route(request);
    for (const { device } of this.peerDevices.values()) {
      device.disk?.writeBitmap(null, () => undefined);
      device.resumeIo();
    }
  }

  /** No timers, no links, no dialling: the connection object goes away. */
  destroy(): void {
    this.disconnectHard('removed');
    this.finder?.destroy();
    this.finder = null;
  }
}

const OFFER = {
  protocolMin: PROTOCOL_MIN,
  featureFlags: FEATURES_ALL,
  protocolMax: PROTOCOL_MAX,
  senderNodeId: 0,
  receiverNodeId: 0,
} as const;

const IGNORED_ON_UNKNOWN_VOLUME: ReadonlySet<string> = new Set(['SyncParam', 'SyncParam89', 'Sizes', 'Uuids', 'State']);

function firstOf<T>(map: ReadonlyMap<number, T>): T | undefined {
  for (const value of map.values()) return value;
  return undefined;
}

/** A mask or value of the peer, from its point of view to ours. Source: wire.md 10.1. */
export function translate(bits: number): number {
  const theirs = unpackState(bits);
  return packState({
    role: theirs.peer,
    peer: theirs.role,
    conn: CONN_AT_PEER[theirs.conn] ?? 0,
    disk: theirs.pdsk,
    pdsk: theirs.disk,
    susp: false,
    aftrIsp: theirs.aftrIsp,
    peerIsp: theirs.aftrIsp || theirs.userIsp,
    userIsp: theirs.userIsp,
    suspNod: false,
    suspFen: false,
  });
}

const CONN_AT_PEER: Readonly<Record<number, number>> = {
  [Conn.WFReportParams]: Conn.WFReportParams,
  [Conn.Connected]: Conn.Connected,
  [Conn.StartingSyncS]: Conn.StartingSyncT,
  [Conn.StartingSyncT]: Conn.StartingSyncS,
  [Conn.Disconnecting]: Conn.TearDown,
  [Conn.VerifyS]: Conn.VerifyT,
  31: 31,
};

function overlay(
  before: {
    role: number;
    peer: number;
    conn: number;
    disk: number;
    pdsk: number;
    userIsp: boolean;
    peerIsp: boolean;
    aftrIsp: boolean;
  },
  mask: number,
  value: number,
) {
  const to = unpackState(value);
  const has = (bits: number): boolean => (mask & bits) === bits;
  return {
    role: has(StateMask.role) ? to.role : before.role,
    peer: has(StateMask.peer) ? to.peer : before.peer,
    conn: has(StateMask.conn) ? to.conn : before.conn,
    disk: has(StateMask.disk) ? to.disk : before.disk,
    pdsk: has(StateMask.pdsk) ? to.pdsk : before.pdsk,
    peerIsp: has(StateMask.peerIsp) ? to.peerIsp : before.peerIsp,
  };
}
