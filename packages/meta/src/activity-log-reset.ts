/**
 * The activity log made empty, so that whatever a power cut leaves of it can be applied again: what it said is in the
 * bitmap by now, but a log that cannot be read at all would keep the device from being attached.
 *
 * A log is readable while it has a valid transaction, or when at most its first block is bad (metadata.md 4.6). So the
 * first block comes last, and holds a transaction until then.
 */
import {
  alTransactionBlockOffset,
  decodeAlTransaction,
  initialActivityLog,
  isMetadataError,
  MD_BLOCK_BYTES,
  type MetadataLayout,
} from '@tsdrbd/engine/metadata';
import type { MetaArea } from './meta-area';

const WHAT = 'apply_al:AL';

export interface PresentLog {
  readonly bytes: Uint8Array;
  /** `sectors`: the format before 8.4, which knows nothing of blocks. */
  readonly format: 'blocks' | 'sectors';
}

/** Stable when it returns. The layout must be allowed. */
export function resetActivityLog(area: MetaArea, layout: MetadataLayout, present: PresentLog): void {
  const { alOffsetBytes } = layout;
  const empty = initialActivityLog(layout);
  if (area.isDryRun) return area.write(WHAT, alOffsetBytes, empty);
  if (present.format === 'sectors') {
    // A log of zeroes counts as unused in the old format, and what is written over zeroes is whole after its first sector.
    area.write(WHAT, alOffsetBytes, new Uint8Array(empty.length));
    area.flush();
  } else {
    const [first, ...others] = transactions(present.bytes, layout);
    if (first === null) {
      const some = others.find((block) => block !== null);
      if (some !== undefined) {
        area.write(WHAT, alOffsetBytes, some);
        area.flush();
      }
    }
  }
  area.write(WHAT, alOffsetBytes + MD_BLOCK_BYTES, empty.subarray(MD_BLOCK_BYTES));
  area.flush();
  area.write(WHAT, alOffsetBytes, empty.subarray(0, MD_BLOCK_BYTES));
  area.flush();
}

/** In the order in which transactions fill the log, the first being the first on disk; null: no transaction. */
function transactions(log: Uint8Array, { alStripes, alStripeSize4k }: MetadataLayout): readonly (Uint8Array | null)[] {
  return Array.from({ length: alStripes * alStripeSize4k }, (_, position) => {
    const offset = alTransactionBlockOffset(position, alStripes, alStripeSize4k);
    const block = log.subarray(offset, offset + MD_BLOCK_BYTES);
    const decoded = decodeAlTransaction(block);
    return isMetadataError(decoded) || decoded.kind !== 'update' ? null : block;
  });
}
