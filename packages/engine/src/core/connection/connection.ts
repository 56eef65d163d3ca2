/**
 * One peer node: the link to it, what was agreed with it, and the dispatch of its packets.
 *
 * Life: StandAlone - connect - Unconnected - WFConnection - linked - features - [auth] - WFReportParams - Connected.
 * A lost link leads back to Unconnected and to looking for a link again; a refusal leads to StandAlone.
 *
 * Source: wire.md 1, 3 to 6, 10, 11; behaviour.md 2.3 to 2.8.
 */
import {
  Conn,
  Feature,
  PROTOCOL_MIN,
  Role,
  StateResult as SS,
  conns,
  maxBioSizeBytes,
  type Packet,
  type SocketKind,
} from '../../wire';
import type { Digest, LinkEnd, LinkFinder, LogLevel, PeerLink, Timer } from '../host';
import { netOptions, type NetOptions, type OptionValues } from '../options';
import { fenceAfterLoss } from '../fencing/fence-peer';
import type { PeerDevice } from '../peer-device/peer-device';
import type { ReadRequest } from '../request/application-reads';
import type { WriteLeg } from '../request/application-writes';
import type { Resource } from '../resource/resource';
import { AnswerBudget } from './answer-budget';
import { dispatch } from './dispatch';
import { Handshake } from './handshake';
import { IncomingWrites } from './incoming-writes';
import { Keepalive } from './keepalive';
import { ReceiveEpochs } from './receive-epochs';
import { SendEpochs } from './send-epochs';
import { StateRequests } from './state-requests';

/** Above the mark from which on a link says when it has drained. */
const UNSENT_BYTES_MAX = 8 * 1024 * 1024;
/** The longest write and what belongs to it: more waits only where the kernel's socket buffer is full. */
const CONGESTED_BYTES_MIN = 1024 * 1024 + 4096;
/** Pause after a handshake that failed (wire 1.7). */
const RETRY_MS = 1000;
const IDLE_BARRIER_MS = 10;

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
  verifyDigest: Digest | null = null;
  sendEpochs: SendEpochs;
  receiveEpochs: ReceiveEpochs;
  private sendWaiters: (() => void)[] = [];
  readonly incomingWrites = new IncomingWrites(
    () => this.net.maxBuffers,
    (how) => this.link?.readData(how),
  );
  readonly answers = new AnswerBudget(() => this.link?.unsentBytes ?? 0);
  readonly pendingWrites = new Map<number, WriteLeg>();
  /** Of application writes that the peer has not answered for: C by its acknowledgement, A and B by the barrier's. */
  inFlightSectors = 0;
  readonly pendingReads = new Map<number, { readonly request: ReadRequest; readonly peerDevice: PeerDevice }>();
  readonly peerDevices = new Map<number, PeerDevice>();
  finder: LinkFinder | null = null;
  readonly keepalive = new Keepalive(this);
  readonly stateRequests = new StateRequests(this);
  private link: PeerLink | null = null;
  private handshake: Handshake | null = null;
  private blockId = 1;
  private retryTimer: Timer | null = null;
  private barrierTimer: Timer | null = null;
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
    return this.handshake?.isDone === true;
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
  /** More waits on the data socket than the kernel of a module would take: the link will say when it has gone. */
  get isBackedUp(): boolean {
    return (this.link?.unsentBytes ?? 0) > UNSENT_BYTES_MAX;
  }

  /** The peer, or the network to it, takes less than is sent. */
  get isCongested(): boolean {
    return (this.link?.unsentBytes ?? 0) > CONGESTED_BYTES_MIN;
  }

  /** Runs `sent` when the link has sent most of what waits; never, if it is lost before. */
  whenSent(sent: () => void): void {
    this.sendWaiters.push(sent);
  }

  private drained(): void {
    const waiters = this.sendWaiters;
    this.sendWaiters = [];
    for (const waiter of waiters) waiter();
    this.answers.resume();
  }

  sendMeta(packet: Packet): void {
    this.link?.send('meta', packet);
  }

  setNetOptions(values: OptionValues): void {
    this.netValues = values;
    this.net = netOptions(values);
    this.sendDigest = this.net.dataIntegrityAlg === '' ? null : this.host.digest(this.net.dataIntegrityAlg);
    // While connected the peer announces itself what it sends.
    if (!this.isUp) this.receiveDigest = this.sendDigest;
    this.verifyDigest = this.net.verifyAlg === '' ? null : this.host.digest(this.net.verifyAlg);
    this.csumsDigest = this.net.csumsAlg === '' ? null : this.host.digest(this.net.csumsAlg);
  }

  /** From the next packet on the peer's data carries this digest. */
  expectDigest(digest: Digest | null): void {
    this.receiveDigest = digest;
    this.link?.setIntegrityDigestSizes(this.sendDigest?.sizeBytes ?? 0, digest?.sizeBytes ?? 0);
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
    this.resolvesConflicts = link.acceptedMeta;
    this.version = PROTOCOL_MIN;
    this.featureFlags = 0;
    this.announcedDisconnect = false;
    const { session } = this;
    const mine = (run: () => void): void => {
      if (session === this.session && this.link === link) run();
    };
    link.listen({
      packet: (socket, packet) => mine(() => this.packet(socket, packet)),
      closed: (reason, text) => mine(() => this.linkClosed(reason, text)),
      drained: () => mine(() => this.drained()),
    });
    this.handshake = new Handshake(this, link);
  }

  private look(): void {
    this.setConn(Conn.WFConnection);
    this.finder?.start();
  }

  setConn(conn: number): void {
    this.resource.states.make(() => null, 'forced', { connection: this, conn });
  }

  // ---- packets ----

  private packet(socket: SocketKind, packet: Packet): void {
    this.keepalive.heard();
    const ok = this.isUp
      ? dispatch(this, packet)
      : socket === 'meta'
        ? this.early(packet)
        : this.handshake?.packet(packet) === true;
    if (!ok && this.link !== null) this.lost(Conn.ProtocolError, `unexpected ${packet.kind} packet`, 'pause');
  }

  /** The control socket may speak before the data socket's handshake is over. */
  private early(packet: Packet): boolean {
    if (packet.kind === 'Ping') this.sendMeta({ kind: 'PingAck', volume: 0 });
    if (packet.kind === 'PingAck') this.keepalive.gotPingAck();
    return packet.kind === 'Ping' || packet.kind === 'PingAck';
  }

  handshakeDone(): void {
    this.resource.changed();
  }

  /** Runs `done` once all that was sent before has been seen by the peer; never, if the link dies first. */
  ping(done: () => void): void {
    this.keepalive.ping(done);
  }

  // ---- epochs ----

  newEpochs(): void {
    this.sendEpochs = this.newSendEpochs(1 + Math.floor(this.host.randomFraction() * 0x7fffffff));
    this.receiveEpochs = this.newReceiveEpochs();
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
        let isStable = true;
        const finished = (): void => {
          if (--pending === 0) done(isStable);
        };
        for (const { device } of disks) {
          device.disk?.flushData((error) => {
            if (error !== null) {
              isStable = false;
              device.localIoFailed('write', error);
            }
            finished();
          });
        }
        finished();
      },
      unstable: () =>
        this.lost(Conn.NetworkFailure, 'a disk failed before the writes of the peer were stable', 'at-once'),
      acknowledge: (barrier, setSize) => this.sendMeta({ kind: 'BarrierAck', volume: 0, barrier, setSize }),
      after: (delayMs, run) => this.host.after(delayMs, run),
    });
  }

  // ---- the end ----

  private linkClosed(reason: LinkEnd, text: string): void {
    if (reason === 'Disconnecting') return this.refuse(text);
    const handshaking = !this.isUp;
    this.lost(
      this.announcedDisconnect ? Conn.TearDown : Conn[reason],
      text,
      handshaking || reason === 'ProtocolError' ? 'pause' : 'at-once',
    );
  }

  /** Fatal: the two sides do not fit. Does not dial again until an administrator asks. */
  refuse(why: string): void {
    this.log('error', why);
    this.disconnectHard();
  }

  /** The administrator's `disconnect --force`, or a decision that ends the connection: to StandAlone. */
  disconnectHard(): void {
    if (this.conn === Conn.StandAlone) return;
    const wasConnected = this.isUp;
    this.setConn(Conn.Disconnecting);
    this.tearDown();
    this.resource.runHandler('disconnected', { connection: this });
    this.setConn(Conn.StandAlone);
    if (wasConnected) fenceAfterLoss(this);
    this.discardMyData = false;
    this.dryRun = false;
  }

  /** The peer said that it disconnects. */
  peerDisconnects(): void {
    this.announcedDisconnect = true;
    this.lost(Conn.TearDown, 'the peer disconnects', 'at-once');
  }

  lost(reason: number, text: string, retry: 'at-once' | 'pause'): void {
    if (this.conn === Conn.StandAlone || this.conn === Conn.Disconnecting || this.link === null) return;
    this.log('warn', `${conns.name(reason)}: ${text}`);
    if (this.conn !== reason) this.setConn(reason);
    this.tearDown();
    // With the link gone, and before the search for another begins: recorded of 9.2.18 (stories 05, 12).
    this.resource.runHandler('disconnected', { connection: this });
    this.setConn(Conn.Unconnected);
    this.retryTimer = this.host.after(retry === 'pause' ? RETRY_MS : 0, () => {
      if (this.conn === Conn.Unconnected) this.look();
    });
    // The search for the peer goes on while the handler decides.
    this.host.after(0, () => fenceAfterLoss(this));
  }

  private tearDown(): void {
    this.finder?.stop();
    const { link } = this;
    this.link = null;
    this.session++;
    link?.close();
    this.handshake?.stop();
    this.handshake = null;
    this.keepalive.stop();
    this.retryTimer?.cancel();
    this.barrierTimer?.cancel();
    this.retryTimer = this.barrierTimer = null;
    this.receiveEpochs.stop();
    this.stateRequests.connectionLost();
    this.answers.connectionLost();
    this.sendWaiters = [];
    this.incomingWrites.connectionLost();
    for (const peerDevice of this.peerDevices.values()) peerDevice.connectionLost();
    this.pendingWrites.clear();
    this.inFlightSectors = 0;
    const reads = [...this.pendingReads.values()];
    this.pendingReads.clear();
    for (const epoch of this.sendEpochs.lost()) {
      for (const leg of epoch.legs) {
        const { writes } = leg.peerDevice.device;
        // Protocol A counts as done what is not even sent: nothing of it can be sent again.
        if (this.resource.isSuspended && leg.awaits !== 'nothing') writes.legKept(leg);
        else writes.legLost(leg);
      }
      for (const waiter of epoch.waiters) waiter();
    }
    for (const { request, peerDevice } of reads) peerDevice.device.reads.route(request);
    for (const { device } of this.peerDevices.values()) {
      // A peer that comes back takes what was acknowledged for stable.
      device.disk?.flushData((error) => {
        if (error !== null) device.localIoFailed('write', error);
      });
      device.disk?.writeBitmap(null, () => undefined);
      device.resumeIo();
    }
  }

  /** No timers, no links, no dialling: the connection object goes away. */
  destroy(): void {
    this.disconnectHard();
    this.finder?.destroy();
    this.finder = null;
  }
}
