import fc from 'fast-check';
import { JUST_CREATED, SYNC_UUID_OFFSET, type UuidSet } from './generation';
import { afterResyncTarget, decideByUuids, type DecisionInput, type UuidVerdict } from './uuid-decision';

const [A, B, C, D, E, F, G, H] = [0xa0n, 0xb0n, 0xc0n, 0xd0n, 0xe0n, 0xf0n, 0x100n, 0x110n] as const;

const uuids = (current: bigint, bitmap = 0n, history0 = 0n, history1 = 0n): UuidSet => ({
  current,
  bitmap,
  history0,
  history1,
});

const input = (self: UuidSet, peer: UuidSet, more: Partial<DecisionInput> = {}): DecisionInput => ({
  self,
  peer,
  version: 101,
  selfCrashedPrimary: false,
  peerCrashedPrimary: false,
  selfPrimary: false,
  peerPrimary: false,
  resolveConflicts: false,
  knowsRule41: true,
  ...more,
});

/** The same meeting as the other node sees it. */
const fromThePeer = (seen: DecisionInput): DecisionInput => ({
  ...seen,
  self: seen.peer,
  peer: seen.self,
  selfCrashedPrimary: seen.peerCrashedPrimary,
  peerCrashedPrimary: seen.selfCrashedPrimary,
  selfPrimary: seen.peerPrimary,
  peerPrimary: seen.selfPrimary,
  resolveConflicts: !seen.resolveConflicts,
});

const OPPOSITE: Readonly<Record<UuidVerdict, UuidVerdict>> = {
  'no-sync': 'no-sync',
  'source-bitmap': 'target-bitmap',
  'target-bitmap': 'source-bitmap',
  'source-full': 'target-full',
  'target-full': 'source-full',
  'split-brain-auto': 'split-brain-auto',
  'split-brain': 'split-brain',
  unrelated: 'unrelated',
  'needs-protocol-91': 'needs-protocol-91',
};

const MIRRORED_RULES: Readonly<Record<number, number>> = {
  20: 30,
  30: 20,
  34: 35,
  35: 34,
  36: 37,
  37: 36,
  50: 70,
  51: 71,
  60: 80,
  70: 50,
  71: 51,
  80: 60,
};

/** One row of the table, with the answers that this node has to give; the other node's are their mirror image. */
type Row = readonly [name: string, seen: DecisionInput, verdict: UuidVerdict, rule: number];

const ONE_CRASHED = { selfCrashedPrimary: true };
const BOTH_CRASHED = { selfCrashedPrimary: true, peerCrashedPrimary: true };
const EQUAL = [uuids(A, 0n, C, D), uuids(A, 0n, E, F)] as const;

const ROWS: readonly Row[] = [
  ['10: both just created', input(uuids(JUST_CREATED), uuids(JUST_CREATED)), 'no-sync', 10],
  ['20: only self just created', input(uuids(JUST_CREATED), uuids(A, B)), 'target-full', 20],
  ['20: self without a UUID', input(uuids(0n), uuids(A, B)), 'target-full', 20],
  [
    '20 before equal slots: just created, known to the peer',
    input(uuids(JUST_CREATED), uuids(A, 4n)),
    'target-full',
    20,
  ],
  ['20: only self just created, the peer without a UUID', input(uuids(JUST_CREATED), uuids(0n)), 'target-full', 20],
  ['34: self missed the end of the resync', input(uuids(A, B, C, D), uuids(A, 0n, B, C)), 'source-bitmap', 34],
  ['36: self tracks, peer does not', input(uuids(A, B, C, D), uuids(A, 0n, B, D)), 'source-bitmap', 36],
  ['36: other histories', input(uuids(A, B, C, D), uuids(A, 0n, E, F)), 'source-bitmap', 36],
  ['36 although self crashed', input(uuids(A, B), uuids(A), ONE_CRASHED), 'source-bitmap', 36],
  ['40: equal, nobody crashed', input(...EQUAL), 'no-sync', 40],
  ['40: equal and tracked on both', input(uuids(A, B), uuids(A, C)), 'no-sync', 40],
  ['40: equal, Primary, nobody crashed', input(...EQUAL, { selfPrimary: true }), 'no-sync', 40],
  ['40: only self crashed', input(...EQUAL, ONE_CRASHED), 'source-bitmap', 40],
  [
    '40: both crashed, self breaks ties',
    input(...EQUAL, { ...BOTH_CRASHED, resolveConflicts: true }),
    'target-bitmap',
    40,
  ],
  ['40: both crashed, the peer breaks ties', input(...EQUAL, BOTH_CRASHED), 'source-bitmap', 40],
  ['41: self crashed and is Primary', input(...EQUAL, { ...ONE_CRASHED, selfPrimary: true }), 'source-bitmap', 41],
  ['41: self crashed, peer is Primary', input(...EQUAL, { ...ONE_CRASHED, peerPrimary: true }), 'target-bitmap', 41],
  ['41: both crashed, self is Primary', input(...EQUAL, { ...BOTH_CRASHED, selfPrimary: true }), 'source-bitmap', 41],
  [
    '41: self crashed, both Primary',
    input(...EQUAL, { ...ONE_CRASHED, selfPrimary: true, peerPrimary: true }),
    'split-brain',
    41,
  ],
  [
    '41 without WSAME',
    input(...EQUAL, { ...ONE_CRASHED, selfPrimary: true, knowsRule41: false }),
    'needs-protocol-91',
    41,
  ],
  ['50: the peer tracks against self', input(uuids(A, 0n, D), uuids(B, A, C)), 'target-bitmap', 50],
  ['50 before 90', input(uuids(A, A), uuids(B, A)), 'target-bitmap', 50],
  ['51: lost sync UUID', input(uuids(A, 0n, D), uuids(B, A + SYNC_UUID_OFFSET, A, C)), 'target-bitmap', 51],
  ['51 at 95: lost sync UUID', input(uuids(A, 0n, D), uuids(B, E, A, D), { version: 95 }), 'target-bitmap', 51],
  ['60: self is the younger history of the peer', input(uuids(A, 0n, D), uuids(B, E, A, C)), 'target-full', 60],
  ['60: self is the older history of the peer', input(uuids(A, 0n, D), uuids(B, E, C, A)), 'target-full', 60],
  [
    '60 at 95, where 51 compares histories',
    input(uuids(A, 0n, D), uuids(B, A + SYNC_UUID_OFFSET, A, C), { version: 95 }),
    'target-full',
    60,
  ],
  ['60 before 90', input(uuids(A, E), uuids(B, E, A)), 'target-full', 60],
  ['90: both track against the same generation', input(uuids(A, B, D), uuids(C, B, E)), 'split-brain-auto', 90],
  ['90 before 100', input(uuids(A, B, D), uuids(C, B, D)), 'split-brain-auto', 90],
  ['100: H0 = h0', input(uuids(A, B, G, D), uuids(C, E, G, F)), 'split-brain', 100],
  ['100: H0 = h1', input(uuids(A, B, G, D), uuids(C, E, F, G)), 'split-brain', 100],
  ['100: H1 = h1', input(uuids(A, B, D, G), uuids(C, E, F, G)), 'split-brain', 100],
  ['100: empty histories count as equal', input(uuids(A), uuids(B)), 'split-brain', 100],
  ['none: four strangers each', input(uuids(A, B, C, D), uuids(E, F, G, H)), 'unrelated', 0],
  ['none: one history is empty, the other full', input(uuids(A), uuids(E, F, G, H)), 'unrelated', 0],
];

describe('the decision table, row by row (behaviour.md 3.6)', () => {
  test.each(ROWS)('%s', (_name, seen, verdict, rule) => {
    expect(decideByUuids(seen)).toMatchObject({ verdict, rule });
  });

  test.each(ROWS)('mirrored: %s', (_name, seen, verdict, rule) => {
    expect(decideByUuids(fromThePeer(seen))).toMatchObject({
      verdict: OPPOSITE[verdict],
      rule: MIRRORED_RULES[rule] ?? rule,
    });
  });

  test('every rule has a row', () => {
    const rules = new Set(ROWS.flatMap(([, , , rule]) => [rule, MIRRORED_RULES[rule] ?? rule]));
    expect([...rules].sort((a, b) => a - b)).toEqual([
      0, 10, 20, 30, 34, 35, 36, 37, 40, 41, 50, 51, 60, 70, 71, 80, 90, 100,
    ]);
  });

  test('"was Primary" is ignored in every slot', () => {
    for (const [, seen, verdict, rule] of ROWS) {
      const marked = (set: UuidSet): UuidSet => ({
        current: set.current === JUST_CREATED || set.current === 0n ? set.current : set.current | 1n,
        bitmap: set.bitmap === 0n ? 0n : set.bitmap | 1n,
        history0: set.history0 === 0n ? 0n : set.history0 | 1n,
        history1: set.history1 === 0n ? 0n : set.history1 | 1n,
      });
      expect(decideByUuids({ ...seen, self: marked(seen.self) })).toMatchObject({ verdict, rule });
      expect(decideByUuids({ ...seen, peer: marked(seen.peer) })).toMatchObject({ verdict, rule });
    }
  });
});

describe('repairs of what a lost packet left behind', () => {
  test('34: the bitmap UUID moves into the own history, as if the end of the resync had arrived', () => {
    const { correctedSelf, correctedPeer } = decideByUuids(input(uuids(A, B, C, D), uuids(A, 0n, B, C)));
    expect(correctedSelf).toEqual(uuids(A, 0n, B, C));
    expect(correctedPeer).toBeUndefined();
  });

  test('35: the same in our copy of the peer', () => {
    const { correctedSelf, correctedPeer } = decideByUuids(input(uuids(A, 0n, B, C), uuids(A, B, C, D)));
    expect(correctedPeer).toEqual(uuids(A, 0n, B, C));
    expect(correctedSelf).toBeUndefined();
  });

  test('51 and 71: the sync UUID is taken back', () => {
    const old = uuids(A, 0n, D);
    const rotated = uuids(B, A + SYNC_UUID_OFFSET, A, C);
    expect(decideByUuids(input(old, rotated)).correctedPeer).toEqual(uuids(B, A, C));
    expect(decideByUuids(input(rotated, old)).correctedSelf).toEqual(uuids(B, A, C));
  });

  test.each([
    [34, uuids(A, B, C, D), uuids(A, 0n, B, C)],
    [36, uuids(A, B, C, D), uuids(A, 0n, E, F)],
    [51, uuids(A, 0n, D), uuids(B, E, A, D)],
  ])('%d needs protocol 91', (_rule, self, peer) => {
    const seen = input(self, peer, { version: 90 });
    expect(decideByUuids(seen).verdict).toBe('needs-protocol-91');
    expect(decideByUuids(fromThePeer(seen)).verdict).toBe('needs-protocol-91');
    expect(decideByUuids({ ...seen, version: 91 }).verdict).not.toBe('needs-protocol-91');
  });
});

describe('two nodes that decide on their own', () => {
  const pool = [A, B, C, A + SYNC_UUID_OFFSET, B + SYNC_UUID_OFFSET, D | 1n] as const;
  const slot = fc.constantFrom(0n, ...pool);
  const set = fc.record({
    current: fc.constantFrom(JUST_CREATED, ...pool),
    bitmap: slot,
    history0: slot,
    history1: slot,
  });
  const meeting: fc.Arbitrary<DecisionInput> = fc.record({
    self: set,
    peer: set,
    version: fc.constantFrom(90, 95, 96, 101),
    selfCrashedPrimary: fc.boolean(),
    peerCrashedPrimary: fc.boolean(),
    selfPrimary: fc.boolean(),
    peerPrimary: fc.boolean(),
    resolveConflicts: fc.boolean(),
    knowsRule41: fc.boolean(),
  });
  const generation = (uuid: bigint): bigint => uuid & ~1n;
  const knows = (node: UuidSet, uuid: bigint): boolean =>
    [node.bitmap, node.history0, node.history1].some((one) => generation(one) === generation(uuid));
  /** Each claims to descend from the other: no history of writes leads there, and the table is silent about it. */
  const circular = ({ self, peer }: DecisionInput): boolean =>
    generation(self.current) !== generation(peer.current) && knows(self, peer.current) && knows(peer, self.current);

  test('come to opposite results from any two sets', () => {
    const seenVerdicts = new Map<UuidVerdict, number>();
    fc.assert(
      fc.property(meeting, (seen) => {
        fc.pre(!circular(seen));
        const mine = decideByUuids(seen);
        const theirs = decideByUuids(fromThePeer(seen));
        seenVerdicts.set(mine.verdict, (seenVerdicts.get(mine.verdict) ?? 0) + 1);
        expect(theirs.verdict).toBe(OPPOSITE[mine.verdict]);
        expect(theirs.rule).toBe(MIRRORED_RULES[mine.rule] ?? mine.rule);
        expect(theirs.correctedPeer).toEqual(mine.correctedSelf);
        expect(theirs.correctedSelf).toEqual(mine.correctedPeer);
      }),
      { numRuns: 5000 },
    );
    // The generator is only worth something if it reaches all of them.
    expect(seenVerdicts.size).toBe(Object.keys(OPPOSITE).length);
  });

  test('the tie breaker matters only after both crashed as Primary, and there it has to differ', () => {
    fc.assert(
      fc.property(meeting, (seen) => {
        const mine = decideByUuids(seen);
        const other = decideByUuids({ ...seen, resolveConflicts: !seen.resolveConflicts });
        if (mine.verdict !== other.verdict) {
          expect(mine.rule).toBe(40);
          expect(seen.selfCrashedPrimary && seen.peerCrashedPrimary).toBe(true);
          expect(other.verdict).toBe(OPPOSITE[mine.verdict]);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('the slots of a target at the end of its resync (behaviour.md 3.5)', () => {
  test("the source's generations, with the own old current before them", () => {
    expect(afterResyncTarget(uuids(E, 0n, F, G), uuids(A, B, C, D))).toEqual(uuids(A, 0n, E, B));
  });

  test('a source that tracked nothing keeps its youngest history', () => {
    expect(afterResyncTarget(uuids(E, F, G, H), uuids(A, 0n, C, D))).toEqual(uuids(A, 0n, E, C));
  });

  test('meets its source without another resync', () => {
    const source = uuids(A, B, C, D);
    const target = afterResyncTarget(uuids(B), source);
    // The source heard of the end, or did not: it then repairs itself or copies what the bitmap still holds.
    const informed = uuids(A, 0n, B, C);
    expect(decideByUuids(input(informed, target)).verdict).toBe('no-sync');
    expect(decideByUuids(input(source, target))).toMatchObject({ verdict: 'source-bitmap' });
  });
});
