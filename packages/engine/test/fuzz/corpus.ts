/** Short runs of packets, as kernel nodes sent them and in the formats of older protocols: what the fuzzers start from. */
import fc from 'fast-check';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { FEATURES_ALL, PacketWriter, packetRow, type Packet, type SocketKind } from '../../src/wire';
import { arbitraryPacket } from '../wire/arbitrary-packet';
import { encodeAll, socketOf } from '../wire/framing';
import { recordedLinks, type RecordedLink, type RecordedStream } from '../pcap';

export interface Sample {
  readonly socket: SocketKind;
  /** Agreed before the first packet; with `begins`, after the features that are among the packets. */
  readonly version: number;
  readonly begins: boolean;
  readonly featureFlags: number;
  readonly digestBytes: number;
  /** The bytes of each packet. */
  readonly packets: readonly Uint8Array[];
}

const RUN_PACKETS = 4;
/** Longer runs cost time and show nothing that shorter ones do not; some are kept for the large payloads. */
const RUN_BYTES_MAX = 9 * 1024;
const LARGE_RUNS_MAX = 12;
/** Formats that differ: header80 alone, header95 added, the old P_SYNC_PARAM, header100. */
const OLDER_VERSIONS = [86, 88, 89, 90, 94, 95, 96, 99, 100] as const;

const vectors = join(__dirname, '..', 'vectors');

export function recordedCaptures(): RecordedLink[] {
  const stories = join(vectors, 'drbd-8.4.11-stories');
  return [
    join(vectors, 'drbd-8.4.11-pair.pcap.gz'),
    ...readdirSync(stories).map((story) => join(stories, story)),
  ].flatMap((path) => recordedLinks(path));
}

export function corpus(): Sample[] {
  const samples = new Map<string, Sample>();
  let largeRuns = 0;
  for (const link of recordedCaptures()) {
    for (const stream of link.streams) {
      for (let from = 0; from < stream.packets.length; from += RUN_PACKETS / 2) {
        const run = stream.packets.slice(from, from + RUN_PACKETS).map(({ packet }) => packet);
        const kinds = `${stream.socket} ${digestBytesOf(stream)} ${run.map(({ kind }) => kind).join(' ')}`;
        for (const version of [link.agreement.version, ...OLDER_VERSIONS]) {
          const key = `${version} ${kinds}`;
          if (samples.has(key)) continue;
          const sample = sampleOf(stream, run, version, link);
          if (sample.packets.length === 0) continue;
          const isLarge = sample.packets.reduce((sum, { length }) => sum + length, 0) > RUN_BYTES_MAX;
          if (isLarge && largeRuns++ > LARGE_RUNS_MAX) continue;
          samples.set(key, sample);
        }
      }
    }
  }
  return [...samples.values(), ...inventedSamples()];
}

const INVENTED_PER_FORMAT = 60;

/** Packets that no recorded node sent: discards, plain bitmaps, negative acks, what only older protocols have. */
function inventedSamples(): Sample[] {
  return [...OLDER_VERSIONS, 101].flatMap((version) => {
    const featureFlags = version === 101 ? FEATURES_ALL : 0;
    const speaking = { version, featureFlags };
    const packets = fc.sample(arbitraryPacket(version, featureFlags, 0), {
      numRuns: INVENTED_PER_FORMAT * 2,
      seed: version,
    });
    return packets
      .filter(({ kind }) => kind !== 'ConnectionFeatures' && packetRow(kind).versionMax > 0)
      .slice(0, INVENTED_PER_FORMAT)
      .map((packet): Sample => {
        const socket = socketOf(packet);
        return { socket, ...speaking, begins: false, digestBytes: 0, packets: [encodeAll([packet], socket, speaking)] };
      });
  });
}

function sampleOf(stream: RecordedStream, run: readonly Packet[], version: number, link: RecordedLink): Sample {
  const { socket } = stream;
  const featureFlags = version === link.agreement.version ? link.agreement.featureFlags : 0;
  const begins = run.some(({ kind }) => kind === 'ConnectionFeatures');
  const writer = new PacketWriter(socket);
  if (!begins) writer.agree(version, featureFlags);
  const packets: Uint8Array[] = [];
  for (const packet of run) {
    const { versionMin, versionMax } = packetRow(packet.kind);
    const known = packet.kind === 'ConnectionFeatures' || (version >= versionMin && version <= versionMax);
    if (!known) continue;
    writer.write(featureFlags === 0 ? withoutLimits(packet) : packet);
    packets.push(Buffer.concat(writer.take()));
    if (packet.kind === 'ConnectionFeatures') writer.agree(version, featureFlags);
  }
  return { socket, version, begins, featureFlags, digestBytes: digestBytesOf(stream), packets };
}

/** P_SIZES has them only where the feature was agreed. */
function withoutLimits(packet: Packet): Packet {
  if (packet.kind !== 'Sizes') return packet;
  const { queueLimits: _, ...rest } = packet;
  return rest;
}

function digestBytesOf(stream: RecordedStream): number {
  for (const { packet } of stream.packets)
    if ('payload' in packet && packet.digest !== undefined) return packet.digest.length;
  return 0;
}
