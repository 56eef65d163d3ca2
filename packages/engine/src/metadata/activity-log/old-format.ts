/** The activity log of DRBD 8.3 and before: a ring of 512-byte sectors. Source: metadata.md 4.5, 4.6. */
import { array, constant, isCodecError, layout, u32, zeros } from '../../codec';
import { SECTOR_BYTES } from '../../units';
import { AL_MAGIC_OLD } from '../constants';
import { AL_EXTENT_FREE } from './transaction';

const ENTRIES = 62;
const CONTEXT_ENTRIES = ENTRIES - 1;
const SECTORS = 64;

const entry = layout('old activity log entry', { slot: u32, extent: u32 }, 8);
const oldSector = layout(
  'old activity log sector',
  {
    magic: constant(u32, AL_MAGIC_OLD),
    transactionNumber: u32,
    /** Entry 0 is the update, the others are context. */
    entries: array(entry.asField, ENTRIES),
    xor: u32,
    pad: zeros(4),
  },
  SECTOR_BYTES,
);

export interface OldAlSector {
  readonly validity: 'valid' | 'invalid';
  readonly magic: number;
  readonly transactionNumber: number;
  readonly entries: readonly { readonly slot: number; readonly extent: number }[];
  readonly xor: number;
}

export type OldAlReplay =
  | { readonly kind: 'updates'; readonly hotExtents: ReadonlySet<number>; readonly corruptCount: number }
  | { readonly kind: 'no-data' };

/** Sectors of the ring; the rest of the area is not used. */
export function oldAlRingLength(alNrExtents: number): number {
  return Math.min(SECTORS, 1 + Math.ceil(alNrExtents / CONTEXT_ENTRIES));
}

/** null when the magic is missing. */
export function decodeOldAlSector(sector: Uint8Array): OldAlSector | null {
  const value = oldSector.decode(sector);
  if (isCodecError(value)) return null;
  const xor = value.entries.reduce((sum, { extent }) => (sum ^ extent) >>> 0, 0);
  return { ...value, magic: AL_MAGIC_OLD, validity: xor === value.xor ? 'valid' : 'invalid' };
}

export function replayOldActivityLog(area: Uint8Array, alNrExtents: number): OldAlReplay {
  const ring = Array.from({ length: oldAlRingLength(alNrExtents) }, (_, i) => {
    const sector = decodeOldAlSector(area.subarray(i * SECTOR_BYTES, (i + 1) * SECTOR_BYTES));
    return sector?.validity === 'valid' ? sector : null;
  });
  const valid = ring.flatMap((sector, position) => (sector === null ? [] : [{ position, sector }]));
  const [first, ...others] = valid;
  if (first === undefined) return { kind: 'no-data' };
  let oldest = first;
  let newest = first;
  for (const candidate of others) {
    const n = candidate.sector.transactionNumber;
    if (((n - oldest.sector.transactionNumber) | 0) < 0) oldest = candidate;
    if (((n - newest.sector.transactionNumber) | 0) > 0) newest = candidate;
  }
  const slots = new Map<number, number>();
  const count = ((newest.position - oldest.position + ring.length) % ring.length) + 1;
  for (let i = 0; i < count; i++) {
    const sector = ring[(oldest.position + i) % ring.length];
    // Entry 0, the update, wins over the context of its own sector.
    for (const { slot, extent } of [...(sector?.entries ?? [])].reverse()) {
      if (extent !== AL_EXTENT_FREE) slots.set(slot, extent);
    }
  }
  return {
    kind: 'updates',
    hotExtents: new Set([...slots.values()].sort((a, b) => a - b)),
    corruptCount: ring.length - valid.length,
  };
}
