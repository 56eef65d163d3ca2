/**
 * The handshake on a new link: features, then authentication where a secret is set, then parameters.
 *
 * Source: wire.md 3 and 4.
 */
import {
  CHALLENGE_BYTES,
  Conn,
  ConnFlag,
  FEATURES_ALL,
  PROTOCOL_MAX,
  PROTOCOL_MIN,
  equalBytes,
  isReflected,
  mirrorAfterSb,
  negotiate,
  type FeaturesPacket,
  type Packet,
  type ProtocolPacket,
} from '../../wire';
import type { PeerLink, Timer } from '../host';
import type { Connection } from './connection';
import { protocolPacket } from './net-options';

type Phase = 'features' | 'auth' | 'parameters' | 'done';

export const OFFER: FeaturesPacket = {
  kind: 'ConnectionFeatures',
  volume: 0,
  protocolMin: PROTOCOL_MIN,
  featureFlags: FEATURES_ALL,
  protocolMax: PROTOCOL_MAX,
  senderNodeId: 0,
  receiverNodeId: 0,
};

export class Handshake {
  private phase: Phase = 'features';
  private challenge: Uint8Array | null = null;
  private readonly timer: Timer;

  constructor(
    private readonly connection: Connection,
    private readonly link: PeerLink,
  ) {
    this.timer = connection.host.after(4 * connection.net.pingTimeoutMs, () =>
      connection.lost(Conn.NetworkFailure, 'handshake timed out', 'pause'),
    );
    connection.sendData(OFFER);
  }

  get isDone(): boolean {
    return this.phase === 'done';
  }

  stop(): void {
    this.timer.cancel();
  }

  /** A packet of the data socket. False: it breaks the protocol. */
  packet(packet: Packet): boolean {
    switch (packet.kind) {
      case 'ConnectionFeatures':
        return this.phase === 'features' && this.features(packet);
      case 'AuthChallenge':
        return this.phase === 'auth' && this.authChallenge(packet.bytes);
      case 'AuthResponse':
        return this.phase === 'auth' && this.authResponse(packet.bytes);
      case 'Protocol':
        if (this.phase === 'auth') {
          this.connection.log('error', 'expected AuthChallenge packet, received: P_PROTOCOL');
          this.connection.refuse('Authentication of peer failed');
          return true;
        }
        return this.phase === 'parameters' && this.protocol(packet);
      default:
        return false;
    }
  }

  private features(packet: FeaturesPacket): boolean {
    const agreement = negotiate(OFFER, packet);
    if ('message' in agreement) {
      this.connection.refuse(agreement.message);
      return true;
    }
    this.connection.version = agreement.version;
    this.connection.featureFlags = agreement.featureFlags;
    this.link.agree(agreement.version, agreement.featureFlags);
    this.connection.log('info', `Handshake successful: Agreed network protocol version ${this.connection.version}`);
    if (this.connection.net.cramHmacAlg !== '') {
      this.phase = 'auth';
      this.challenge = this.connection.host.randomBytes(CHALLENGE_BYTES);
      this.connection.sendData({ kind: 'AuthChallenge', volume: 0, bytes: this.challenge });
    } else this.exchangeParameters();
    return true;
  }

  private authChallenge(bytes: Uint8Array): boolean {
    if (this.challenge === null || bytes.length < CHALLENGE_BYTES || bytes.length > 2 * CHALLENGE_BYTES) {
      this.connection.refuse('AuthChallenge payload of wrong size');
      return true;
    }
    if (isReflected(this.challenge, bytes)) {
      this.connection.refuse('Peer presented the same challenge!');
      return true;
    }
    const response = this.connection.host.hmac(
      this.connection.net.cramHmacAlg,
      this.connection.net.sharedSecret,
      bytes,
    );
    if (response === null) this.connection.refuse(`cram-hmac-alg ${this.connection.net.cramHmacAlg} is not known here`);
    else this.connection.sendData({ kind: 'AuthResponse', volume: 0, bytes: response });
    return true;
  }

  private authResponse(bytes: Uint8Array): boolean {
    const expected =
      this.challenge === null
        ? null
        : this.connection.host.hmac(this.connection.net.cramHmacAlg, this.connection.net.sharedSecret, this.challenge);
    if (expected === null || !equalBytes(bytes, expected)) {
      this.connection.refuse('Authentication of peer failed');
      return true;
    }
    this.connection.log('info', `Peer authenticated using ${expected.length} bytes HMAC`);
    this.exchangeParameters();
    return true;
  }

  private exchangeParameters(): void {
    const { connection } = this;
    this.phase = 'parameters';
    this.timer.cancel();
    connection.newEpochs();
    // The peer has answered once; from here on its silence is found by pings (wire.md 4, 11).
    connection.keepalive.start();
    const connFlags =
      (connection.discardMyData ? ConnFlag.DISCARD_MY_DATA : 0) | (connection.dryRun ? ConnFlag.DRY_RUN : 0);
    connection.sendData(protocolPacket(connection, 'Protocol', connFlags));
    const volumes = [...this.connection.peerDevices.values()].sort((a, b) => a.device.volume - b.device.volume);
    for (const peerDevice of volumes) peerDevice.sendInitialPackets();
    this.connection.setConn(Conn.WFReportParams);
  }

  private protocol(packet: ProtocolPacket): boolean {
    const { connection } = this;
    const { net } = connection;
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
      this.connection.refuse(`incompatible ${mismatch} settings`);
      return true;
    }
    if ((packet.connFlags & ConnFlag.DRY_RUN) !== 0) this.connection.dryRun = true;
    // The link splits digests from payloads from the packet after P_PROTOCOL on.
    connection.expectDigest(connection.sendDigest);
    this.phase = 'done';
    connection.handshakeDone();
    return true;
  }
}
