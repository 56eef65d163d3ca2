import type { StateFields } from '../packets/packet';
import { conns, disks, roles } from './states';

/** Shifts, widths and masks of the P_STATE bit field. Source: wire.md 5.7. */
const SHIFT = { role: 0, peer: 2, conn: 4, disk: 9, pdsk: 13 } as const;
const WIDTH_MASK = { role: 3, peer: 3, conn: 31, disk: 15, pdsk: 15 } as const;
const FLAG = {
  susp: 1 << 17,
  aftrIsp: 1 << 18,
  peerIsp: 1 << 19,
  userIsp: 1 << 20,
  suspNod: 1 << 21,
  suspFen: 1 << 22,
} as const;

/** Each field's mask in place, for the `mask` of state requests (wire.md 10.1). */
export const StateMask = {
  role: WIDTH_MASK.role << SHIFT.role,
  peer: WIDTH_MASK.peer << SHIFT.peer,
  conn: WIDTH_MASK.conn << SHIFT.conn,
  disk: WIDTH_MASK.disk << SHIFT.disk,
  pdsk: WIDTH_MASK.pdsk << SHIFT.pdsk,
  ...FLAG,
} as const;

export function packState(fields: StateFields): number {
  return (
    (fields.role << SHIFT.role) |
    (fields.peer << SHIFT.peer) |
    (fields.conn << SHIFT.conn) |
    (fields.disk << SHIFT.disk) |
    (fields.pdsk << SHIFT.pdsk) |
    (fields.susp ? FLAG.susp : 0) |
    (fields.aftrIsp ? FLAG.aftrIsp : 0) |
    (fields.peerIsp ? FLAG.peerIsp : 0) |
    (fields.userIsp ? FLAG.userIsp : 0) |
    (fields.suspNod ? FLAG.suspNod : 0) |
    (fields.suspFen ? FLAG.suspFen : 0)
  );
}

/** Bits 23 to 31 (quorum and reserved) are not part of `StateFields` and are dropped. */
export function unpackState(state: number): StateFields {
  return {
    role: (state >>> SHIFT.role) & WIDTH_MASK.role,
    peer: (state >>> SHIFT.peer) & WIDTH_MASK.peer,
    conn: (state >>> SHIFT.conn) & WIDTH_MASK.conn,
    disk: (state >>> SHIFT.disk) & WIDTH_MASK.disk,
    pdsk: (state >>> SHIFT.pdsk) & WIDTH_MASK.pdsk,
    susp: (state & FLAG.susp) !== 0,
    aftrIsp: (state & FLAG.aftrIsp) !== 0,
    peerIsp: (state & FLAG.peerIsp) !== 0,
    userIsp: (state & FLAG.userIsp) !== 0,
    suspNod: (state & FLAG.suspNod) !== 0,
    suspFen: (state & FLAG.suspFen) !== 0,
  };
}

/** One line for logs: `Secondary/Unknown WFConnection UpToDate/DUnknown`, then the flags that are set. */
export function formatState(state: number): string {
  const fields = unpackState(state);
  const flags = (Object.keys(FLAG) as (keyof typeof FLAG)[]).filter((flag) => fields[flag]);
  return [
    `${roles.name(fields.role)}/${roles.name(fields.peer)}`,
    conns.name(fields.conn),
    `${disks.name(fields.disk)}/${disks.name(fields.pdsk)}`,
    ...flags,
  ].join(' ');
}
