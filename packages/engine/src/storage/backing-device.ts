/**
 * One backing device: a block device, a regular file, memory, or a faulty layer over another one.
 *
 * Every operation completes by its callback, never inside the call. Completion of a write means "accepted by
 * the device"; only `flush` makes earlier completed writes stable (the page cache counts as a volatile cache).
 * Buffers belong to the device until the callback runs. Offsets and lengths are bytes and multiples of 512.
 */
export interface BackingDevice {
  /** What the user called it: a path. For messages. */
  readonly name: string;
  readonly kind: 'block' | 'file' | 'memory';
  /** As of the opening, or of the last `lookAtSize`. */
  readonly sizeBytes: number;
  readonly logicalBlockSizeBytes: number;
  readonly physicalBlockSizeBytes: number;
  /** Whether `discard` gives space back, so that TRIM may be offered to applications. */
  readonly discardSupported: boolean;

  /** Fills `into` completely or fails. */
  read(offsetBytes: number, into: Uint8Array, done: Completion): void;
  /** Writes the pieces one after the other from `offsetBytes` on; they are never joined. */
  write(offsetBytes: number, pieces: readonly Uint8Array[], done: Completion): void;
  /** All writes completed before this call are stable when it completes. */
  flush(done: Completion): void;
  /** Gives the space back; the range reads as zeroes afterwards. */
  discard(offsetBytes: number, lengthBytes: number, done: Completion): void;
  writeZeroes(offsetBytes: number, lengthBytes: number, done: Completion): void;
  /**
   * Which parts of the range are allocated, from its start on; maybe not to its end. Missing where the device
   * cannot tell.
   */
  allocation?(offsetBytes: number, lengthBytes: number, done: AllocationDone): void;
  /** Looks whether the device has grown, at once; `sizeBytes` tells. Missing where a size never changes. */
  lookAtSize?(): void;
  /** After the last request is complete. */
  close(done: Completion): void;
}

export type AllocationDone = (error: StorageError | null, extents: readonly AllocationExtent[]) => void;

/** A hole reads as zeroes. */
export interface AllocationExtent {
  readonly lengthBytes: number;
  readonly kind: 'data' | 'hole';
}

/** `error` is null on success; otherwise an errno name (ENOSPC, EIO, EROFS...) and what was tried on what. */
export type Completion = (error: StorageError | null) => void;

export interface StorageError {
  readonly code: string;
  readonly message: string;
}
