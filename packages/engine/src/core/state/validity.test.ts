import fc from 'fast-check';
import { Conn, Disk, Role, StateResult as SS, stateResults } from '../../wire';
import { checkSoftTransition, checkState, checkTransition, type ValidityContext } from './validity';
import { connectedState as state } from './connected-state';
import type { VolumeState } from './volume-state';

const context = (more: Partial<ValidityContext> = {}): ValidityContext => ({
  allowTwoPrimaries: false,
  fencing: 'dont-care',
  verifyAlg: 'sha1',
  peerKnowsVerify: true,
  deviceOpen: false,
  otherVolumePeerPrimary: false,
  staysOutdated: false,
  handshaking: false,
  ...more,
});

const name = (code: number): string => stateResults.name(code);
const OK = name(SS.SS_SUCCESS);
const PRIMARY = { role: Role.Primary };
const ALONE = { conn: Conn.WFConnection, peer: Role.Unknown, pdsk: Disk.DUnknown };

describe('transitions that even facts must keep to (behaviour.md 1.10 A)', () => {
  const between = (from: number, to: number): string =>
    name(checkTransition(state({ conn: from }), state({ conn: to })));

  test.each([
    ['the same', Conn.BrokenPipe, Conn.BrokenPipe, SS.SS_SUCCESS],
    ['StandAlone to Disconnecting', Conn.StandAlone, Conn.Disconnecting, SS.SS_ALREADY_STANDALONE],
    ['StandAlone to Unconnected', Conn.StandAlone, Conn.Unconnected, SS.SS_SUCCESS],
    ['StandAlone to WFConnection', Conn.StandAlone, Conn.WFConnection, SS.SS_NEED_CONNECTION],
    ['StandAlone to Connected', Conn.StandAlone, Conn.Connected, SS.SS_NEED_CONNECTION],
    ['WFConnection to Connected', Conn.WFConnection, Conn.Connected, SS.SS_NEED_CONNECTION],
    ['WFConnection to SyncSource', Conn.WFConnection, Conn.SyncSource, SS.SS_NEED_CONNECTION],
    ['WFConnection to WFReportParams', Conn.WFConnection, Conn.WFReportParams, SS.SS_SUCCESS],
    ['WFReportParams to Connected', Conn.WFReportParams, Conn.Connected, SS.SS_SUCCESS],
    ['Disconnecting to StandAlone', Conn.Disconnecting, Conn.StandAlone, SS.SS_SUCCESS],
    ['Disconnecting to Unconnected', Conn.Disconnecting, Conn.Unconnected, SS.SS_IN_TRANSIENT_STATE],
    ['Disconnecting to NetworkFailure', Conn.Disconnecting, Conn.NetworkFailure, SS.SS_IN_TRANSIENT_STATE],
    ['Connected to BrokenPipe', Conn.Connected, Conn.BrokenPipe, SS.SS_SUCCESS],
  ])('%s', (_name, from, to, result) => {
    expect(between(from, to)).toBe(name(result));
  });

  test.each([Conn.Timeout, Conn.BrokenPipe, Conn.NetworkFailure, Conn.ProtocolError, Conn.TearDown])(
    'after the reason %d come only Unconnected and Disconnecting',
    (reason) => {
      for (const to of Object.values(Conn)) {
        if (to === reason) continue;
        const allowed = to === Conn.Unconnected || to === Conn.Disconnecting;
        const refusal = to >= Conn.Connected ? SS.SS_NEED_CONNECTION : SS.SS_IN_TRANSIENT_STATE;
        expect(between(reason, to)).toBe(allowed ? OK : name(refusal));
      }
    },
  );

  test('no disk can fail that is not there', () => {
    const failed = state({ disk: Disk.Failed });
    expect(name(checkTransition(state({ disk: Disk.Diskless }), failed))).toBe('SS_IS_DISKLESS');
    expect(name(checkTransition(state(), failed))).toBe(OK);
  });
});

describe('states that are refused (behaviour.md 1.10 B)', () => {
  type Row = readonly [row: string, Partial<VolumeState>, Partial<ValidityContext>, keyof typeof SS];
  const rows: readonly Row[] = [
    ['1: two Primaries', { ...PRIMARY, peer: Role.Primary }, {}, 'SS_TWO_PRIMARIES'],
    ['1: two Primaries allowed', { ...PRIMARY, peer: Role.Primary }, { allowTwoPrimaries: true }, 'SS_SUCCESS'],
    ['2: peer is Primary of another volume', PRIMARY, { otherVolumePeerPrimary: true }, 'SS_O_VOL_PEER_PRI'],
    [
      '2: the same, two Primaries allowed',
      PRIMARY,
      { otherVolumePeerPrimary: true, allowTwoPrimaries: true },
      'SS_SUCCESS',
    ],
    ['2: the same, Secondary', {}, { otherVolumePeerPrimary: true }, 'SS_SUCCESS'],
    ['3: Secondary and open', {}, { deviceOpen: true }, 'SS_DEVICE_IN_USE'],
    ['3: Primary and open', PRIMARY, { deviceOpen: true }, 'SS_SUCCESS'],
    ['4: Primary alone, Consistent', { ...PRIMARY, ...ALONE, disk: Disk.Consistent }, {}, 'SS_NO_UP_TO_DATE_DISK'],
    ['4: Primary alone, Diskless', { ...PRIMARY, ...ALONE, disk: Disk.Diskless }, {}, 'SS_NO_UP_TO_DATE_DISK'],
    ['4: Primary alone, UpToDate', { ...PRIMARY, ...ALONE }, {}, 'SS_SUCCESS'],
    ['5: fencing, peer unknown', { ...PRIMARY, ...ALONE }, { fencing: 'resource-only' }, 'SS_PRIMARY_NOP'],
    ['5: stonith, peer unknown', { ...PRIMARY, ...ALONE }, { fencing: 'resource-and-stonith' }, 'SS_PRIMARY_NOP'],
    [
      '5: fencing, peer outdated',
      { ...PRIMARY, ...ALONE, pdsk: Disk.Outdated },
      { fencing: 'resource-only' },
      'SS_SUCCESS',
    ],
    ['5: fencing, connected', PRIMARY, { fencing: 'resource-only' }, 'SS_SUCCESS'],
    [
      '6: Primary without good data',
      { ...PRIMARY, disk: Disk.Inconsistent, pdsk: Disk.Inconsistent },
      {},
      'SS_NO_UP_TO_DATE_DISK',
    ],
    ['6: Diskless Primary, good peer', { ...PRIMARY, disk: Disk.Diskless }, {}, 'SS_SUCCESS'],
    ['7: resync without own disk', { conn: Conn.SyncTarget, disk: Disk.Diskless }, {}, 'SS_NO_LOCAL_DISK'],
    ['8: resync without peer disk', { conn: Conn.SyncSource, pdsk: Disk.Diskless }, {}, 'SS_NO_REMOTE_DISK'],
    [
      '9: resync without good data',
      { conn: Conn.WFBitMapT, disk: Disk.Inconsistent, pdsk: Disk.Consistent },
      {},
      'SS_NO_UP_TO_DATE_DISK',
    ],
    ...([Conn.Connected, Conn.WFBitMapS, Conn.SyncSource, Conn.PausedSyncS] as const).map((conn): Row => [
      `10: Outdated in ${conn}`,
      { conn, disk: Disk.Outdated },
      {},
      'SS_CONNECTED_OUTDATES',
    ]),
    ['10: Outdated in WFBitMapT', { conn: Conn.WFBitMapT, disk: Disk.Outdated }, {}, 'SS_SUCCESS'],
    ['10: Outdated alone', { ...ALONE, disk: Disk.Outdated }, {}, 'SS_SUCCESS'],
    ['11: VerifyS', { conn: Conn.VerifyS }, { verifyAlg: '' }, 'SS_NO_VERIFY_ALG'],
    ['11: VerifyT', { conn: Conn.VerifyT }, { verifyAlg: '' }, 'SS_NO_VERIFY_ALG'],
    ['11: below protocol 88', { conn: Conn.VerifyS }, { peerKnowsVerify: false }, 'SS_NOT_SUPPORTED'],
    ['11: with an algorithm', { conn: Conn.VerifyS }, {}, 'SS_SUCCESS'],
    [
      '12: Primary, nobody UpToDate',
      { ...PRIMARY, disk: Disk.Consistent, pdsk: Disk.Outdated },
      {},
      'SS_NO_UP_TO_DATE_DISK',
    ],
    ['13: StartingSyncS, peer unknown', { conn: Conn.StartingSyncS, pdsk: Disk.DUnknown }, {}, 'SS_NEED_CONNECTION'],
    ['13: StartingSyncT, peer unknown', { conn: Conn.StartingSyncT, pdsk: Disk.DUnknown }, {}, 'SS_NEED_CONNECTION'],
    ['14: connected, peer unknown', { pdsk: Disk.DUnknown }, {}, 'SS_CONNECTED_OUTDATES'],
    ['none', {}, {}, 'SS_SUCCESS'],
  ];

  test.each(rows)('%s', (_row, ns, ctx, result) => {
    expect(name(checkState(state(ns), context(ctx)))).toBe(result);
  });

  test('the first broken rule answers', () => {
    // 1, 2, 6 and 12 are broken.
    const worst = { ...PRIMARY, peer: Role.Primary, disk: Disk.Inconsistent, pdsk: Disk.Inconsistent };
    expect(name(checkState(state(worst), context({ otherVolumePeerPrimary: true })))).toBe('SS_TWO_PRIMARIES');
    expect(name(checkState(state({ ...worst, peer: Role.Secondary }), context()))).toBe('SS_NO_UP_TO_DATE_DISK');
    // 9 and 10 are broken.
    const both = { conn: Conn.SyncSource, disk: Disk.Outdated, pdsk: Disk.Inconsistent };
    expect(name(checkState(state(both), context()))).toBe('SS_NO_UP_TO_DATE_DISK');
  });
});

describe('changes that a request may not make (behaviour.md 1.10 C)', () => {
  type Row = readonly [
    row: string,
    os: Partial<VolumeState>,
    change: Partial<VolumeState>,
    ctx: Partial<ValidityContext>,
    result: keyof typeof SS,
  ];
  const rows: readonly Row[] = [
    ['a resync while one runs', { conn: Conn.SyncSource }, { conn: Conn.StartingSyncS }, {}, 'SS_RESYNC_RUNNING'],
    ['a resync while connected', {}, { conn: Conn.StartingSyncT }, {}, 'SS_SUCCESS'],
    ['a resync without a peer', ALONE, { conn: Conn.StartingSyncT }, {}, 'SS_NEED_CONNECTION'],
    ['disconnect twice', { conn: Conn.StandAlone }, { conn: Conn.Disconnecting }, {}, 'SS_ALREADY_STANDALONE'],
    [
      'disconnect while between links',
      { conn: Conn.Unconnected },
      { conn: Conn.Disconnecting },
      {},
      'SS_IN_TRANSIENT_STATE',
    ],
    ['disconnect', {}, { conn: Conn.Disconnecting }, {}, 'SS_SUCCESS'],
    [
      'a state for a disk that is not there',
      { disk: Disk.Diskless },
      { disk: Disk.Outdated },
      {},
      'SS_LOWER_THAN_OUTDATED',
    ],
    ['UpToDate without a disk', { disk: Disk.Diskless }, { disk: Disk.UpToDate }, {}, 'SS_IS_DISKLESS'],
    ['attach', { disk: Disk.Diskless }, { disk: Disk.Attaching }, {}, 'SS_SUCCESS'],
    [
      'wait for a peer without a network',
      { conn: Conn.StandAlone },
      { conn: Conn.WFConnection },
      {},
      'SS_NO_NET_CONFIG',
    ],
    [
      'outdate an Inconsistent disk',
      { ...ALONE, disk: Disk.Inconsistent },
      { disk: Disk.Outdated },
      {},
      'SS_LOWER_THAN_OUTDATED',
    ],
    [
      'outdate a peer that is away, while disconnecting',
      { ...ALONE, pdsk: Disk.DUnknown },
      { conn: Conn.Disconnecting, pdsk: Disk.Outdated },
      {},
      'SS_OUTDATE_WO_CONN',
    ],
    ['outdate while attaching', { ...ALONE, disk: Disk.Attaching }, { disk: Disk.Outdated }, {}, 'SS_SUCCESS'],
    ['outdate a good disk', ALONE, { disk: Disk.Outdated }, {}, 'SS_SUCCESS'],
    ['promote in a handshake', { conn: Conn.WFReportParams }, PRIMARY, { handshaking: true }, 'SS_IN_TRANSIENT_STATE'],
    [
      'finish a handshake',
      { conn: Conn.WFReportParams },
      { conn: Conn.Connected },
      { handshaking: true },
      'SS_SUCCESS',
    ],
    ...([Conn.WFBitMapT, Conn.StartingSyncT, Conn.WFSyncUUID] as const).map((conn): Row => [
      `promote in ${conn}`,
      { conn, disk: Disk.Outdated },
      PRIMARY,
      {},
      'SS_IN_TRANSIENT_STATE',
    ]),
    ['promote a sync target', { conn: Conn.SyncTarget, disk: Disk.Inconsistent }, PRIMARY, {}, 'SS_SUCCESS'],
    ['promote a diskless node', { disk: Disk.Diskless }, PRIMARY, {}, 'SS_SUCCESS'],
    ['promote a good disk', {}, PRIMARY, {}, 'SS_SUCCESS'],
    ['verify without a peer', ALONE, { conn: Conn.VerifyS }, {}, 'SS_NEED_CONNECTION'],
    ['verify while a resync runs', { conn: Conn.SyncSource }, { conn: Conn.VerifyS }, {}, 'SS_RESYNC_RUNNING'],
    ['verify', {}, { conn: Conn.VerifyS }, {}, 'SS_SUCCESS'],
    ['verify goes on', { conn: Conn.VerifyS }, { conn: Conn.VerifyS, userIsp: true }, {}, 'SS_SUCCESS'],
    ['sync without a peer', ALONE, { conn: Conn.SyncTarget }, {}, 'SS_NEED_CONNECTION'],
    ['sync in a handshake', { conn: Conn.WFReportParams }, { conn: Conn.SyncSource }, {}, 'SS_SUCCESS'],
  ];

  test.each(rows)('%s', (_row, before, change, ctx, result) => {
    const os = state(before);
    expect(name(checkSoftTransition(os, { ...os, ...change }, context(ctx)))).toBe(result);
  });

  test('the last broken rule answers', () => {
    const os = state({ conn: Conn.SyncSource });
    // A running resync, and a handshake that is not over.
    const change = { ...os, conn: Conn.StartingSyncS };
    expect(name(checkSoftTransition(os, change, context({ handshaking: true })))).toBe('SS_IN_TRANSIENT_STATE');
  });
});

test('a state that stays as it is breaks no rule of transitions', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.values(Conn)),
      fc.constantFrom(...Object.values(Disk)),
      fc.constantFrom(...Object.values(Role)),
      (conn, disk, role) => {
        const same = state({ conn, disk, role });
        expect(name(checkTransition(same, same))).toBe(OK);
      },
    ),
  );
});
