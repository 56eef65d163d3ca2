import { Buffer } from 'node:buffer';
import { decodeFirstPacket, FIRST_PACKET_BYTES, Framer, negotiate, PacketWriter, protocolError } from '../../src/wire';
import type { Agreement, FeaturesPacket, Packet, ProtocolError, SocketKind } from '../../src/wire';
import { digestSizeBytes } from '../../src/transport';
import { readPcap } from './pcap-file';
import { tcpConversations } from './tcp-stream';
import type { Chunk, TcpConversation } from './tcp-stream';

export interface RecordedPacket {
  readonly timeSeconds: number;
  readonly from: string;
  readonly to: string;
  readonly socket: SocketKind;
  readonly packet: Packet;
}

/** One DRBD connection of a capture: a data and a meta socket, and what each side sent, in order of capture. */
export interface RecordedLink {
  readonly agreement: Agreement;
  /** Which node accepted the meta socket: it resolves conflicts. */
  readonly acceptedMeta: string;
  readonly packets: readonly RecordedPacket[];
  readonly errors: readonly ProtocolError[];
  /** Every byte of both sockets and directions, in the order of `streams`. */
  readonly streams: readonly RecordedStream[];
}

/** One direction of one socket, with the bytes as recorded (the first packet left out). */
export interface RecordedStream {
  readonly from: string;
  readonly to: string;
  readonly socket: SocketKind;
  readonly bytes: Buffer;
  readonly packets: readonly RecordedPacket[];
}

interface Opened {
  readonly kind: SocketKind;
  readonly conversation: TcpConversation;
}

/** All DRBD connections of a capture that came as far as the feature handshake. */
export function recordedLinks(path: string, port = 7789): RecordedLink[] {
  const sockets = tcpConversations(readPcap(path), port).flatMap((conversation): Opened[] => {
    const first = Buffer.concat(conversation.fromClient.map(({ bytes }) => bytes)).subarray(0, FIRST_PACKET_BYTES);
    const kind = decodeFirstPacket(first);
    return typeof kind === 'string' ? [{ kind, conversation }] : [];
  });
  const links: RecordedLink[] = [];
  const used = new Set<Opened>();
  for (const data of sockets.filter(({ kind }) => kind === 'data')) {
    if (!spoke(data) || data.conversation.fromServer.length === 0) continue;
    // The meta socket in use is the last one opened before the features were sent, between the same two nodes.
    const featuresSeconds = data.conversation.fromServer[0]?.timeSeconds ?? 0;
    const meta = sockets.filter(
      (one) =>
        one.kind === 'meta' &&
        one.conversation.startSeconds < featuresSeconds &&
        featuresSeconds - one.conversation.startSeconds < 30,
    );
    const paired = meta[meta.length - 1];
    if (paired === undefined) continue;
    links.push(recordedLink(data.conversation, paired.conversation));
    used.add(data).add(paired);
  }
  const forgotten = sockets.find((one) => spoke(one) && !used.has(one));
  if (forgotten !== undefined) throw new Error(`${path}: a ${forgotten.kind} socket with packets belongs to no link`);
  return links;
}

/** A socket that carried more than its first packet. */
const spoke = ({ conversation }: Opened): boolean =>
  conversation.fromClient.reduce((sum, { bytes }) => sum + bytes.length, 0) > FIRST_PACKET_BYTES;

function recordedLink(data: TcpConversation, meta: TcpConversation): RecordedLink {
  const [client, server] = [directionOf(data, 'client'), directionOf(data, 'server')];
  const agreement = agreementOf(client.chunks, server.chunks);
  const errors: ProtocolError[] = [];
  const digests = integritySizes([client, server], agreement);
  const streams = [client, server, directionOf(meta, 'client'), directionOf(meta, 'server')].map((direction, index) =>
    decodeStream(direction, {
      socket: index < 2 ? 'data' : 'meta',
      agreement,
      digestBytes: digests.get(direction.from) ?? 0,
      errors,
    }),
  );
  const packets = streams.flatMap((stream) => stream.packets);
  packets.sort((a, b) => a.timeSeconds - b.timeSeconds);
  return { agreement, acceptedMeta: meta.server, packets, errors, streams };
}

interface DirectionOfStream {
  readonly from: string;
  readonly to: string;
  readonly chunks: readonly Chunk[];
}

/** Chunks of one direction without the first packet. */
function directionOf(conversation: TcpConversation, sender: 'client' | 'server'): DirectionOfStream {
  if (sender === 'server') {
    return { from: conversation.server, to: conversation.client, chunks: conversation.fromServer };
  }
  let skip = FIRST_PACKET_BYTES;
  const chunks = conversation.fromClient.flatMap(({ timeSeconds, bytes }) => {
    const rest = bytes.subarray(Math.min(skip, bytes.length));
    skip -= bytes.length - rest.length;
    return rest.length === 0 ? [] : [{ timeSeconds, bytes: rest }];
  });
  return { from: conversation.client, to: conversation.server, chunks };
}

function agreementOf(client: readonly Chunk[], server: readonly Chunk[]): Agreement {
  const features = [client, server].map((chunks) => {
    const found: FeaturesPacket[] = [];
    const framer = new Framer('data');
    for (const { bytes } of chunks) {
      framer.push(bytes, { packet: (packet) => void (packet.kind === 'ConnectionFeatures' && found.push(packet)) });
    }
    return found[0];
  });
  const [a, b] = features;
  if (a === undefined || b === undefined) return { version: 0, featureFlags: 0 };
  const agreement = negotiate(a, b);
  if ('kind' in agreement) throw new Error(agreement.message);
  return agreement;
}

/** Each node's data-integrity-alg, as its P_PROTOCOL says. */
function integritySizes(directions: readonly DirectionOfStream[], agreement: Agreement): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const { from, chunks } of directions) {
    const framer = new Framer('data');
    framer.agree(agreement.version, agreement.featureFlags);
    const sink = {
      packet: (packet: Packet): void => {
        if (packet.kind === 'Protocol') sizes.set(from, digestSizeBytes(packet.integrityAlg) ?? 0);
      },
    };
    for (const { bytes } of afterFeatures(chunks)) framer.push(bytes, sink);
  }
  return sizes;
}

const FEATURES_BYTES = 8 + 72;

function afterFeatures(chunks: readonly Chunk[]): Chunk[] {
  let skip = FEATURES_BYTES;
  return chunks.flatMap(({ timeSeconds, bytes }) => {
    const rest = bytes.subarray(Math.min(skip, bytes.length));
    skip -= bytes.length - rest.length;
    return rest.length === 0 ? [] : [{ timeSeconds, bytes: rest }];
  });
}

function decodeStream(
  { from, to, chunks }: DirectionOfStream,
  how: { socket: SocketKind; agreement: Agreement; digestBytes: number; errors: ProtocolError[] },
): RecordedStream {
  const { socket, agreement, digestBytes, errors } = how;
  const packets: RecordedPacket[] = [];
  const framer = new Framer(socket);
  framer.setDigestBytes(digestBytes);
  if (socket === 'meta') framer.agree(agreement.version, agreement.featureFlags);
  let timeSeconds = 0;
  const sink = {
    packet: (packet: Packet): void => {
      packets.push({ timeSeconds, from, to, socket, packet });
      if (packet.kind === 'ConnectionFeatures') framer.agree(agreement.version, agreement.featureFlags);
    },
  };
  for (const chunk of chunks) {
    timeSeconds = chunk.timeSeconds;
    const error = framer.push(chunk.bytes, sink);
    if (error === null) continue;
    errors.push(protocolError(error.code, `${from} ${socket}: ${error.message}`));
    break;
  }
  return { from, to, socket, bytes: Buffer.concat(chunks.map(({ bytes }) => bytes)), packets };
}

/** The bytes of packets as this project's encoder makes them. */
export function encodeStream(stream: RecordedStream, agreement: Agreement): Buffer {
  const writer = new PacketWriter(stream.socket);
  const buffers: Uint8Array[] = [];
  if (stream.socket === 'meta') writer.agree(agreement.version, agreement.featureFlags);
  for (const { packet } of stream.packets) {
    writer.write(packet);
    if (packet.kind === 'ConnectionFeatures') {
      buffers.push(...writer.take());
      writer.agree(agreement.version, agreement.featureFlags);
    }
  }
  return Buffer.concat([...buffers, ...writer.take()]);
}
