/**
 * One transaction of the activity log, format of DRBD 8.4 and 9: a 4096-byte block, big-endian.
 * Source: metadata.md 4.2.
 *
 * `updates` are assignments slot -> extent made by this transaction. `context` is the state of up to 919 slots
 * before these updates; the windows of successive transactions rotate, so that the ring always holds all slots.
 */
import { array, constant, isCodecError, layout, u16, u32, zeros } from '../../codec';
import { AL_MAGIC, MD_BLOCK_BYTES } from '../constants';
import { crc32cSeedZero } from '../crc32c';
import { metadataError, type MetadataError } from '../metadata-error';

export const AL_UPDATES_PER_TRANSACTION = 64;
export const AL_CONTEXT_PER_TRANSACTION = 919;
/** A slot that holds no extent. */
export const AL_EXTENT_FREE = 0xffffffff;
/** An unused update entry. */
export const AL_SLOT_NONE = 0xffff;

export interface AlUpdate {
  readonly slot: number;
  /** An extent number, or AL_EXTENT_FREE. */
  readonly extent: number;
}

/** `extents[i]` is what slot `slot + i` held before the updates of the same transaction. */
export interface AlContext {
  readonly slot: number;
  readonly extents: readonly number[];
}

export interface AlTransactionInput {
  /** Increments by 1 per block written, wraps at 2^32. */
  readonly transactionNumber: number;
  /** Number of slots of the log (al-extents), not of context entries. */
  readonly contextSize: number;
  /** At most 64. */
  readonly updates: readonly AlUpdate[];
  /** At most 919 extents; entries at or beyond contextSize must not be given. */
  readonly context: AlContext;
}

export interface AlTransaction extends AlTransactionInput {
  readonly kind: 'update';
  /** The count the block states; `updates` also holds entries beyond it whose slot is not 0xFFFF (metadata.md T9). */
  readonly updateCount: number;
  readonly crc: number;
}

/** Written by create-md and apply-al; carries nothing. */
export interface AlInitialised {
  readonly kind: 'initialised';
  readonly transactionNumber: number;
}

const TYPE_UPDATE = 0;
const TYPE_INITIALISED = 0xffff;

const alBlock = layout(
  'activity log block',
  {
    magic: constant(u32, AL_MAGIC),
    transactionNumber: u32,
    crc: u32,
    transactionType: u16,
    updateCount: u16,
    contextSize: u16,
    contextStartSlot: u16,
    reserved: zeros(16),
    updateSlots: array(u16, AL_UPDATES_PER_TRANSACTION),
    updateExtents: array(u32, AL_UPDATES_PER_TRANSACTION),
    context: array(u32, AL_CONTEXT_PER_TRANSACTION),
  },
  MD_BLOCK_BYTES,
);
const CRC_OFFSET = alBlock.offsets['crc'] ?? 0;

/** 4096 bytes, checksum included. */
export function encodeAlTransaction(transaction: AlTransactionInput): Uint8Array {
  const { updates, context } = transaction;
  if (updates.length > AL_UPDATES_PER_TRANSACTION) throw new Error(`${updates.length} updates in one transaction`);
  if (context.extents.length > AL_CONTEXT_PER_TRANSACTION) throw new Error(`${context.extents.length} context entries`);
  return sealed(
    alBlock.encode({
      transactionNumber: transaction.transactionNumber,
      crc: 0,
      transactionType: TYPE_UPDATE,
      updateCount: updates.length,
      contextSize: transaction.contextSize,
      contextStartSlot: context.slot,
      updateSlots: filled(
        updates.map((u) => u.slot),
        AL_UPDATES_PER_TRANSACTION,
        AL_SLOT_NONE,
      ),
      updateExtents: filled(
        updates.map((u) => u.extent),
        AL_UPDATES_PER_TRANSACTION,
        AL_EXTENT_FREE,
      ),
      context: filled(context.extents, AL_CONTEXT_PER_TRANSACTION, AL_EXTENT_FREE),
    }),
  );
}

/** The block create-md and apply-al fill the log with. */
export function encodeAlInitialised(): Uint8Array {
  const block = new Uint8Array(MD_BLOCK_BYTES);
  const view = new DataView(block.buffer);
  view.setUint32(0, AL_MAGIC);
  view.setUint32(CRC_OFFSET, INITIALISED_CRC);
  view.setUint16(alBlock.offsets['transactionType'] ?? 0, TYPE_INITIALISED);
  return block;
}
const INITIALISED_CRC = 0x709cc651;
let initialised: Uint8Array | undefined;

/** Errors: 'truncated', 'no-magic', 'bad-transaction' (the checksum does not match). */
export function decodeAlTransaction(block: Uint8Array): AlTransaction | AlInitialised | MetadataError {
  // Most blocks of most logs: nothing in them need be computed to know them.
  if (Buffer.compare(block, (initialised ??= encodeAlInitialised())) === 0) {
    return { kind: 'initialised', transactionNumber: 0 };
  }
  const value = alBlock.decode(block);
  if (isCodecError(value)) return metadataError(value.field === null ? 'truncated' : 'no-magic', value.message);
  const crc = crcOf(block);
  if (crc !== value.crc) {
    return metadataError(
      'bad-transaction',
      `activity log block: crc 0x${value.crc.toString(16)}, not 0x${crc.toString(16)}`,
    );
  }
  if (value.transactionType === TYPE_INITIALISED) {
    return { kind: 'initialised', transactionNumber: value.transactionNumber };
  }
  return {
    kind: 'update',
    transactionNumber: value.transactionNumber,
    crc: value.crc,
    updateCount: value.updateCount,
    contextSize: value.contextSize,
    updates: value.updateSlots
      .map((slot, i) => ({ slot, extent: value.updateExtents[i] ?? AL_EXTENT_FREE }))
      .filter(({ slot }, i) => i < value.updateCount || slot !== AL_SLOT_NONE),
    context: { slot: value.contextStartSlot, extents: value.context },
  };
}

/** Context entries that say something: free slots do, filler beyond the last slot does not (metadata.md T8). */
export function contextAssignments(transaction: AlTransaction): readonly AlUpdate[] {
  return transaction.context.extents
    .map((extent, i) => ({ slot: transaction.context.slot + i, extent }))
    .filter(({ slot, extent }) => extent !== AL_EXTENT_FREE || slot < transaction.contextSize);
}

function filled(values: readonly number[], count: number, filler: number): number[] {
  return [...values, ...new Array<number>(count - values.length).fill(filler)];
}

function sealed(block: Uint8Array): Uint8Array {
  new DataView(block.buffer).setUint32(CRC_OFFSET, crcOf(block));
  return block;
}

function crcOf(block: Uint8Array): number {
  const copy = block.slice(0, MD_BLOCK_BYTES);
  copy.fill(0, CRC_OFFSET, CRC_OFFSET + 4);
  return crc32cSeedZero(copy);
}
