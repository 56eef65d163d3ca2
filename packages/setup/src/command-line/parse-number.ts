/** Numbers as drbdsetup reads them: digits, then perhaps s, K, M or G. Source: setup.md 1.2. */
import type { NumberUnit } from '@tsdrbd/config/options';
import { EXIT_EMPTY_NUMBER, EXIT_USAGE, SetupExit } from '../setup-exit';

const SUFFIX_BYTES: Readonly<Record<string, bigint>> = { s: 512n, k: 1n << 10n, m: 1n << 20n, g: 1n << 30n };
const UNIT_BYTES: Readonly<Record<NumberUnit, bigint>> = { '1': 1n, s: 512n, k: 1024n };

/** In `unit`; a number with a suffix is converted to it, rounding up. Throws SetupExit. */
export function parseNumber(word: string, unit: NumberUnit = '1'): number {
  if (word === '') throw new SetupExit(EXIT_EMPTY_NUMBER, 'missing number argument\n');
  const match = /^(-?\d+)(.*)$/s.exec(word);
  if (match === null) throw new SetupExit(EXIT_USAGE, `${word} is not a valid number\n`);
  const plain = BigInt(match[1] ?? '');
  const suffix = match[2] ?? '';
  if (suffix === '') return inRange(plain, word);

  const bytes = SUFFIX_BYTES[suffix.toLowerCase()];
  if (bytes === undefined || suffix === 'S') throw new SetupExit(EXIT_USAGE, `${word} is not a valid unit\n`);
  const unitBytes = UNIT_BYTES[unit];
  return inRange((plain * bytes + unitBytes - 1n) / unitBytes, word);
}

function inRange(value: bigint, word: string): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < -BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new SetupExit(EXIT_USAGE, `${word}: out of range\n`);
  }
  return Number(value);
}
