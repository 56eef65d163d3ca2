import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** One captured TCP segment. */
export interface Segment {
  readonly timeSeconds: number;
  readonly from: string;
  readonly to: string;
  readonly fromPort: number;
  readonly toPort: number;
  readonly sequence: number;
  readonly syn: boolean;
  readonly payload: Buffer;
}

const PCAP_MAGIC_LE = 0xa1b2c3d4;
const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const ETHERNET_BYTES = 14;
const ETHERTYPE_IPV4 = 0x0800;
const PROTOCOL_TCP = 6;
const FLAG_SYN = 2;

/** TCP segments over IPv4 of a gzipped little-endian pcap of Ethernet frames, in order of capture. */
export function readPcap(path: string): Segment[] {
  const bytes = gunzipSync(readFileSync(path));
  if (bytes.readUInt32LE(0) !== PCAP_MAGIC_LE) throw new Error(`${path} is no little-endian pcap`);
  const segments: Segment[] = [];
  for (let at = FILE_HEADER_BYTES; at < bytes.length;) {
    const timeSeconds = bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) / 1e6;
    const length = bytes.readUInt32LE(at + 8);
    if (length !== bytes.readUInt32LE(at + 12)) throw new Error(`${path}: a frame was cut when it was captured`);
    const segment = tcpSegment(
      bytes.subarray(at + RECORD_HEADER_BYTES, at + RECORD_HEADER_BYTES + length),
      timeSeconds,
    );
    if (segment !== null) segments.push(segment);
    at += RECORD_HEADER_BYTES + length;
  }
  return segments;
}

function tcpSegment(frame: Buffer, timeSeconds: number): Segment | null {
  if (frame.readUInt16BE(12) !== ETHERTYPE_IPV4) return null;
  const ipLength = frame.readUInt16BE(ETHERNET_BYTES + 2);
  const ip = frame.subarray(ETHERNET_BYTES, ETHERNET_BYTES + ipLength);
  if (ip[9] !== PROTOCOL_TCP) return null;
  const tcp = ip.subarray((ip.readUInt8(0) & 0x0f) * 4);
  return {
    timeSeconds,
    from: [...ip.subarray(12, 16)].join('.'),
    to: [...ip.subarray(16, 20)].join('.'),
    fromPort: tcp.readUInt16BE(0),
    toPort: tcp.readUInt16BE(2),
    sequence: tcp.readUInt32BE(4),
    syn: (tcp.readUInt8(13) & FLAG_SYN) !== 0,
    payload: tcp.subarray((tcp.readUInt8(12) >> 4) * 4),
  };
}
