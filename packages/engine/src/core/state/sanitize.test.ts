import fc from 'fast-check';
import { Conn, Disk, Role, conns, disks } from '../../wire';
import { sanitizeState, type SanitizeContext } from './sanitize';
import { connectedState as state } from './connected-state';
import type { VolumeState } from './volume-state';

const NOT_NEGOTIATED: SanitizeContext = {
  diskIfNotNegotiated: null,
  before: state({}),
  fencing: 'dont-care',
  onNoDataAccessible: 'io-error',
};

const sanitized = (proposed: Partial<VolumeState>, context = NOT_NEGOTIATED): VolumeState =>
  sanitizeState(state(proposed), context);

describe('sanitizing, step by step (behaviour.md 1.8)', () => {
  test('1: a lost peer has no role, pauses nothing', () => {
    expect(sanitized({ conn: Conn.WFConnection, peer: Role.Primary, peerIsp: true })).toMatchObject({
      peer: Role.Unknown,
      peerIsp: false,
    });
    expect(sanitized({ peer: Role.Primary, peerIsp: true })).toMatchObject({ peer: Role.Primary, peerIsp: true });
  });

  test.each([
    [Disk.Diskless, Disk.DUnknown],
    [Disk.Attaching, Disk.DUnknown],
    [Disk.Failed, Disk.DUnknown],
    [Disk.Negotiating, Disk.DUnknown],
    [Disk.Inconsistent, Disk.Inconsistent],
    [Disk.Outdated, Disk.Outdated],
    [Disk.DUnknown, Disk.DUnknown],
    [Disk.Consistent, Disk.DUnknown],
    [Disk.UpToDate, Disk.DUnknown],
  ])('1: of a lost peer with disk state %d, %d is remembered', (pdsk, remembered) => {
    for (const conn of [Conn.StandAlone, Conn.NetworkFailure, Conn.WFConnection, Conn.WFReportParams]) {
      expect(sanitized({ conn, pdsk }).pdsk).toBe(remembered);
    }
  });

  test('2: nothing waits for a volume that is StandAlone, Diskless and Secondary', () => {
    const gone = { conn: Conn.StandAlone, disk: Disk.Diskless, aftrIsp: true };
    expect(sanitized(gone).aftrIsp).toBe(false);
    expect(sanitized({ ...gone, role: Role.Primary }).aftrIsp).toBe(true);
    expect(sanitized({ ...gone, disk: Disk.UpToDate }).aftrIsp).toBe(true);
    expect(sanitized({ ...gone, conn: Conn.WFConnection }).aftrIsp).toBe(true);
  });

  test('3: a resync or verify ends with the disk of either side', () => {
    for (const conn of [Conn.WFBitMapS, Conn.SyncSource, Conn.SyncTarget, Conn.VerifyS, Conn.PausedSyncT, Conn.Ahead]) {
      for (const lost of [Disk.Diskless, Disk.Attaching, Disk.Failed]) {
        expect(sanitized({ conn, disk: lost })).toMatchObject({ conn: Conn.Connected, disk: lost });
        expect(sanitized({ conn, pdsk: lost })).toMatchObject({ conn: Conn.Connected, pdsk: lost });
      }
    }
  });

  test('4: a negotiation cut short falls back to what was remembered, else to Diskless', () => {
    const cut = { conn: Conn.WFConnection, disk: Disk.Negotiating, pdsk: Disk.DUnknown };
    expect(sanitized(cut)).toMatchObject({ disk: Disk.Diskless, pdsk: Disk.DUnknown });
    const diskIfNotNegotiated = { disk: Disk.Consistent, pdsk: Disk.Outdated };
    expect(sanitized(cut, { ...NOT_NEGOTIATED, diskIfNotNegotiated })).toMatchObject(diskIfNotNegotiated);
    expect(sanitized({ disk: Disk.Negotiating }, { ...NOT_NEGOTIATED, diskIfNotNegotiated }).disk).toBe(
      Disk.Negotiating,
    );
  });

  describe('7: a Primary that loses a peer which may be current', () => {
    const alone = { role: Role.Primary, conn: Conn.NetworkFailure, pdsk: Disk.DUnknown };
    const stonith = { ...NOT_NEGOTIATED, fencing: 'resource-and-stonith' as const };
    test('is held under resource-and-stonith, and only there', () => {
      expect(sanitized(alone, stonith).suspFen).toBe(true);
      expect(sanitized(alone, { ...stonith, fencing: 'resource-only' }).suspFen).toBe(false);
      expect(sanitized({ ...alone, role: Role.Secondary }, stonith).suspFen).toBe(false);
      expect(sanitized({ ...alone, pdsk: Disk.Outdated }, stonith).suspFen).toBe(false);
    });
    test('once: what was let go before stays so', () => {
      expect(sanitized({ ...alone, conn: Conn.WFConnection }, { ...stonith, before: state(alone) }).suspFen).toBe(
        false,
      );
    });
  });

  describe('8: a Primary without a current copy', () => {
    const blind = { role: Role.Primary, disk: Disk.Diskless, pdsk: Disk.DUnknown, conn: Conn.WFConnection };
    const suspend = { ...NOT_NEGOTIATED, onNoDataAccessible: 'suspend-io' as const };
    test('is held under suspend-io, and only there', () => {
      expect(sanitized(blind, suspend).suspNod).toBe(true);
      expect(sanitized(blind).suspNod).toBe(false);
      expect(sanitized({ ...blind, disk: Disk.UpToDate }, suspend).suspNod).toBe(false);
      expect(sanitized({ ...blind, role: Role.Secondary }, suspend).suspNod).toBe(false);
      expect(sanitized(blind, { ...suspend, before: state(blind) }).suspNod).toBe(false);
    });
    test('and nothing here lets it go again', () => {
      expect(sanitized({ suspNod: true, suspFen: true })).toMatchObject({ suspNod: true, suspFen: true });
    });
  });

  test('5: Consistent and Outdated vanish while connected', () => {
    for (const disk of [Disk.Consistent, Disk.Outdated]) {
      expect(sanitized({ disk, pdsk: disk })).toMatchObject({ disk: Disk.UpToDate, pdsk: Disk.UpToDate });
      expect(sanitized({ conn: Conn.WFConnection, disk }).disk).toBe(disk);
      // From Ahead on they stay, as far as the clamp lets them.
      expect(sanitized({ conn: Conn.Ahead, pdsk: disk }).pdsk).toBe(disk);
    }
  });

  test('9: every pause flag pauses, and the last one gone resumes', () => {
    const target = { disk: Disk.Inconsistent };
    const source = { pdsk: Disk.Inconsistent };
    for (const flag of ['userIsp', 'peerIsp', 'aftrIsp'] as const) {
      expect(sanitized({ ...target, conn: Conn.SyncTarget, [flag]: true }).conn).toBe(Conn.PausedSyncT);
      expect(sanitized({ ...source, conn: Conn.SyncSource, [flag]: true }).conn).toBe(Conn.PausedSyncS);
      expect(sanitized({ ...target, conn: Conn.PausedSyncT, [flag]: true }).conn).toBe(Conn.PausedSyncT);
      expect(sanitized({ [flag]: true }).conn).toBe(Conn.Connected);
      expect(sanitized({ conn: Conn.VerifyS, [flag]: true }).conn).toBe(Conn.VerifyS);
    }
    expect(sanitized({ ...target, conn: Conn.PausedSyncT }).conn).toBe(Conn.SyncTarget);
    expect(sanitized({ ...source, conn: Conn.PausedSyncS }).conn).toBe(Conn.SyncSource);
  });
});

type Range = readonly [number, number];
const ANY: Range = [Disk.Diskless, Disk.UpToDate];
const UP_TO_DATE: Range = [Disk.UpToDate, Disk.UpToDate];
const INCONSISTENT: Range = [Disk.Inconsistent, Disk.Inconsistent];

/** Column 8.4 of behaviour.md 1.9, as the document prints it. */
const RANGES: readonly (readonly [conn: number, disk: Range, pdsk: Range])[] = [
  ...[Conn.StandAlone, Conn.Disconnecting, Conn.Unconnected, Conn.TearDown, Conn.WFConnection, Conn.WFReportParams].map(
    (conn) => [conn, ANY, [Disk.Inconsistent, Disk.DUnknown]] as const,
  ),
  [Conn.Connected, ANY, ANY],
  ...[Conn.WFBitMapT, Conn.StartingSyncT, Conn.WFSyncUUID, Conn.Behind, Conn.PausedSyncT].map(
    (conn) => [conn, [Disk.Inconsistent, Disk.Outdated], UP_TO_DATE] as const,
  ),
  [Conn.SyncTarget, INCONSISTENT, UP_TO_DATE],
  ...[Conn.WFBitMapS, Conn.PausedSyncS, Conn.StartingSyncS, Conn.Ahead].map(
    (conn) => [conn, UP_TO_DATE, [Disk.Inconsistent, Disk.Consistent]] as const,
  ),
  [Conn.SyncSource, UP_TO_DATE, INCONSISTENT],
  [Conn.VerifyS, UP_TO_DATE, UP_TO_DATE],
  [Conn.VerifyT, UP_TO_DATE, UP_TO_DATE],
];

describe('disk states that each connection state allows (behaviour.md 1.9)', () => {
  const withDisks = Object.values(Disk).filter((disk) => disk > Disk.Failed);

  test.each(RANGES.map(([conn, disk, pdsk]) => [conns.name(conn), conn, disk, pdsk] as const))(
    '%s',
    (_name, conn, [diskMin, diskMax], [pdskMin, pdskMax]) => {
      const pause = conn === Conn.PausedSyncS || conn === Conn.PausedSyncT;
      for (const disk of withDisks) {
        for (const pdsk of withDisks) {
          const result = sanitized({ conn, disk, pdsk, userIsp: pause });
          const told = `${disks.name(result.disk)}/${disks.name(result.pdsk)}`;
          const within =
            result.disk >= diskMin && result.disk <= diskMax && result.pdsk >= pdskMin && result.pdsk <= pdskMax;
          expect([conns.name(result.conn), told, within]).toEqual([conns.name(conn), told, true]);
        }
      }
    },
  );

  test.each([
    ['lowered', { conn: Conn.SyncTarget, disk: Disk.UpToDate }, { disk: Disk.Inconsistent }],
    ['lowered', { conn: Conn.WFBitMapT, disk: Disk.UpToDate }, { disk: Disk.Outdated }],
    ['lowered', { conn: Conn.WFBitMapS, pdsk: Disk.UpToDate }, { pdsk: Disk.Consistent }],
    ['raised', { conn: Conn.WFBitMapT, disk: Disk.Inconsistent, pdsk: Disk.Inconsistent }, { pdsk: Disk.UpToDate }],
    ['raised', { conn: Conn.VerifyS, disk: Disk.Inconsistent }, { disk: Disk.UpToDate }],
    ['kept', { conn: Conn.WFBitMapT, disk: Disk.Inconsistent }, { disk: Disk.Inconsistent }],
  ])('%s: %j', (_how, proposed, expected) => {
    expect(sanitized(proposed)).toMatchObject(expected);
  });
});

/**
 * The order of the steps leaves two cases to the second pass: a negotiation cut short becomes Diskless after the step
 * that would clear its pause flag, and a resync that resumes is clamped as the paused one it was.
 */
test('sanitizing settles: a third pass changes nothing', () => {
  const proposed: fc.Arbitrary<VolumeState> = fc.record({
    role: fc.constantFrom(...Object.values(Role)),
    peer: fc.constantFrom(...Object.values(Role)),
    conn: fc.constantFrom(...Object.values(Conn)),
    disk: fc.constantFrom(...Object.values(Disk)),
    pdsk: fc.constantFrom(...Object.values(Disk)),
    userIsp: fc.boolean(),
    peerIsp: fc.boolean(),
    aftrIsp: fc.boolean(),
    suspNod: fc.boolean(),
    suspFen: fc.boolean(),
  });
  fc.assert(
    fc.property(proposed, (before) => {
      const once = sanitizeState(before, NOT_NEGOTIATED);
      const twice = sanitizeState(once, NOT_NEGOTIATED);
      expect(sanitizeState(twice, NOT_NEGOTIATED)).toEqual(twice);
      expect([once.role, once.userIsp]).toEqual([before.role, before.userIsp]);
    }),
    { numRuns: 2000 },
  );
});
