/**
 * What applications were told about each block, and whether the disks can still answer for it.
 *
 * Every write fills one 4 KiB block with a number of its own. A block may hold, at the end, the last acknowledged write
 * or any write issued to it after that one was; anything else is a lost or a resurrected write.
 */
export const BLOCK_BYTES = 4096;

interface BlockHistory {
  acknowledged: number;
  /** Issued after the acknowledged one was issued, and not known to have failed for good. */
  possible: Set<number>;
}

export class WriteHistory {
  private readonly blocks = new Map<number, BlockHistory>();
  private next = 1;
  acknowledgedCount = 0;

  issue(block: number): number {
    const tag = this.next++;
    this.of(block).possible.add(tag);
    return tag;
  }

  acknowledge(block: number, tag: number): void {
    const history = this.of(block);
    this.acknowledgedCount++;
    if (tag < history.acknowledged) return;
    history.acknowledged = tag;
    for (const other of history.possible) if (other < tag) history.possible.delete(other);
  }

  /** Null: fine. */
  complaint(block: number, found: number): string | null {
    const history = this.of(block);
    if (history.possible.has(found) || found === history.acknowledged) return null;
    return `block ${block} holds write ${found}; ${history.acknowledged} was acknowledged, possible: ${[...history.possible].join(' ')}`;
  }

  /** After a split brain that a person decided: the discarded side's writes are gone with consent. */
  accept(block: number, found: number): void {
    const history = this.of(block);
    history.acknowledged = found;
    history.possible = new Set([found]);
  }

  touched(): IterableIterator<number> {
    return this.blocks.keys();
  }

  private of(block: number): BlockHistory {
    let history = this.blocks.get(block);
    if (history === undefined) this.blocks.set(block, (history = { acknowledged: 0, possible: new Set([0]) }));
    return history;
  }
}

export function filledBlock(tag: number): Uint8Array {
  const bytes = new Uint8Array(BLOCK_BYTES);
  new Uint32Array(bytes.buffer).fill(tag);
  return bytes;
}

/** The tag a block holds; -1: it holds pieces of several writes. */
export function tagOf(bytes: Uint8Array): number {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const first = words[0] ?? 0;
  for (let i = 1; i < words.length; i++) if (words[i] !== first) return -1;
  return first;
}
