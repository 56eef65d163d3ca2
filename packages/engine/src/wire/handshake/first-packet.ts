import { HEADER_80_BYTES, header80 } from '../header/header';
import { isCodecError } from '../../codec';
import type { SocketKind } from '../packets/packet';
import { packetRow } from '../packets/packet-table';
import { protocolError } from '../protocol-error';
import type { ProtocolError } from '../protocol-error';

/** A bare header80 that tells which socket of the pair a new connection becomes. Source: wire.md 1.2. */
export const FIRST_PACKET_BYTES = HEADER_80_BYTES;

export function encodeFirstPacket(socket: SocketKind): Uint8Array {
  const command = packetRow(socket === 'data' ? 'InitialData' : 'InitialMeta').id;
  return header80.encode({ command, lengthBytes: 0 });
}

/** `bytes` are the first `FIRST_PACKET_BYTES` of an accepted connection. */
export function decodeFirstPacket(bytes: Uint8Array): SocketKind | ProtocolError {
  const header = header80.decode(bytes);
  if (isCodecError(header)) return protocolError('bad-magic', `first packet: ${header.message}`);
  if (header.lengthBytes !== 0) return protocolError('wrong-length', `first packet: length ${header.lengthBytes}`);
  if (header.command === packetRow('InitialData').id) return 'data';
  if (header.command === packetRow('InitialMeta').id) return 'meta';
  return protocolError('unexpected-packet', `first packet: command 0x${header.command.toString(16)}`);
}
