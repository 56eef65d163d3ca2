/**
 * Who still needs the memory that a payload lies in.
 *
 * Sockets read into chunks of memory that are used again. A payload on its way through the engine is a list of pieces of
 * such chunks, never copied, so everybody who keeps a piece beyond the call that handed it over holds it, and lets go of
 * it once: the NBD server until the request is done, the framer until its packet is complete, the core until the disk
 * has it, a link until the kernel has taken it.
 *
 * Memory that is no such chunk is nobody's: holding it means nothing. A piece that is never let go costs its chunk, which
 * the garbage collector then takes.
 */

interface Holders {
  count: number;
  readonly unused: () => void;
}

const holdersOf = new WeakMap<ArrayBufferLike, Holders>();

/** Begins to count the holders of a chunk, with one. `unused` runs each time that the last one let go. */
export function shareMemory(chunk: ArrayBufferLike, unused: () => void): void {
  holdersOf.set(chunk, { count: 1, unused });
}

/** The chunk is held by one again, who takes it into use. */
export function takeMemory(chunk: ArrayBufferLike): void {
  const holders = holdersOf.get(chunk);
  if (holders?.count !== 0) throw new Error('memory that is in use, or not shared');
  holders.count = 1;
}

export function holderCount(chunk: ArrayBufferLike): number {
  return holdersOf.get(chunk)?.count ?? 0;
}

export function holdPiece(piece: Uint8Array): void {
  const holders = holdersOf.get(piece.buffer);
  if (holders !== undefined) holders.count++;
}

export function letGoPiece(piece: Uint8Array): void {
  const holders = holdersOf.get(piece.buffer);
  if (holders === undefined) return;
  if (holders.count === 0) throw new Error('memory let go more often than held');
  if (--holders.count === 0) holders.unused();
}

export function hold(pieces: readonly Uint8Array[]): void {
  for (const piece of pieces) holdPiece(piece);
}

export function letGo(pieces: readonly Uint8Array[]): void {
  for (const piece of pieces) letGoPiece(piece);
}
