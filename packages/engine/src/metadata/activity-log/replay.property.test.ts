import fc from 'fast-check';
import { replayActivityLog } from './replay';
import { alTransactionBlockOffset } from './ring';
import { AL_EXTENT_FREE, encodeAlInitialised, encodeAlTransaction } from './transaction';

/**
 * A writer as metadata.md 4.3 describes it, with slots few enough that every slot is in the context of the ring:
 * whatever it does, replay finds exactly the extents that it holds.
 */
test('replay finds what the writer holds', () => {
  const workload = fc.record({
    slotCount: fc.constantFrom(7, 67, 257, 1237, 6433),
    geometry: fc.constantFrom(
      { stripes: 1, stripeSize4k: 8 },
      { stripes: 2, stripeSize4k: 16 },
      { stripes: 4, stripeSize4k: 4 },
      { stripes: 3, stripeSize4k: 8 },
    ),
    start: fc.constantFrom(0, 5, 0xfffffffa),
    steps: fc.array(fc.array(fc.tuple(fc.nat(), fc.nat(1 << 20)), { minLength: 1, maxLength: 64 }), { maxLength: 40 }),
  });
  fc.assert(
    fc.property(workload, ({ slotCount, geometry, start, steps }) => {
      const { stripes, stripeSize4k } = geometry;
      const blockCount = stripes * stripeSize4k;
      // The position jumps once where a ring of another length meets the wrap at 2^32 (metadata.md 4.3).
      if (start + steps.length > 2 ** 32 && 2 ** 32 % blockCount !== 0) return;
      const area = new Uint8Array(blockCount * 4096);
      for (let offset = 0; offset < area.length; offset += 4096) area.set(encodeAlInitialised(), offset);
      const slots = new Array<number>(slotCount).fill(AL_EXTENT_FREE);
      let contextStart = 0;
      steps.forEach((step, i) => {
        const transactionNumber = (start + i) >>> 0;
        const bySlot = new Map(step.map(([slot, extent]) => [slot % slotCount, extent]));
        const updates = [...bySlot].map(([slot, extent]) => ({ slot, extent }));
        const context = { slot: contextStart, extents: slots.slice(contextStart, contextStart + 919) };
        area.set(
          encodeAlTransaction({ transactionNumber, contextSize: slotCount, updates, context }),
          alTransactionBlockOffset(transactionNumber, stripes, stripeSize4k),
        );
        for (const { slot, extent } of updates) slots[slot] = extent;
        contextStart = contextStart + 919 >= slotCount ? 0 : contextStart + 919;
      });
      const expected = [...new Set(slots.filter((extent) => extent !== AL_EXTENT_FREE))].sort((a, b) => a - b);
      const replay = replayActivityLog(area, { stripes, stripeSize4k });
      if (steps.length === 0) expect(replay.kind).toBe('nothing-logged');
      else expect(replay.kind === 'updates' && [...replay.hotExtents]).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});
