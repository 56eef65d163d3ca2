import { Framer, packetRow, PacketWriter } from '../../src/wire';
import type { Packet, ProtocolError, SocketKind } from '../../src/wire';

export interface Speaking {
  readonly version: number;
  readonly featureFlags: number;
  readonly digestBytes?: number;
}

export const socketOf = (packet: Packet): SocketKind => (packetRow(packet.kind).socket === 'meta' ? 'meta' : 'data');

export function encodeAll(packets: readonly Packet[], socket: SocketKind, speaking: Speaking): Uint8Array {
  const writer = new PacketWriter(socket);
  writer.agree(speaking.version, speaking.featureFlags);
  for (const packet of packets) writer.write(packet);
  return Buffer.concat(writer.take());
}

export function decodeAll(
  chunks: readonly Uint8Array[],
  socket: SocketKind,
  speaking: Speaking,
): { packets: Packet[]; error: ProtocolError | null } {
  const framer = new Framer(socket);
  if (speaking.version > 0) framer.agree(speaking.version, speaking.featureFlags);
  framer.setDigestBytes(speaking.digestBytes ?? 0);
  const packets: Packet[] = [];
  const sink = { packet: (packet: Packet): void => void packets.push(packet) };
  for (const chunk of chunks) {
    const error = framer.push(chunk, sink);
    if (error !== null) return { packets, error };
  }
  return { packets, error: null };
}

/** The same packet whatever the cuts of its payload and the kinds of its byte arrays. */
export function comparable(packet: Packet): unknown {
  const fields = Object.entries(packet).map(([key, value]: [string, unknown]) => {
    if (key === 'payload') return [key, Buffer.concat(value as Uint8Array[]).toString('hex')];
    return [
      key,
      value instanceof Uint8Array || ArrayBuffer.isView(value)
        ? Buffer.from(value as Uint8Array).toString('hex')
        : value,
    ];
  });
  return Object.fromEntries(fields);
}
