/** The generation identifiers with an explanation. Source of the pictures: metadata.md 9.2 to 9.4. */
import { hasFlags, MdFlag, type AnySuperblock, type SuperblockV07, type SuperblockV08 } from '@tsdrbd/engine/metadata';
import { formatGi } from '../generation-identifiers';
import { EXIT } from '../meta-exit';
import { sizeText } from '../size-text';
import { withMetadata } from './command';

export const showGi = withMetadata('silent', async (context, _area, { superblock }) => {
  const nodeId = context.invocation.settings.nodeId ?? 0;
  for (const line of [...pictureOf(superblock, nodeId), ...sizeLines(superblock)]) context.out(line);
  return EXIT.ok;
});

const UUID_PICTURE = [
  '',
  '       +--<  Current data generation UUID  >-',
  "       |               +--<  Bitmap's base data generation UUID  >-",
  '       |               |                 +--<  younger history UUID  >-',
  '       |               |                 |         +-<  older history  >-',
  '       V               V                 V         V',
];

/** The one with a single blank behind it. */
const LAST_V09_MEANING = 'At least once we saw this node with a backing device attached';

const V09_MEANINGS = [
  'Data consistency flag',
  'Data was/is currently up-to-date',
  'Node was/is currently primary',
  'This node was a crashed primary, and has not seen its peer since',
  'The activity-log was applied, the disk can be attached',
  'The activity-log was disabled, peer is completely out of sync',
  'This node was primary when it lost quorum',
  'Node was/is currently connected',
  "The peer's disk was out-dated or inconsistent",
  ' A fence policy other the dont-care was used',
  'Node was in the progress of marking all blocks as out of sync',
  LAST_V09_MEANING,
];

const V08_MEANINGS = [
  'Data consistency flag',
  'Data was/is currently up-to-date',
  'Node was/is currently primary',
  'Node was/is currently connected',
  'Node was in the progress of setting all bits in the bitmap',
  "The peer's disk was out-dated or inconsistent",
  'This node was a crashed primary, and has not seen its peer since ',
];

function pictureOf(superblock: AnySuperblock, nodeId: number): readonly string[] {
  const line = formatGi(superblock, nodeId);
  switch (superblock.kind) {
    case 'v07':
      return [...v07Picture(superblock), ''];
    case 'v08':
      return [...UUID_PICTURE, line, ...legend(V08_MEANINGS), '', flagsLine(superblock), cleanLine(superblock)];
    case 'v09':
      return [...UUID_PICTURE, line, ...legend(V09_MEANINGS), ''];
  }
}

/** Column of the first flag: behind four UUIDs of 16 digits and their colons. */
const FIRST_FLAG_COLUMN = 68;

/** One line per flag; its arm ends below the flag, those further right go on downwards. */
function legend(meanings: readonly string[]): readonly string[] {
  const arrows = `${' '.repeat(FIRST_FLAG_COLUMN)}${meanings.map(() => '^').join(' ')}`;
  return [
    arrows,
    ...meanings.map((meaning, i) => {
      const arm = `-<  ${meaning}${meaning === LAST_V09_MEANING ? ' ' : '  '}>--+`;
      return `${arm.padStart(FIRST_FLAG_COLUMN + 2 * i + 1)}${' |'.repeat(meanings.length - 1 - i)}`;
    }),
  ];
}

function flagsLine({ flags }: SuperblockV08): string {
  const has = (mask: number): boolean => hasFlags(flags, mask);
  const state = has(MdFlag.consistent) ? (has(MdFlag.wasUpToDate) ? 'UpToDate' : 'Outdated') : 'Inconsistent';
  return (
    `flags:${has(MdFlag.crashedPrimary) ? ' crashed' : ''} ${has(MdFlag.primaryInd) ? 'Primary' : 'Secondary'}` +
    `, ${has(MdFlag.connectedInd) ? 'Connected' : 'StandAlone'}, ${state}` +
    `${has(MdFlag.fullSync) ? ', need full sync' : ''}${has(MdFlag.peerOutDated) ? ', peer Outdated' : ''}`
  );
}

function cleanLine({ flags }: SuperblockV08): string {
  return `meta-data: ${hasFlags(flags, MdFlag.alClean) ? 'clean' : 'need apply-al'}`;
}

function v07Picture(superblock: SuperblockV07): readonly string[] {
  const choose = (mask: number, yes: string, no: string): string => (hasFlags(superblock.flags, mask) ? yes : no);
  const counts = [superblock.humanCount, superblock.timeoutCount, superblock.connectedCount, superblock.arbitraryCount];
  const cells = [
    choose(MdFlag.consistent, '1/c', '0/i'),
    ...counts.map((count) => String(count).padStart(3)),
    choose(MdFlag.primaryInd, '1/p', '0/s'),
    choose(MdFlag.connectedInd, '1/c', '0/n'),
    choose(MdFlag.fullSync, '1/y', '0/n'),
  ];
  return [
    '',
    '                                        WantFullSync |',
    '                                  ConnectedInd |     |',
    '                               lastState |     |     |',
    '                      ArbitraryCnt |     |     |     |',
    '                ConnectedCnt |     |     |     |     |',
    '            TimeoutCnt |     |     |     |     |     |',
    '        HumanCnt |     |     |     |     |     |     |',
    'Consistent |     |     |     |     |     |     |     |',
    '   --------+-----+-----+-----+-----+-----+-----+-----+',
    `       ${cells.join(' | ')}  `,
  ];
}

function sizeLines(superblock: AnySuperblock): readonly string[] {
  const { effectiveSizeSectors } = superblock;
  if (effectiveSizeSectors === 0) return ['zero size device -- never seen peer yet?'];
  const size = `last agreed size: ${sizeText(effectiveSizeSectors / 2)} (${effectiveSizeSectors} sectors)`;
  return superblock.kind === 'v07' ? [size] : [size, `last agreed max bio size: ${superblock.laPeerMaxBioSize} Byte`];
}
