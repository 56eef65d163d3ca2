/**
 * Generation UUIDs of one volume and the ways in which they move. Source: behaviour.md 3.1, 3.2; metadata.md 5.
 *
 * Below protocol 110 a peer sees the current UUID, the bitmap UUID kept for it and the two youngest history UUIDs.
 */
import { UUID_JUST_CREATED, UUID_PRIMARY } from '../../metadata';

export interface UuidSet {
  readonly current: bigint;
  readonly bitmap: bigint;
  readonly history0: bigint;
  readonly history1: bigint;
}

/** What the peer told of itself: its UUIDs, its dirty bits and flags at that moment. */
export interface PeerUuids extends UuidSet {
  readonly dirtyBits: number;
  readonly flags: bigint;
}

export const JUST_CREATED: bigint = BigInt(UUID_JUST_CREATED);
const PRIMARY_BIT: bigint = BigInt(UUID_PRIMARY);
/** Added to the bitmap UUID for the sync UUID of a resync (wire.md 8.1). */
export const SYNC_UUID_OFFSET = 0x0001_0000_0000_0000n;
const MASK_64 = (1n << 64n) - 1n;

export const withoutPrimaryBit = (uuid: bigint): bigint => uuid & ~PRIMARY_BIT;
export const withPrimaryBit = (uuid: bigint, primary: boolean): bigint =>
  uuid === JUST_CREATED || uuid === 0n ? uuid : primary ? uuid | PRIMARY_BIT : withoutPrimaryBit(uuid);
export const hasPrimaryBit = (uuid: bigint): boolean => (uuid & PRIMARY_BIT) !== 0n;
/** Equal, "was Primary" aside. */
export const sameGeneration = (a: bigint, b: bigint): boolean => withoutPrimaryBit(a) === withoutPrimaryBit(b);
export const addUuid = (uuid: bigint, offset: bigint): bigint => (uuid + offset) & MASK_64;

export function pushHistory(set: UuidSet, uuid: bigint): UuidSet {
  return uuid === 0n ? set : { ...set, history1: set.history0, history0: uuid };
}

/** A new data generation: the old current becomes the bitmap UUID, against which changes are tracked. */
export function newCurrent(set: UuidSet, uuid: bigint, primary: boolean): UuidSet {
  return { ...set, bitmap: set.current, current: withPrimaryBit(uuid, primary) };
}

/** In sync again: the bitmap UUID moves into the history. */
export function clearBitmapUuid(set: UuidSet): UuidSet {
  return { ...pushHistory(set, set.bitmap), bitmap: 0n };
}

/** As DRBD prints a UUID. */
export const hex = (uuid: bigint): string => uuid.toString(16).toUpperCase().padStart(16, '0');
