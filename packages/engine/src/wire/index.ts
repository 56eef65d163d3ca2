export * from './packets/packet';
export { afterSbs, AfterSb, mirrorAfterSb } from './codes/after-split-brain';
export type { AfterSbName } from './codes/after-split-brain';
export {
  ConnFlag,
  DataFlag,
  DdsFlag,
  Feature,
  FEATURES_ALL,
  maxBioSizeBytes,
  OvResultId,
  PROTOCOL_MAX,
  PROTOCOL_MIN,
  ReplicationProtocol,
  UuidFlag,
  UUID_JUST_CREATED,
} from './codes/flags';
export type { NameTable } from './codes/name-table';
export { StateResult, stateResults } from './codes/result-codes';
export type { StateResultName } from './codes/result-codes';
export { formatState, packState, StateMask, unpackState } from './codes/state-bits';
export { Conn, conns, Disk, disks, Role, roles } from './codes/states';
export type { ConnName, DiskName, RoleName } from './codes/states';
export { Framer } from './framing/framer';
export type { PacketSink } from './framing/framer';
export { CHALLENGE_BYTES, equalBytes, isReflected } from './handshake/auth';
export { negotiate } from './handshake/features';
export type { Incompatible } from './handshake/features';
export { decodeFirstPacket, encodeFirstPacket, FIRST_PACKET_BYTES } from './handshake/first-packet';
export { bitmapChunkBytes, headerFormat } from './header/header';
export type { HeaderFormat } from './header/header';
export type { Agreement } from './packets/decode';
export { packetName, packetRow, packetRowById, PACKETS, PAYLOAD_BYTES_MAX } from './packets/packet-table';
export type { PacketRow } from './packets/packet-table';
export { PacketWriter } from './packets/packet-writer';
export { isProtocolError } from './packets/decode';
export type { ProtocolError } from './protocol-error';
export { protocolError } from './protocol-error';
export { BitmapReceiver, MemoryBitmapSink } from './bitmap/bitmap-receiver';
export type { BitmapPacket, BitmapSink } from './bitmap/bitmap-receiver';
export { BitmapSender } from './bitmap/bitmap-sender';
export type { BitmapSenderOptions } from './bitmap/bitmap-sender';
