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

/** Some of a slot's words: one read window of the original, which looks for the end of a run in each anew. */
export interface SlotWindow {
  /** A multiple of 8. */
  readonly firstWord: number;
  readonly wordCount: number;
  /** A number: all of them are this one. */
  readonly words: Uint32Array | number;
}

/** Text from `{` to `}`, with a line feed at the end, in pieces. Returns the number of bits that are set. */
export function writeSlot(windows: Iterable<SlotWindow>, slotCount: number, write: (text: string) => void): number {
  const text = new SlotText(slotCount, write);
  write('{');
  for (const window of windows) text.add(window);
  text.end();
  write('\n}\n');
  return text.bitsSet;
}

/** Text is handed on in pieces of about this many parts of a line. */
const PARTS_MAX = 10_000;

class SlotText {
  bitsSet = 0;
  private parts: string[] = [];
  /** A run that reached the end of its window, and may go on in the next. */
  private open: { readonly word: number; count: number } | null = null;

  constructor(
    private readonly slotCount: number,
    private readonly write: (text: string) => void,
  ) {}

  add(window: SlotWindow): void {
    const { firstWord, wordCount } = window;
    let index = 0;
    if (this.open !== null) {
      const length = wholeLines(runLength(window, 0, this.open.word));
      // The rule that a run is worth more than a line holds for each window's share.
      if (length > LINE_WORDS) {
        this.open.count += length;
        index = length;
        if (index === wordCount) return;
      }
      this.closeRun();
    }
    while (index < wordCount) {
      if (this.parts.length > PARTS_MAX) this.flush();
      if ((firstWord + index) % LINE_WORDS === 0) {
        this.startLine(firstWord + index);
        const word = wordAt(window, index);
        const length = wholeLines(runLength(window, index, word));
        if (length > LINE_WORDS) {
          this.open = { word, count: length };
          index += length;
          if (index < wordCount) this.closeRun();
          continue;
        }
      }
      const low = wordAt(window, index);
      // A last odd word is counted but not shown, though a line may have begun for it.
      if (index + 1 >= wordCount) {
        this.bitsSet += popcount32(low);
        break;
      }
      const high = wordAt(window, index + 1);
      this.parts.push(` 0x${hexWord(high)}${hexWord(low)};`);
      this.bitsSet += popcount32(low) + popcount32(high);
      index += 2;
    }
  }

  end(): void {
    this.closeRun();
    this.flush();
  }

  private startLine(position: number): void {
    const line = Math.floor((this.slotCount * position) / LINE_WORDS);
    if (line % LABEL_LINES === 0) this.parts.push(`\n   # at ${LABEL_KB_PER_WORD * this.slotCount * position}kB`);
    this.parts.push('\n   ');
  }

  private closeRun(): void {
    if (this.open === null) return;
    const { word, count } = this.open;
    const hex = hexWord(word);
    this.parts.push(` ${count / 2} times 0x${hex}${hex};`);
    this.bitsSet += count * popcount32(word);
    this.open = null;
  }

  private flush(): void {
    this.write(this.parts.join(''));
    this.parts = [];
  }
}

function wordAt({ words }: SlotWindow, index: number): number {
  return typeof words === 'number' ? words : (words[index] ?? 0);
}

/** How many words from `index` on are `word`, within the window. */
function runLength({ words, wordCount }: SlotWindow, index: number, word: number): number {
  if (typeof words === 'number') return words === word ? wordCount - index : 0;
  let end = index;
  while (end < wordCount && words[end] === word) end++;
  return end - index;
}

const wholeLines = (wordCount: number): number => Math.floor(wordCount / LINE_WORDS) * LINE_WORDS;

function hexWord(word: number): string {
  return word.toString(16).toUpperCase().padStart(8, '0');
}
