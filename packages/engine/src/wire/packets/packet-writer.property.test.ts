import fc from 'fast-check';
import { comparable, decodeAll, encodeAll, socketOf } from '../../../test/wire/framing';
import { arbitraryPacket } from '../../../test/wire/arbitrary-packet';
import * as layouts from './layouts';
import { FEATURES_ALL } from '../codes/flags';

const versions = Array.from({ length: 16 }, (_, i) => 86 + i);

describe('every packet', () => {
  test.each(versions)('round-trips at protocol %i, with and without features and digests', (version) => {
    for (const [featureFlags, digestBytes] of [
      [FEATURES_ALL, 20],
      [0, 0],
    ] as const) {
      fc.assert(
        fc.property(arbitraryPacket(version, featureFlags, digestBytes), (packet) => {
          const speaking = { version, featureFlags, digestBytes };
          const bytes = encodeAll([packet], socketOf(packet), speaking);
          const { packets, error } = decodeAll([bytes], socketOf(packet), speaking);
          expect(error).toBeNull();
          expect(packets.map(comparable)).toEqual([comparable(packet)]);
        }),
        { numRuns: 200 },
      );
    }
  });
});

describe('the hand-written fast path', () => {
  const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
  const u64 = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn });
  const sector = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
  const speaking = { version: 101, featureFlags: FEATURES_ALL };
  const body = (bytes: Uint8Array, length: number): string =>
    Buffer.from(bytes.subarray(16, 16 + length)).toString('hex');
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

  test('writes block acks as their table says', () => {
    fc.assert(
      fc.property(fc.record({ sector, blockId: u64, sizeBytes: u32, seq: u32 }), (fields) => {
        const bytes = encodeAll([{ kind: 'WriteAck', volume: 3, ...fields }], 'meta', speaking);
        expect(body(bytes, 24)).toBe(hex(layouts.blockAckLayout.encode(fields)));
      }),
    );
  });

  test('writes block requests as their table says', () => {
    fc.assert(
      fc.property(fc.record({ sector, blockId: u64, sizeBytes: u32, pad: u32 }), (fields) => {
        const bytes = encodeAll([{ kind: 'DataRequest', volume: 3, ...fields }], 'data', speaking);
        expect(body(bytes, 24)).toBe(hex(layouts.blockRequestLayout.encode(fields)));
      }),
    );
  });

  test('writes data heads and barriers as their tables say', () => {
    fc.assert(
      fc.property(fc.record({ sector, blockId: u64, seq: u32, flags: u32 }), u32, (fields, barrier) => {
        const payload = [new Uint8Array(512)];
        const data = encodeAll([{ kind: 'Data', volume: 3, ...fields, sizeBytes: 512, payload }], 'data', speaking);
        expect(body(data, 24)).toBe(hex(layouts.dataLayout.encode(fields)));
        const barriers = encodeAll([{ kind: 'Barrier', volume: 0, barrier }], 'data', speaking);
        expect(body(barriers, 8)).toBe(hex(layouts.barrierLayout.encode({ barrier })));
        const ack = encodeAll([{ kind: 'BarrierAck', volume: 0, barrier, setSize: fields.seq }], 'meta', speaking);
        expect(body(ack, 8)).toBe(hex(layouts.barrierAckLayout.encode({ barrier, setSize: fields.seq })));
      }),
    );
  });
});
