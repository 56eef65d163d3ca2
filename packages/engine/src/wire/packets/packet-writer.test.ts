import fc from 'fast-check';
import { letGo } from '../../payload';
import type { Packet } from './packet';
import { PacketWriter } from './packet-writer';

const dataPacket = (blockId: number, sizeBytes: number): Packet => ({
  kind: 'Data',
  volume: 0,
  sector: blockId * 8,
  blockId: BigInt(blockId),
  seq: blockId,
  flags: 0,
  sizeBytes,
  // In two pieces, as payloads come.
  payload: [new Uint8Array(512).fill(blockId), new Uint8Array(sizeBytes - 512).fill(blockId + 1)],
});

function bytesOfOne(packet: Packet): Buffer {
  const writer = new PacketWriter('data');
  writer.agree(101, 0);
  writer.write(packet);
  return Buffer.concat(writer.take());
}

test('the memory of heads is used again only when it was let go', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({ sizeBytes: fc.constantFrom(512, 1024, 4096, 4608, 65536), take: fc.boolean(), letGo: fc.nat(3) }),
        { minLength: 100, maxLength: 400 },
      ),
      (steps) => {
        const writer = new PacketWriter('data');
        writer.agree(101, 0);
        const underWay: { readonly buffers: Uint8Array[]; readonly expected: Buffer }[] = [];
        let expected: Buffer[] = [];
        const sent = (): void => {
          const batch = underWay.shift();
          if (batch === undefined) return;
          // Looked at as late as a socket may: everything written since must have left it alone.
          expect(Buffer.concat(batch.buffers).equals(batch.expected)).toBe(true);
          letGo(batch.buffers);
        };
        for (const [blockId, step] of steps.entries()) {
          const packet = dataPacket(blockId, step.sizeBytes);
          writer.write(packet);
          expected.push(bytesOfOne(packet));
          if (step.take) {
            underWay.push({ buffers: writer.take(), expected: Buffer.concat(expected) });
            expected = [];
          }
          for (let n = 0; n < step.letGo; n++) sent();
        }
        while (underWay.length > 0) sent();
      },
    ),
    { numRuns: 20 },
  );
});

test('what was let go is written again, not allocated again', () => {
  const writer = new PacketWriter('data');
  writer.agree(101, 0);
  const memory = new Set<ArrayBufferLike>();
  for (let blockId = 0; blockId < 1000; blockId++) {
    writer.write(dataPacket(blockId, 4096));
    const buffers = writer.take();
    for (const buffer of buffers) memory.add(buffer.buffer);
    letGo(buffers);
  }
  expect(memory.size).toBe(1);
});
