/**
 * Streams that are wrong somewhere, through framer and decoders: packets or one ProtocolError come out, never an
 * exception, and never is more kept than one packet may hold.
 */
import { SimRandom } from '../../src/sim/random';
import { Framer, PAYLOAD_BYTES_MAX, type Packet, type ProtocolError } from '../../src/wire';
import { corpus, type Sample } from './corpus';
import { chunked, mutated } from './mutate';

const STREAMS = Number(process.env['TSDRBD_FUZZ_STREAMS'] ?? 200_000);
const FIRST = Number(process.env['TSDRBD_FUZZ_FIRST'] ?? 1);
/** A payload, and the head of the next packet. */
const KEPT_BYTES_MAX = PAYLOAD_BYTES_MAX + 8 * 1024;

const samples = corpus();

function stream(seed: number): { sample: Sample; chunks: Uint8Array[] } {
  const random = new SimRandom(seed);
  const any = (): Sample => {
    const sample = samples[random.below(samples.length)];
    if (sample === undefined) throw new Error('no samples');
    return sample;
  };
  const sample = any();
  const packets = random.chance(0.02)
    ? [random.bytes(random.below(400))]
    : mutated(sample.packets, () => any().packets, random);
  return { sample, chunks: chunked(packets, random) };
}

function framerFor({ socket, begins, version, featureFlags, digestBytes }: Sample): Framer {
  const framer = new Framer(socket);
  if (!begins) framer.agree(version, featureFlags);
  framer.setDigestBytes(digestBytes);
  return framer;
}

interface Outcome {
  readonly error: ProtocolError | null;
  readonly packetCount: number;
  readonly keptBytes: number;
}

function read({ sample, chunks }: { sample: Sample; chunks: readonly Uint8Array[] }): Outcome {
  const framer = framerFor(sample);
  let packetCount = 0;
  let keptBytes = 0;
  const sink = {
    packet: (packet: Packet): void => {
      packetCount++;
      if (packet.kind === 'ConnectionFeatures') framer.agree(sample.version, sample.featureFlags);
    },
  };
  let error: ProtocolError | null = null;
  for (const chunk of chunks) {
    error ??= framer.push(chunk, sink);
    keptBytes = Math.max(keptBytes, framer.keptBytes);
  }
  if (error !== null && framer.keptBytes !== 0) throw new Error('something is kept after an error');
  framer.stop();
  return { error, packetCount, keptBytes };
}

test('the samples themselves are read without an error, and hold nearly every packet', () => {
  expect(samples.length).toBeGreaterThan(500);
  const kinds = new Set<string>();
  for (const sample of samples) {
    const framer = framerFor(sample);
    const error = framer.push(Buffer.concat(sample.packets), {
      packet: (packet) => {
        kinds.add(packet.kind);
        if (packet.kind === 'ConnectionFeatures') framer.agree(sample.version, sample.featureFlags);
      },
    });
    expect(error).toBeNull();
  }
  expect(kinds.size).toBeGreaterThan(45);
});

test(`${STREAMS} mutated streams: packets or a ProtocolError, within bounded memory`, () => {
  const codes = new Map<string, number>();
  let packetCount = 0;
  for (let seed = FIRST; seed < FIRST + STREAMS; seed++) {
    let outcome: Outcome;
    try {
      outcome = read(stream(seed));
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
    if (outcome.keptBytes > KEPT_BYTES_MAX) throw new Error(`seed ${seed}: ${outcome.keptBytes} bytes kept`);
    packetCount += outcome.packetCount;
    const code = outcome.error?.code ?? 'none';
    codes.set(code, (codes.get(code) ?? 0) + 1);
  }
  // A fuzzer that breaks nothing, or everything at once, would prove nothing.
  expect(packetCount).toBeGreaterThan(STREAMS);
  for (const code of ['none', 'bad-magic', 'bad-value', 'unknown-command', 'unexpected-packet', 'wrong-length'])
    expect([code, (codes.get(code) ?? 0) > STREAMS / 1000]).toEqual([code, true]);
}, 600_000);
