/**
 * What an exporter (the NBD server, a device frontend) needs from the volume behind it. The core implements it.
 *
 * Invariants:
 * - `done` runs exactly once per call, and never inside the call.
 * - The exporter checks ranges against `sizeBytes()` and alignment to `minimumBlockSizeBytes` before it calls.
 * - Payload pieces of a write are handed on as they came from the socket. Exporter and application never touch them
 *   again, so the volume may keep them (for a send queue) as long as it likes, also after `done`.
 * - `into` of a read belongs to the volume until `done`.
 */
export interface ExportedVolume {
  /** The export name, `<resource>/<volume>`. */
  readonly name: string;
  /** Changes when the device is resized: asked for every request. */
  sizeBytes(): number;
  readonly minimumBlockSizeBytes: number;
  /** Whether TRIM is offered. */
  readonly discardSupported: boolean;
  /** Longer `trim` and `writeZeroes` requests are split; reads and writes are at VOLUME_TRANSFER_MAX_BYTES. */
  readonly clearMaxBytes: number;

  /** Asks for the device as an application's open(2) would; a Secondary refuses, or promotes first (auto-promote). */
  open(mode: OpenMode, client: ExportClient, done: (result: OpenResult) => void): void;
  /** Exactly once for each opened handle, after its last request is done. */
  close(handle: OpenHandle): void;

  read(offsetBytes: number, into: Uint8Array, done: RequestDone): void;
  /** The pieces make up `sizeBytes` bytes, one after the other. */
  write(
    offsetBytes: number,
    pieces: readonly Uint8Array[],
    sizeBytes: number,
    durability: Durability,
    done: RequestDone,
  ): void;
  /** All writes done before this call are stable when it is done. */
  flush(done: RequestDone): void;
  trim(offsetBytes: number, lengthBytes: number, durability: Durability, done: RequestDone): void;
  /** The range reads as zeroes afterwards. `allocated`: it must not become a hole. */
  writeZeroes(
    offsetBytes: number,
    lengthBytes: number,
    space: ZeroSpace,
    durability: Durability,
    done: RequestDone,
  ): void;
  /** Which parts are allocated; the extents cover the range from its start on, maybe not all of it. */
  allocation?(offsetBytes: number, lengthBytes: number, done: AllocationDone): void;
}

/** The longest read or write that a volume is given; DRBD's largest request. */
export const VOLUME_TRANSFER_MAX_BYTES = 1024 * 1024;

export type OpenMode = 'read-only' | 'read-write';

/** Who asks, for logs and for DRBD's "held open by" messages. */
export interface ExportClient {
  /** Such as `nbd unix #12` or `nbd 127.0.0.1:40312`. */
  readonly description: string;
}

export type OpenResult =
  | { readonly kind: 'opened'; readonly handle: OpenHandle }
  /** The message is shown to the person at the client. */
  | { readonly kind: 'refused'; readonly errno: Errno; readonly message: string };

/** The volume's own token for one opener; the exporter only hands it back. */
export type OpenHandle = object;

/** `stable`: done only once the data would survive a power cut (FUA). */
export type Durability = 'volatile' | 'stable';

export type ZeroSpace = 'may-become-hole' | 'allocated';

/** Names, so that nobody has to remember numbers; an exporter translates. */
export type Errno = 'EPERM' | 'EIO' | 'ENOMEM' | 'EINVAL' | 'ENOSPC' | 'EOVERFLOW' | 'ENOTSUP' | 'ESHUTDOWN' | 'EROFS';

/** null: success. */
export type RequestDone = (error: Errno | null) => void;

export type AllocationDone = (result: Errno | readonly AllocationExtent[]) => void;

export interface AllocationExtent {
  readonly lengthBytes: number;
  readonly kind: 'data' | 'hole' | 'zero';
}
