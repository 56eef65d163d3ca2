import { systemCalls } from './system-calls';

export const PAGE_BYTES = 4096;

/** A page of zeroes at a page's boundary, as direct I/O wants it. */
export function alignedPage(): Uint8Array {
  const memory = Buffer.alloc(2 * PAGE_BYTES);
  const excess = Number(systemCalls().address(memory) % BigInt(PAGE_BYTES));
  return memory.subarray(PAGE_BYTES - excess, 2 * PAGE_BYTES - excess);
}
