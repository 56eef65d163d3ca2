/** Numbers with unit letters, as drbd.conf and drbdsetup read them (config.md 2.4). */
import type { NumberUnit } from './option';

const UNSIGNED_64 = 1n << 64n;

/** Bytes of the unit letters, and of the default units. */
const unitBytes: Readonly<Record<string, bigint>> = { '1': 1n, s: 512n, k: 1n << 10n, m: 1n << 20n, g: 1n << 30n };

/**
 * Digits and at most one of the letters k K m M g G s. Without a letter the value is in `unit` already; with
 * one it is converted to `unit`, rounding up. Returns undefined for anything else; a negative number becomes huge, as
 * in the original, and too many digits stay at the largest 64-bit number.
 */
export function parseNumber(text: string, unit: NumberUnit): bigint | undefined {
  if (/^[0-9]{1,15}$/.test(text)) return BigInt(text);
  const match = /^[ \t]*([+-]?)([0-9]+)([kKmMgGs]?)$/.exec(text);
  if (match === null) return undefined;
  const [, sign, digits = '', letter = ''] = match;
  // 21 digits are beyond 64 bits whatever they say, so longer ones need no exact value.
  const significant = digits.replace(/^0+/, '');
  const magnitude = significant.length > 20 ? UNSIGNED_64 - 1n : BigInt(significant || '0');
  const saturated = magnitude < UNSIGNED_64 ? magnitude : UNSIGNED_64 - 1n;
  const count = sign === '-' ? (UNSIGNED_64 - saturated) % UNSIGNED_64 : saturated;
  if (letter === '') return count;
  const bytes = count * (unitBytes[letter.toLowerCase()] ?? 1n);
  if (bytes >= UNSIGNED_64) return undefined;
  const divisor = unitBytes[unit] ?? 1n;
  return (bytes + divisor - 1n) / divisor;
}
