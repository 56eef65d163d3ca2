import { join } from 'node:path';
import { recordedLinks } from '../../../test/pcap';
import { bitmapChunkBytes } from '../header/header';
import type { Packet } from '../packets/packet';
import { BitmapReceiver, MemoryBitmapSink } from './bitmap-receiver';
import type { BitmapPacket } from './bitmap-receiver';
import { BitmapSender } from './bitmap-sender';

const chunkBytes = 4080;
const hexOf = (packet: Packet | null): string =>
  packet !== null && 'bytes' in packet ? `${packet.kind} ${Buffer.from(packet.bytes).toString('hex')}` : 'nothing';
const bitmapOf = (runs: readonly number[], first: 0 | 1): { bitmap: Uint8Array; bitCount: number } => {
  const bitCount = runs.reduce((sum, run) => sum + run, 0);
  const bitmap = new Uint8Array(Math.ceil(bitCount / 64) * 8);
  const sink = new MemoryBitmapSink(bitmap);
  runs.reduce((position, run, i) => {
    if (i % 2 !== first) sink.setBits(position, position + run);
    return position + run;
  }, 0);
  return { bitmap, bitCount };
};
const packetsOf = (bitmap: Uint8Array, bitCount: number, rle: 'rle' | 'plain' = 'rle'): BitmapPacket[] => {
  const sender = new BitmapSender({ volume: 0, bitmap, bitCount, chunkBytes, rle });
  const packets: BitmapPacket[] = [];
  for (let packet = sender.next(); packet !== null; packet = sender.next()) packets.push(packet as BitmapPacket);
  return packets;
};

describe('a compressed bitmap', () => {
  test.each([
    ['5 set, 11 clear, 1 set, 47 clear', [5, 11, 1, 47], 1, '82e3c4f3'],
    ['1000 clear, 3 set, 20 clear, 1000000 set', [1000, 3, 20, 1000000], 0, '123fb7226ffc3d843c'],
    ['262144 set', [262144], 1, 'b27fcfde03'],
    ['262144 clear', [262144], 0, '327fcfde03'],
  ] as const)('of %s is encoded as wire.md 7.3 says', (_, runs, first, hex) => {
    const { bitmap, bitCount } = bitmapOf(runs, first === 1 ? 1 : 0);
    expect(packetsOf(bitmap, bitCount).map(hexOf)).toEqual([`CompressedBitmap ${hex}`]);
  });
});

describe('a transfer', () => {
  test('of an incompressible bitmap is plain and ends with an empty packet', () => {
    const bitmap = new Uint8Array(4088).fill(0x55);
    expect(packetsOf(bitmap, 4088 * 8).map(({ kind, bytes }) => [kind, bytes.length])).toEqual([
      ['Bitmap', 4080],
      ['Bitmap', 8],
      ['Bitmap', 0],
    ]);
  });

  test('of a device without bits is one empty packet', () => {
    expect(packetsOf(new Uint8Array(0), 0).map(hexOf)).toEqual(['Bitmap ']);
  });

  test('sends zeroes for the bits beyond the end of the device', () => {
    const [packet] = packetsOf(new Uint8Array(8).fill(0xff), 35, 'plain');
    expect(hexOf(packet ?? null)).toBe('Bitmap ffffffff07000000');
  });

  const receive = (packets: readonly BitmapPacket[], bitCount: number) => {
    const bitmap = new Uint8Array(Math.ceil(bitCount / 64) * 8);
    const receiver = new BitmapReceiver({ bitCount, chunkBytes }, new MemoryBitmapSink(bitmap));
    const results = packets.map((packet) => receiver.feed(packet));
    return { bitmap, results };
  };
  const compressed = (hex: string): BitmapPacket => ({
    kind: 'CompressedBitmap',
    volume: 0,
    bytes: Buffer.from(hex, 'hex'),
  });
  const plain = (length: number): BitmapPacket => ({
    kind: 'Bitmap',
    volume: 0,
    bytes: new Uint8Array(length).fill(0x11),
  });

  test.each([
    ['an unknown code', [compressed('83e3')], 64],
    ['a run beyond the end', [compressed('b27fcfde03')], 262143],
    ['a stream that ends within a code', [compressed('82ff')], 64],
    ['a plain packet of the wrong length', [plain(72)], 64],
    ['an empty packet before all words came', [plain(0)], 64],
    ['a packet after the end', [compressed('b27fcfde03'), plain(0)], 262144],
  ])('refuses %s', (_, packets, bitCount) => {
    expect(receive(packets, bitCount).results.at(-1)).toMatchObject({ kind: 'ProtocolError', code: 'bad-bitmap' });
  });

  test('repeats the word in which a compressed packet ended when a plain one follows', () => {
    // 35 set bits compressed, then the whole word plain.
    const { results, bitmap } = receive([compressed('e24f02'), plain(8), plain(0)], 64);
    expect(results).toEqual(['more', 'more', 'complete']);
    expect(Buffer.from(bitmap).toString('hex')).toBe('ffffffff17111111');
  });

  test('of a terabyte, all dirty but for one bit in the middle, takes one packet', () => {
    const bitCount = 2 ** 28;
    const bitmap = new Uint8Array(bitCount / 8).fill(0xff);
    bitmap[bitCount / 16] = 0xfe;
    expect(packetsOf(bitmap, bitCount).length).toBe(1);
  });
});

describe('recorded bitmap transfers', () => {
  test.each([
    'drbd-8.4.11-pair',
    'drbd-8.4.11-stories/03-protocol-a-writes',
    'drbd-8.4.11-stories/31-two-volumes',
    'drbd-9.2.18-with-8.4.11',
  ])('of %s are complete, and our sender makes the same packets of the same bits', (capture) => {
    let transfers = 0;
    for (const link of recordedLinks(join(__dirname, `../../../test/vectors/${capture}.pcap.gz`))) {
      const bitCounts = new Map<number, number>();
      for (const { packet } of link.packets) {
        if (packet.kind === 'Sizes') bitCounts.set(packet.volume, Math.ceil(packet.currentSectors / 8));
      }
      for (const { packet } of link.packets) {
        if (packet.kind !== 'CompressedBitmap') continue;
        const bitCount = bitCounts.get(packet.volume) ?? 0;
        const { bitmap, results } = receive84([packet], bitCount);
        expect(results).toEqual(['complete']);
        expect(packetsOf(bitmap, bitCount).map(hexOf)).toEqual([hexOf(packet)]);
        transfers++;
      }
    }
    expect(transfers).toBeGreaterThan(1);
  });

  function receive84(packets: readonly BitmapPacket[], bitCount: number) {
    const bitmap = new Uint8Array(Math.ceil(bitCount / 64) * 8);
    const receiver = new BitmapReceiver({ bitCount, chunkBytes: bitmapChunkBytes(101) }, new MemoryBitmapSink(bitmap));
    return { bitmap, results: packets.map((packet) => receiver.feed(packet)) };
  }
});
