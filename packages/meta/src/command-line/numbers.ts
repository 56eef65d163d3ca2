import { EXIT, MetaExit } from '../meta-exit';

const UNIT_BYTES: Readonly<Record<string, number>> = {
  s: 512,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
};

/**
 * Unsigned decimal with an optional unit, in `defaultUnitBytes`, rounded up. Errors: exit 20, or 100 when empty.
 * Source: metadata.md 6.1 (numbers), transcripts usage-errors.
 */
export function parseSize(text: string, defaultUnitBytes: number): number {
  if (text === '') throw new MetaExit(EXIT.emptyNumber, 'missing number argument');
  const match = /^(\d+)(.*)$/s.exec(text);
  const digits = match?.[1];
  if (digits === undefined) throw new MetaExit(EXIT.usage, `${text} is not a valid number`);
  const suffix = match?.[2] ?? '';
  const unit = suffix === '' ? defaultUnitBytes : suffix === 'S' ? undefined : UNIT_BYTES[suffix.toLowerCase()];
  if (unit === undefined) throw new MetaExit(EXIT.usage, `${text} is not a valid unit`);
  const value = Math.ceil((Number(digits) * unit) / defaultUnitBytes);
  if (!Number.isSafeInteger(value)) throw new MetaExit(EXIT.usage, `${text}: out of range`);
  return value;
}
