/** Connections as kernel nodes had them, from the seat of one of the two: what the other sent, and what this one was. */
import { PacketWriter, Role, afterSbs, unpackState, type SocketKind, type UuidsPacket } from '../../src/wire';
import type { OptionValues } from '../../src/core';
import type { RecordedLink } from '../pcap';
import { recordedCaptures } from './corpus';

export interface SceneChunk {
  readonly socket: SocketKind;
  readonly bytes: Uint8Array;
}

export interface Scene {
  readonly acceptedMeta: boolean;
  readonly net: OptionValues;
  /** What this side said of its disk. */
  readonly uuids: UuidsPacket;
  readonly isPrimary: boolean;
  /** The peer's packets, in the order of the capture. */
  readonly chunks: readonly SceneChunk[];
}

/** The handshake and what comes after it until everything that happens has happened. */
const PACKETS_MAX = 60;
const BYTES_MAX = 96 * 1024;

/** To questions that only the recorded node asked. */
const ANSWERS: ReadonlySet<string> = new Set([
  'StateChgReply',
  'ConnStChgReply',
  'RecvAck',
  'WriteAck',
  'BarrierAck',
  'DataReply',
]);

export function scenes(): Scene[] {
  return recordedCaptures().flatMap((link) => {
    const nodes = [...new Set(link.packets.map(({ from }) => from))];
    return nodes.flatMap((self) => sceneOf(link, self) ?? []);
  });
}

function sceneOf(link: RecordedLink, self: string): Scene | null {
  const own = link.packets.filter(({ from }) => from === self).map(({ packet }) => packet);
  const protocol = own.find((packet) => packet.kind === 'Protocol');
  const uuids = own.find((packet) => packet.kind === 'Uuids' && packet.volume === 0);
  const state = own.find((packet) => packet.kind === 'State');
  if (protocol?.kind !== 'Protocol' || uuids?.kind !== 'Uuids' || state?.kind !== 'State') return null;
  const algorithms = own.find((packet) => packet.kind === 'SyncParam89');
  const authenticates = own.some((packet) => packet.kind === 'AuthChallenge');
  const { version, featureFlags } = link.agreement;
  const writers = { data: new PacketWriter('data'), meta: new PacketWriter('meta') };
  writers.meta.agree(version, featureFlags);
  const chunks: SceneChunk[] = [];
  let totalBytes = 0;
  for (const { from, socket, packet } of link.packets) {
    if (from === self || chunks.length >= PACKETS_MAX || totalBytes > BYTES_MAX || ANSWERS.has(packet.kind)) continue;
    const writer = writers[socket];
    writer.write(packet);
    const bytes = Buffer.concat(writer.take());
    totalBytes += bytes.length;
    chunks.push({ socket, bytes });
    if (packet.kind === 'ConnectionFeatures') writer.agree(version, featureFlags);
  }
  return {
    acceptedMeta: link.acceptedMeta === self,
    net: {
      protocol: 'ABC'[protocol.protocol - 1] ?? 'C',
      'after-sb-0pri': afterSbs.name(protocol.afterSb0Pri),
      'after-sb-1pri': afterSbs.name(protocol.afterSb1Pri),
      'after-sb-2pri': afterSbs.name(protocol.afterSb2Pri),
      'allow-two-primaries': protocol.twoPrimaries !== 0,
      'data-integrity-alg': protocol.integrityAlg,
      'verify-alg': algorithms?.kind === 'SyncParam89' ? algorithms.verifyAlg : '',
      'csums-alg': algorithms?.kind === 'SyncParam89' ? algorithms.csumsAlg : '',
      ...(authenticates ? { 'cram-hmac-alg': 'sha1', 'shared-secret': 'secret' } : {}),
    },
    uuids,
    isPrimary: unpackState(state.state).role === Role.Primary,
    chunks,
  };
}
