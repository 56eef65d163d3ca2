/**
 * Options of a connection: which go together, and how a change reaches the peer while it is connected.
 *
 * Each side announces what it does itself: the integrity algorithm of P_PROTOCOL_UPDATE holds for what its sender sends
 * from then on. The other fields are taken over without a comparison.
 *
 * Source: setup.md 2.4 (net-options), behaviour.md 2.1, wire.md 5.1, 5.2.
 */
import {
  AfterSb,
  Conn,
  ReplicationProtocol,
  Role,
  mirrorAfterSb,
  type ProtocolPacket,
  type SyncParamPacket,
} from '../../wire';
import type { Host } from '../host';
import { netOptions, type NetOptions, type OptionValues } from '../options';
import type { PeerDevice } from '../peer-device/peer-device';
import { ERR } from '../resource/reply-codes';
import { isSyncState } from '../state/volume-state';
import type { Connection } from './connection';

/** NO_ERROR, or what is wrong with the options as such. */
export function checkNetOptions(net: NetOptions, host: Host): number {
  const { protocol } = net;
  if (net.allowTwoPrimaries && protocol !== ReplicationProtocol.C) return ERR.ERR_NOT_PROTO_C;
  if (net.fencing === 'resource-and-stonith' && protocol === ReplicationProtocol.A) return ERR.ERR_STONITH_AND_PROT_A;
  if (net.onCongestion !== 'block' && protocol !== ReplicationProtocol.A) return ERR.ERR_CONG_NOT_PROTO_A;
  const isUnknown = (algorithm: string): boolean => algorithm !== '' && host.digest(algorithm) === null;
  if (net.cramHmacAlg !== '' && host.hmac(net.cramHmacAlg, 'key', new Uint8Array(1)) === null) {
    return ERR.ERR_AUTH_ALG;
  }
  if (isUnknown(net.dataIntegrityAlg)) return ERR.ERR_INTEGRITY_ALG;
  if (isUnknown(net.csumsAlg)) return ERR.ERR_CSUMS_ALG;
  if (isUnknown(net.verifyAlg)) return ERR.ERR_VERIFY_ALG;
  return ERR.NO_ERROR;
}

export function changeNetOptions(connection: Connection, values: OptionValues): number {
  const before = connection.net;
  const after = netOptions(values);
  const problem = checkNetOptions(after, connection.host);
  if (problem !== ERR.NO_ERROR) return problem;
  const peerDevices = [...connection.peerDevices.values()];
  const agreedOnes =
    before.protocol !== after.protocol ||
    before.allowTwoPrimaries !== after.allowTwoPrimaries ||
    before.dataIntegrityAlg !== after.dataIntegrityAlg;
  if (connection.isUp && connection.version < 100 && agreedOnes) return ERR.ERR_NEED_APV_100;
  const bothPrimary = connection.resource.role === Role.Primary && connection.peerRole === Role.Primary;
  if (before.allowTwoPrimaries && !after.allowTwoPrimaries && bothPrimary) return ERR.ERR_NEED_ALLOW_TWO_PRI;
  if (before.csumsAlg !== after.csumsAlg && peerDevices.some(({ conn }) => isSyncState(conn) && !isVerify(conn))) {
    return ERR.ERR_CSUMS_RESYNC_RUNNING;
  }
  if (before.verifyAlg !== after.verifyAlg && peerDevices.some(({ conn }) => isVerify(conn))) {
    return ERR.ERR_VERIFY_RUNNING;
  }
  connection.setNetOptions(values);
  if (!connection.isUp) return ERR.NO_ERROR;
  // In front of the first packet that is made by the new rules.
  if (connection.version >= 100) connection.sendData(protocolPacket(connection, 'ProtocolUpdate'));
  for (const peerDevice of peerDevices) if (peerDevice.conn >= Conn.Connected) peerDevice.sendSyncParam();
  return ERR.NO_ERROR;
}

export function protocolPacket({ net }: Connection, kind: ProtocolPacket['kind'], connFlags = 0): ProtocolPacket {
  return {
    kind,
    volume: 0,
    protocol: net.protocol,
    afterSb0Pri: net.afterSb0Pri,
    afterSb1Pri: net.afterSb1Pri,
    afterSb2Pri: net.afterSb2Pri,
    connFlags,
    twoPrimaries: net.allowTwoPrimaries ? 1 : 0,
    integrityAlg: net.dataIntegrityAlg,
  };
}

/** P_PROTOCOL_UPDATE. */
export function receiveProtocolUpdate(connection: Connection, packet: ProtocolPacket): void {
  const digest = packet.integrityAlg === '' ? null : connection.host.digest(packet.integrityAlg);
  if (packet.integrityAlg !== '' && digest === null) {
    connection.refuse(`peer data-integrity-alg ${packet.integrityAlg} not supported`);
    return;
  }
  const own = { ...connection.netValues };
  own.protocol = nameOf(ReplicationProtocol, packet.protocol) ?? 'C';
  own['after-sb-0pri'] = nameOf(AfterSb, mirrorAfterSb(packet.afterSb0Pri)) ?? 'disconnect';
  own['after-sb-1pri'] = nameOf(AfterSb, mirrorAfterSb(packet.afterSb1Pri)) ?? 'disconnect';
  own['after-sb-2pri'] = nameOf(AfterSb, mirrorAfterSb(packet.afterSb2Pri)) ?? 'disconnect';
  own['allow-two-primaries'] = packet.twoPrimaries !== 0;
  connection.setNetOptions(own);
  connection.expectDigest(digest);
  connection.resource.changed();
}

/** P_SYNC_PARAM, P_SYNC_PARAM89. In a handshake both must have the same algorithms; later the peer's are taken over. */
export function receiveSyncParam(connection: Connection, peerDevice: PeerDevice, packet: SyncParamPacket): void {
  const { version, net } = connection;
  const { verifyAlg, csumsAlg } = packet;
  // Older versions do not carry the names (wire 5.2).
  const differs = {
    verify: version >= 88 && verifyAlg !== net.verifyAlg,
    csums: version >= 89 && csumsAlg !== net.csumsAlg,
  };
  if (!differs.verify && !differs.csums) return;
  if (peerDevice.conn === Conn.WFReportParams) {
    connection.refuse(`incompatible ${differs.verify ? 'verify-alg' : 'csums-alg'} settings`);
    return;
  }
  const unknown = [verifyAlg, csumsAlg].find(
    (algorithm) => algorithm !== '' && connection.host.digest(algorithm) === null,
  );
  if (unknown !== undefined) {
    connection.refuse(`the peer's algorithm ${unknown} is not known here`);
    return;
  }
  const own = { ...connection.netValues };
  if (differs.verify) own['verify-alg'] = verifyAlg;
  if (differs.csums) own['csums-alg'] = csumsAlg;
  connection.setNetOptions(own);
  connection.resource.changed();
}

const isVerify = (conn: number): boolean => conn === Conn.VerifyS || conn === Conn.VerifyT;

function nameOf(table: Readonly<Record<string, number>>, value: number): string | null {
  return Object.keys(table).find((name) => table[name] === value) ?? null;
}
