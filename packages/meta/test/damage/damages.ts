/** Ways to spoil bytes and texts, drawn from a seed. */
export type Random = () => number;

/** Evenly from [0, 1); the same sequence for the same seed (mulberry32). */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const EXTREMES = [0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xffff, 0x10000, 0x3fffffff];

/** In place: bits flipped, fields with extreme values, sectors lost, exchanged or full of noise; one to three of them. */
export function damageBytes(random: Random, bytes: Buffer): void {
  const at = (align: number): number => Math.floor((random() * bytes.length) / align) * align;
  const damages: readonly (() => void)[] = [
    () => {
      const offset = at(1);
      bytes[offset] = (bytes[offset] ?? 0) ^ (1 << Math.floor(random() * 8));
    },
    () => void bytes.writeUInt32BE(EXTREMES[Math.floor(random() * EXTREMES.length)] ?? 0, at(4)),
    // Most of what a superblock says stands in its first bytes.
    () => void bytes.writeUInt32BE(Math.floor(random() * 2 ** 32), Math.floor(random() * 32) * 4),
    () => void bytes.fill(0, at(512)),
    () => {
      for (let i = at(512), end = Math.min(bytes.length, i + 512); i < end; i++) bytes[i] = Math.floor(random() * 256);
    },
    () => void bytes.copyWithin(at(512), at(512)),
  ];
  for (let count = 1 + Math.floor(random() * 3); count > 0; count--) damages[Math.floor(random() * damages.length)]?.();
}

const NUMBERS = ['-1', '0', '31', '32', '4294967296', '9223372036854775807', '99999999999999999999', '0x0', '0xZZ'];

export function damageText(random: Random, text: string): string {
  const lines = text.split('\n');
  const line = (): number => Math.floor(random() * lines.length);
  const position = Math.floor(random() * text.length);
  const damages: readonly (() => string)[] = [
    () => text.slice(0, position),
    () => text.slice(0, position) + text.slice(position + 1 + Math.floor(random() * 20)),
    () => text.slice(0, position) + String.fromCharCode(Math.floor(random() * 256)) + text.slice(position + 1),
    () => lines.toSpliced(line(), 1).join('\n'),
    () => lines.toSpliced(line(), 0, lines[line()] ?? '').join('\n'),
    () => {
      const found = [...text.matchAll(/\b(0x[0-9A-F]+|\d+)\b/g)];
      const number = found[Math.floor(random() * found.length)];
      if (number === undefined) return text;
      const other = NUMBERS[Math.floor(random() * NUMBERS.length)] ?? '';
      return text.slice(0, number.index) + other + text.slice(number.index + number[0].length);
    },
  ];
  return damages[Math.floor(random() * damages.length)]?.() ?? text;
}
