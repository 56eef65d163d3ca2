/** Structural integers: their text is used as C's atoi would, or with its unit letter. Source: config.md 2.4. */
import { parseNumber } from '../options';

/** The leading digits: `1K` is 1. */
export function leadingInteger(text: string): number {
  return Number.parseInt(text, 10);
}

/** With the unit letter applied: `7K` is 7168. */
export function scaledInteger(text: string): number {
  // Nearly all have no unit letter.
  const plain = Number(text);
  if (Number.isSafeInteger(plain) && plain >= 0 && text !== '') return plain;
  return Number(parseNumber(text, '1') ?? 0n);
}
