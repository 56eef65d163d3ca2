/** Split brain on purpose: both sides find it, and every policy ends as the kernel's decision says. */
import { MIB, PREPARE_TIMEOUT_MS, Pair, TEST_TIMEOUT_MS, describeKernelPeer } from './pair';
import { SplitBrain, type Ending, type Side, type Story } from './support/split-brain';

jest.setTimeout(TEST_TIMEOUT_MS);

const wonBy = (by: Side): Ending => ({ kind: 'won', by });
const unresolved = (victim: Side): Ending => ({ kind: 'unresolved', victim });
const leaves = (victim: Side): Ending => ({ kind: 'victim leaves', victim });

/** Small: both disks are compared after every story. */
const SIZE_BYTES = 16 * MIB;

const FEWER_HERE = { kernel: 4, ours: 1 };
const FEWER_THERE = { kernel: 1, ours: 4 };

/** Nobody is Primary when they meet: after-sb-0pri decides. */
const NO_PRIMARY: readonly (Omit<Story, 'net' | 'kernelNet' | 'primaries'> & {
  readonly policy: string;
  readonly kernelPolicy?: string;
})[] = [
  { policy: 'disconnect', blocks: { kernel: 2, ours: 3 }, ending: unresolved('ours') },
  { policy: 'disconnect', blocks: { kernel: 2, ours: 3 }, ending: unresolved('kernel') },
  { policy: 'discard-younger-primary', wasPrimary: 'ours', blocks: FEWER_HERE, ending: wonBy('ours') },
  { policy: 'discard-younger-primary', wasPrimary: 'kernel', blocks: FEWER_THERE, ending: wonBy('kernel') },
  { policy: 'discard-older-primary', wasPrimary: 'kernel', blocks: FEWER_HERE, ending: wonBy('ours') },
  { policy: 'discard-older-primary', wasPrimary: 'ours', blocks: FEWER_THERE, ending: wonBy('kernel') },
  { policy: 'discard-least-changes', blocks: FEWER_THERE, ending: wonBy('ours') },
  { policy: 'discard-least-changes', blocks: FEWER_HERE, ending: wonBy('kernel') },
  {
    policy: 'discard-local',
    kernelPolicy: 'discard-remote',
    blocks: FEWER_THERE,
    ending: wonBy('kernel'),
  },
  { policy: 'discard-remote', kernelPolicy: 'discard-local', blocks: FEWER_HERE, ending: wonBy('ours') },
  { policy: 'discard-zero-changes', blocks: { kernel: 0, ours: 4 }, ending: wonBy('ours') },
  { policy: 'discard-zero-changes', blocks: { kernel: 3, ours: 0 }, ending: wonBy('kernel') },
  { policy: 'discard-zero-changes', blocks: { kernel: 1, ours: 1 }, ending: unresolved('ours') },
];

/**
 * One is Primary when they meet: after-sb-1pri decides, and asks after-sb-0pri discard-least-changes where it says so.
 * Who has to discard later is the victim of that too: by then nobody is Primary, and after-sb-0pri comes first.
 */
const ONE_PRIMARY: readonly (readonly [policy: string, primary: Side, blocks: Story['blocks'], ending: Ending])[] = [
  ['disconnect', 'ours', FEWER_HERE, unresolved('ours')],
  ['disconnect', 'kernel', FEWER_THERE, unresolved('kernel')],
  ['discard-secondary', 'ours', FEWER_HERE, wonBy('ours')],
  ['discard-secondary', 'kernel', FEWER_THERE, wonBy('kernel')],
  ['consensus', 'ours', FEWER_THERE, wonBy('ours')],
  ['consensus', 'ours', FEWER_HERE, unresolved('ours')],
  ['consensus', 'kernel', FEWER_HERE, wonBy('kernel')],
  ['consensus', 'kernel', FEWER_THERE, unresolved('kernel')],
  ['violently-as0p', 'ours', FEWER_THERE, wonBy('ours')],
  ['violently-as0p', 'kernel', FEWER_THERE, leaves('kernel')],
  ['violently-as0p', 'ours', FEWER_HERE, leaves('ours')],
  ['call-pri-lost-after-sb', 'kernel', FEWER_HERE, wonBy('kernel')],
  ['call-pri-lost-after-sb', 'kernel', FEWER_THERE, leaves('kernel')],
  ['call-pri-lost-after-sb', 'ours', FEWER_HERE, leaves('ours')],
];

const TWO_PRIMARIES: readonly (readonly [policy: string, blocks: Story['blocks'], ending: Ending])[] = [
  ['disconnect', FEWER_HERE, unresolved('ours')],
  ['violently-as0p', FEWER_HERE, leaves('ours')],
  ['violently-as0p', FEWER_THERE, leaves('kernel')],
  ['call-pri-lost-after-sb', FEWER_HERE, leaves('ours')],
  ['call-pri-lost-after-sb', FEWER_THERE, leaves('kernel')],
];

describeKernelPeer('split brain', () => {
  let pair: Pair;
  let splitBrain: SplitBrain;
  beforeAll(async () => {
    pair = await Pair.start({ label: 'split', kernelDiskBytes: SIZE_BYTES, ourDiskBytes: SIZE_BYTES });
    await pair.upInSync();
    splitBrain = new SplitBrain(pair);
  }, PREPARE_TIMEOUT_MS);
  // Both say what they found; the last is the kernel's word when the handshake ends unresolved.
  const PROVOKED = [
    /Split-Brain detected/,
    /I shall become SyncTarget, but I am primary!/,
    /error receiving ReportState, e: -5 l: 0/,
  ];
  afterEach(() => pair.expectNoComplaints(PROVOKED));
  afterAll(() => pair.end());

  test.each(NO_PRIMARY)('after-sb-0pri $policy, blocks $blocks: $ending.kind', (row) =>
    splitBrain.play({
      ...row,
      net: { 'after-sb-0pri': row.policy },
      kernelNet: { 'after-sb-0pri': row.kernelPolicy ?? row.policy },
      primaries: [],
    }),
  );

  test.each(ONE_PRIMARY)('after-sb-1pri %s, %s Primary, blocks %j: %j', (policy, primary, blocks, ending) =>
    splitBrain.play({
      net: { 'after-sb-0pri': 'discard-least-changes', 'after-sb-1pri': policy },
      blocks,
      primaries: [primary],
      ending,
    }),
  );

  test.each(TWO_PRIMARIES)('after-sb-2pri %s, blocks %j: %j', (policy, blocks, ending) =>
    splitBrain.play({
      net: {
        'allow-two-primaries': 'yes',
        'after-sb-0pri': 'discard-least-changes',
        'after-sb-2pri': policy,
      },
      blocks,
      primaries: ['kernel', 'ours'],
      ending,
    }),
  );
});
