/**
 * Which extents may have been written when the node stopped: the activity log read back.
 * Source: metadata.md 4.6 (format of 8.4 and 9), 4.5 (old format), 4.4 (persistent memory).
 */
import { MD_BLOCK_BYTES } from '../constants';
import { isMetadataError } from '../metadata-error';
import { alTransactionBlockOffset } from './ring';
import { AL_EXTENT_FREE, contextAssignments, decodeAlTransaction, type AlTransaction } from './transaction';

export type AlReplay =
  /** There are transactions: what they say is active. An empty set is possible. */
  | {
      readonly kind: 'updates';
      readonly hotExtents: ReadonlySet<number>;
      /** Where a writer must continue that does not initialise the log again. */
      readonly nextTransactionNumber: number;
      readonly corruptCount: number;
      readonly problems: readonly AlReplayProblem[];
    }
  /** Initialised and never used since. */
  | { readonly kind: 'nothing-logged'; readonly corruptCount: number }
  /** Not one valid block. */
  | { readonly kind: 'no-data' }
  /** Valid blocks, but no update where one must have been. */
  | { readonly kind: 'invalid'; readonly corruptCount: number };

export interface AlReplayProblem {
  readonly in: 'context' | 'update';
  readonly transactionNumber: number;
  readonly slot: number;
}

/** Slots from here on are out of range. */
export const AL_SLOTS_MAX = 65534;

/** `area` holds the whole log, stripes * stripeSize4k blocks in the order of the disk. */
export function replayActivityLog(
  area: Uint8Array,
  options: { readonly stripes: number; readonly stripeSize4k: number },
): AlReplay {
  const ring = readRing(area, options.stripes, options.stripeSize4k);
  const validCount = ring.filter((block) => block !== null).length;
  const corruptCount = ring.length - validCount;
  if (validCount === 0) return { kind: 'no-data' };

  const updates = ring.flatMap((block, position) => (block?.kind === 'update' ? [{ position, block }] : []));
  const [first, ...others] = updates;
  if (first === undefined) {
    const onlyFirstCorrupt = corruptCount === 1 && ring[0] === null;
    return corruptCount === 0 || onlyFirstCorrupt
      ? { kind: 'nothing-logged', corruptCount }
      : { kind: 'invalid', corruptCount };
  }
  let oldest = first;
  let newest = first;
  for (const candidate of others) {
    if (isBefore(candidate.block.transactionNumber, oldest.block.transactionNumber)) oldest = candidate;
    if (isBefore(newest.block.transactionNumber, candidate.block.transactionNumber)) newest = candidate;
  }

  const slots = new Map<number, number>();
  const problems: AlReplayProblem[] = [];
  const length = ring.length;
  const count = ((newest.position - oldest.position + length) % length) + 1;
  for (let i = 0; i < count; i++) {
    const block = ring[(oldest.position + i) % length];
    if (block?.kind === 'update') applyTransaction(block, slots, problems);
  }
  return {
    kind: 'updates',
    hotExtents: activeSet(slots),
    nextTransactionNumber: (newest.block.transactionNumber + 1) >>> 0,
    corruptCount,
    problems,
  };
}

/** Sequence numbers wrap at 2^32: their order is the sign of the 32-bit difference (metadata.md T10). */
function isBefore(a: number, b: number): boolean {
  return ((a - b) | 0) < 0;
}

/** Blocks in the order in which transactions fill them; null = not valid. */
function readRing(area: Uint8Array, stripes: number, stripeSize4k: number) {
  return Array.from({ length: stripes * stripeSize4k }, (_, position) => {
    const offset = alTransactionBlockOffset(position, stripes, stripeSize4k);
    const block = decodeAlTransaction(area.subarray(offset, offset + MD_BLOCK_BYTES));
    return isMetadataError(block) ? null : block;
  });
}

/** The context is the state before the updates of the same block: it comes first (metadata.md T8). */
function applyTransaction(transaction: AlTransaction, slots: Map<number, number>, problems: AlReplayProblem[]): void {
  const { transactionNumber } = transaction;
  for (const { slot, extent } of contextAssignments(transaction)) {
    if (slot >= AL_SLOTS_MAX) problems.push({ in: 'context', transactionNumber, slot });
    else slots.set(slot, extent);
  }
  for (const { slot, extent } of transaction.updates) {
    if (slot >= AL_SLOTS_MAX) problems.push({ in: 'update', transactionNumber, slot });
    else slots.set(slot, extent);
  }
}

function activeSet(slots: ReadonlyMap<number, number>): ReadonlySet<number> {
  return new Set([...slots.values()].filter((extent) => extent !== AL_EXTENT_FREE).sort((a, b) => a - b));
}
