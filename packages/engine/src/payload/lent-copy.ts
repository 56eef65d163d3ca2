import { shareMemory } from './payload-memory';

/**
 * A copy with one holder that turns to garbage once nobody holds it. Simulations hand payloads over in such copies, so
 * that whoever forgets to hold one is found out.
 */
export function lentCopy(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  shareMemory(copy.buffer, () => copy.fill(0xdb));
  return copy;
}
