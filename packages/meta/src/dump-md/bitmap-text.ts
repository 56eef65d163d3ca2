/**
 * The bitmap of one slot as text: runs of equal words are counted, the others follow four 64-bit values a line.
 * Source of the algorithm: metadata.md 8.2. Positions and lengths are in 32-bit words of the slot.
 */
import { popcount32 } from '@tsdrbd/engine/metadata';

/** Words per line; also what a run is rounded down to. */
const LINE_WORDS = 8;
/** Lines between two position labels, counted over all slots. */
const LABEL_LINES = 8;
/** What a line of one slot covers in a single-slot bitmap with 4 KiB blocks: 8 words, 32 bits, 4 KiB. */
const LABEL_KB_PER_WORD = 128;

export interface SlotText {
  readonly text: string;
  readonly bitsSet: number;
}

/**
 * `windowWords`: how many words of this slot lie in each read window of the original, whose borders end a run;
 * the last entry may be short. Text from `{` to `}`, with a line feed at the end.
 */
export function formatSlot(words: Uint32Array, slotCount: number, windowEnds: readonly number[]): SlotText {
  const parts: string[] = ['{'];
  let bitsSet = 0;
  let position = 0;
  let window = 0;
  while (position < words.length) {
    while (position >= (windowEnds[window] ?? words.length)) window++;
    const windowEnd = windowEnds[window] ?? words.length;
    if (position % LINE_WORDS === 0) {
      const line = Math.floor((slotCount * position) / LINE_WORDS);
      if (line % LABEL_LINES === 0) {
        parts.push(`\n   # at ${LABEL_KB_PER_WORD * slotCount * position}kB`);
      }
      parts.push('\n   ');
      const word = words[position] ?? 0;
      let end = position;
      while (end < windowEnd && words[end] === word) end++;
      const run = Math.floor((end - position) / LINE_WORDS) * LINE_WORDS;
      if (run > LINE_WORDS) {
        const hex = hexWord(word);
        parts.push(` ${run / 2} times 0x${hex}${hex};`);
        bitsSet += run * popcount32(word);
        position += run;
        continue;
      }
    }
    const low = words[position] ?? 0;
    const high = words[position + 1];
    // A last odd word is not shown, though a line may have begun for it.
    if (high === undefined) break;
    parts.push(` 0x${hexWord(high)}${hexWord(low)};`);
    bitsSet += popcount32(low) + popcount32(high);
    position += 2;
  }
  parts.push('\n}\n');
  return { text: parts.join(''), bitsSet };
}

function hexWord(word: number): string {
  return word.toString(16).toUpperCase().padStart(8, '0');
}
