import { join } from 'node:path';
import { comparable, decodeAll, encodeAll } from '../../../test/wire/framing';
import { recordedLinks } from '../../../test/pcap';
import { FEATURES_ALL, Feature } from '../codes/flags';
import type { Packet } from '../packets/packet';
import { Framer } from './framer';

const speaking = { version: 101, featureFlags: FEATURES_ALL };
const ack: Packet = {
  kind: 'WriteAck',
  volume: 0,
  sector: 2048,
  blockId: 0x0042a1e09988ffffn,
  sizeBytes: 4096,
  seq: 1,
};
const data = (digest?: Uint8Array): Packet => ({
  kind: 'Data',
  volume: 1,
  sector: 2048,
  blockId: 0x0042a1e09988ffffn,
  seq: 1,
  flags: 0x102,
  sizeBytes: 1024,
  payload: [Uint8Array.from({ length: 1024 }, (_, i) => i & 255)],
  ...(digest === undefined ? {} : { digest }),
});
const hex = (text: string): Uint8Array => Buffer.from(text.replace(/ /g, ''), 'hex');

describe('the framer', () => {
  const packets: Packet[] = [
    data(new Uint8Array(20).fill(0xdd)),
    { kind: 'Barrier', volume: 0, barrier: 0x39300000 },
    { kind: 'State', volume: 0, state: 0xd082 },
    { kind: 'UnplugRemote', volume: 0 },
    { kind: 'Bitmap', volume: 0, bytes: new Uint8Array(64).fill(0xaa) },
    { kind: 'CompressedBitmap', volume: 0, bytes: hex('b27fcfde03') },
    data(new Uint8Array(20).fill(0xee)),
  ];
  const withDigest = { ...speaking, digestBytes: 20 };
  const stream = encodeAll(packets, 'data', withDigest);
  const expected = packets.map(comparable);

  test('finds the same packets at every cut position', () => {
    for (let cut = 0; cut <= stream.length; cut++) {
      const { packets: found, error } = decodeAll([stream.subarray(0, cut), stream.subarray(cut)], 'data', withDigest);
      expect(error).toBeNull();
      expect(found.map(comparable)).toEqual(expected);
    }
  });

  test.each([1, 2, 3, 7, 13, 17, 41, 512])('finds the same packets in chunks of %i bytes', (size) => {
    const chunks = Array.from({ length: Math.ceil(stream.length / size) }, (_, i) =>
      stream.subarray(i * size, (i + 1) * size),
    );
    expect(decodeAll(chunks, 'data', withDigest).packets.map(comparable)).toEqual(expected);
  });

  test('passes payloads on as parts of the chunk, without a copy', () => {
    const bytes = encodeAll([data()], 'data', speaking);
    const [packet] = decodeAll([bytes], 'data', speaking).packets;
    expect(packet?.kind === 'Data' && packet.payload[0]?.buffer).toBe(bytes.buffer);
  });

  test('holds what follows the features until the version is agreed, then reads it in the new format', () => {
    const features: Packet = {
      kind: 'ConnectionFeatures',
      volume: 0,
      protocolMin: 86,
      featureFlags: 15,
      protocolMax: 101,
      senderNodeId: 0,
      receiverNodeId: 0,
    };
    const bytes = Buffer.concat([
      encodeAll([features], 'data', { version: 0, featureFlags: 0 }),
      encodeAll([{ kind: 'State', volume: 0, state: 0xd082 }], 'data', speaking),
    ]);
    const framer = new Framer('data');
    const found: Packet[] = [];
    const sink = { packet: (packet: Packet): void => void found.push(packet) };
    expect(framer.push(bytes.subarray(0, 90), sink)).toBeNull();
    expect(framer.held).toBe(true);
    expect(framer.push(bytes.subarray(90), sink)).toBeNull();
    expect(found).toEqual([features]);
    framer.agree(101, 15);
    expect(framer.resume(sink)).toBeNull();
    expect(found).toEqual([features, { kind: 'State', volume: 0, state: 0xd082 }]);
  });

  test('hands nothing over after it was stopped, not even the rest of the chunk', () => {
    const framer = new Framer('meta');
    let count = 0;
    const sink = {
      packet: (): void => {
        count++;
        framer.stop();
      },
    };
    framer.push(encodeAll([ack, ack, ack], 'meta', speaking), sink);
    expect(count).toBe(1);
  });

  test('takes a ping in the old format on the meta socket, at any time', () => {
    expect(decodeAll([hex('83740267 0013 0000')], 'meta', speaking).packets).toEqual([{ kind: 'Ping', volume: 0 }]);
  });

  test.each([
    ['a wrong magic', 'data', '83740268 0013 0000', 'bad-magic'],
    ['header80 on the data socket at 101', 'data', '83740267 0007 0000 00000000 00000000', 'bad-magic'],
    ['a pad that is not zero', 'data', '8620ec20 0000 0007 00000000 00000001', 'bad-header'],
    ['an unknown command', 'data', '8620ec20 0000 0005 00000000 00000000', 'unknown-command'],
    ['a packet of DRBD 9', 'data', '8620ec20 0000 0030 00000008 00000000', 'unknown-command'],
    ['an ack on the data socket', 'data', '8620ec20 0000 0016 00000018 00000000', 'unexpected-packet'],
    ['data on the meta socket', 'meta', '8620ec20 0000 0000 00001018 00000000', 'unexpected-packet'],
    ['features after the handshake', 'data', '8620ec20 0000 fffe 00000048 00000000', 'unexpected-packet'],
    ['an ack that is too long', 'meta', '8620ec20 0000 0016 00000019 00000000', 'wrong-length'],
    ['an ack that is too short', 'meta', '8620ec20 0000 0016 00000017 00000000', 'wrong-length'],
    ['a payload above 1 MiB', 'data', '8620ec20 0000 0000 00100019 00000000', 'wrong-length'],
    ['4 GiB of bitmap', 'data', '8620ec20 0000 0004 ffffffff 00000000', 'wrong-length'],
    [
      'sizes without the queue limits that were agreed',
      'data',
      `8620ec20 0000 000d 00000020 00000000 ${'00'.repeat(32)}`,
      'wrong-length',
    ],
    ['half a sector of data', 'data', `8620ec20 0000 0000 00000118 00000000 ${'00'.repeat(24)}`, 'bad-value'],
    ['a sector beyond 2^53', 'meta', `8620ec20 0000 0016 00000018 00000000 ffffffff ${'00'.repeat(20)}`, 'bad-value'],
    [
      'an algorithm without its terminator',
      'data',
      `8620ec20 0000 000b 00000019 00000000 ${'00'.repeat(24)}41`,
      'bad-value',
    ],
  ] as const)('refuses %s', (_, socket, bytes, code) => {
    expect(decodeAll([hex(bytes)], socket, speaking).error?.code).toBe(code);
  });

  test('refuses anything but features before the version is agreed', () => {
    const { error } = decodeAll([hex('83740267 000e 0004 0000d082')], 'data', { version: 0, featureFlags: 0 });
    expect(error?.code).toBe('no-features');
  });

  test.each([
    ['shorter', '83740267 fffe 0047'],
    ['longer', '83740267 fffe 0049'],
  ])('refuses features that are %s than 72 bytes', (_, header) => {
    const { error } = decodeAll([hex(header)], 'data', { version: 0, featureFlags: 0 });
    expect(error?.code).toBe('no-features');
  });

  test.each([
    ['P_TRIM', 'TRIM', '0031 0000001c', Feature.TRIM],
    ['P_RS_THIN_REQ', 'THIN_RESYNC', '0032 00000018', Feature.THIN_RESYNC],
    ['P_RS_DEALLOCATED', 'THIN_RESYNC', '0033 00000010', Feature.THIN_RESYNC],
    ['P_WSAME', 'WSAME', '0034 0000021c', Feature.WSAME],
    ['P_ZEROES', 'WZEROES', '0036 0000001c', Feature.WZEROES],
  ])('refuses %s where %s was not agreed', (packet, feature, commandAndLength, flag) => {
    const stream = [hex(`8620ec20 0000 ${commandAndLength} 00000000 ${'00'.repeat(28 + 512)}`)];
    const without = decodeAll(stream, 'data', { version: 101, featureFlags: FEATURES_ALL & ~flag });
    expect(without.packets).toEqual([]);
    expect(without.error).toMatchObject({
      code: 'unexpected-packet',
      message: `${packet} without the feature ${feature}`,
    });
    expect(decodeAll(stream, 'data', speaking).error?.message ?? '').not.toContain('without the feature');
  });
});

describe('damaged streams', () => {
  /** xorshift32: the same damage on every run. */
  function generator(seed: number): () => number {
    let state = seed;
    return () => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return state >>> 0;
    };
  }

  test('20,000 mutations of recorded traffic end in packets or in a named error, never in an exception', () => {
    const [link] = recordedLinks(
      join(__dirname, '../../../test/vectors/drbd-8.4.11-stories/27-detach-diskless-reattach.pcap.gz'),
    );
    const streams = link?.streams ?? [];
    const random = generator(20_000);
    let errors = 0;
    for (let round = 0; round < 20_000; round++) {
      const stream = streams[random() % streams.length];
      if (stream === undefined) throw new Error('no stream');
      const skip = stream.socket === 'data' ? 80 : 0;
      const bytes = Buffer.from(stream.bytes.subarray(skip, skip + 1200));
      for (let flips = random() % 4; flips >= 0; flips--) bytes[random() % bytes.length] = random();
      const cut = random() % bytes.length;
      const { error } = decodeAll([bytes.subarray(0, cut), bytes.subarray(cut)], stream.socket, speaking);
      if (error !== null) errors++;
    }
    expect(errors).toBeGreaterThan(1000);
    expect(errors).toBeLessThan(20_000);
  });
});
