/** The activity log kept directly in persistent memory: plain slot values behind a magic. Source: metadata.md 4.4. */
import { AL_MAGIC_PMEM } from '../constants';
import { AL_EXTENT_FREE } from './transaction';

export function isPmemActivityLog(area: Uint8Array): boolean {
  return area.length >= 4 && wordAt(area, 0) === AL_MAGIC_PMEM;
}

/** What each slot holds, AL_EXTENT_FREE for none. Only `alNrExtents` slots are in use. */
export function pmemSlots(area: Uint8Array, alNrExtents: number): readonly number[] {
  const slotCount = Math.min(alNrExtents, Math.floor(area.length / 4) - 1);
  return Array.from({ length: Math.max(0, slotCount) }, (_, slot) => wordAt(area, (slot + 1) * 4));
}

export function replayPmemActivityLog(area: Uint8Array, alNrExtents: number): ReadonlySet<number> {
  const active = pmemSlots(area, alNrExtents).filter((extent) => extent !== AL_EXTENT_FREE);
  return new Set(active.sort((a, b) => a - b));
}

function wordAt(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(offset);
}
