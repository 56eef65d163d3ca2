import { MD_BLOCK_BYTES } from '../constants';

/**
 * Byte offset, from the start of the activity log, of the block that transaction `transactionNumber` is written
 * to: the ring jumps from stripe to stripe. Source: metadata.md 4.3.
 */
export function alTransactionBlockOffset(transactionNumber: number, stripes: number, stripeSize4k: number): number {
  const position = transactionNumber % (stripes * stripeSize4k);
  return ((position % stripes) * stripeSize4k + Math.floor(position / stripes)) * MD_BLOCK_BYTES;
}
