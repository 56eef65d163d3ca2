/**
 * Where tsdrbdmeta differs from the recorded drbdmeta 9.34 on purpose: story, step, what differs, why.
 * A step that is not listed must be equal; a listed one must differ in exactly these parts.
 */
import type { Part } from './play-story';

export interface Deviation {
  readonly story: string;
  readonly step: number;
  readonly parts: readonly Part[];
  readonly why: string;
}

const COUNT_OF_MARKED =
  'the original prints "Marked additional 0 KB" for block sizes up to 128 KiB; we print the amount';
const LAST_EXTENT =
  'the original loses an extent whose bits end exactly where the bitmap ends (metadata.md T16): data would differ silently';
const DRY_RUN = 'the original removes the last-known file with --dry-run (metadata.md T20); a dry run changes nothing';
const EARLY_CHECK = 'a wrong --initial-current-uuid is refused before, not after, log and bitmap were overwritten';
const ASSERTION = 'the original prints a failed assertion of its source for a gap in the sequence numbers, and goes on';

export const DEVIATIONS: readonly Deviation[] = [
  ...markedOnly('apply-al-block-size-64k', 3),
  ...markedOnly('apply-al-context', 5),
  ...markedOnly('apply-al-corrupt-one', 6),
  ...markedOnly('apply-al-crashed-primary', 4),
  ...markedOnly('apply-al-external', 4),
  ...markedOnly('apply-al-full-ring', 11),
  ...markedOnly('apply-al-large-blocks', 4),
  ...markedOnly('apply-al-n-updates-odd', 5),
  ...markedOnly('apply-al-pmem-format', 11),
  ...markedOnly('apply-al-sequence-wrap', 10),
  ...markedOnly('apply-al-slot-out-of-range', 5),
  ...markedOnly('apply-al-stripes', 8),
  ...markedOnly('apply-al-two-transactions', 6),
  { story: 'apply-al-sequence-gap', step: 7, parts: ['stderr'], why: `${ASSERTION}; and ${COUNT_OF_MARKED}` },
  ...lastExtent('apply-al-beyond-end'),
  ...lastExtent('apply-al-last-extent-128M'),
  ...lastExtent('apply-al-many-updates'),
  { story: 'create-v09-initial-uuid', step: 9, parts: ['stdout', 'stderr'], why: EARLY_CHECK },
  { story: 'create-v09-initial-uuid', step: 10, parts: ['stdout', 'stderr'], why: EARLY_CHECK },
  { story: 'dry-run', step: 7, parts: ['lkbd'], why: DRY_RUN },
  { story: 'dry-run', step: 8, parts: ['lkbd'], why: DRY_RUN },
  { story: 'dry-run', step: 9, parts: ['lkbd'], why: DRY_RUN },
];

const FILES =
  'tsdrbd keeps data in regular files as a matter of course: they need no --force, and nothing is said of ioctls that only ' +
  'block devices know. In the test in memory they are treated as drbdmeta treats them';

/** Where the program differs when it is a process of its own, besides. */
export const PROCESS_DEVIATIONS: readonly Deviation[] = [
  ...[0, 1, 2, 3].map((step): Deviation => ({ story: 'file-external', step, parts: ['stderr'], why: FILES })),
  // Without --force, create-md and dstate are done instead of refused.
  { story: 'plain-file', step: 0, parts: ['rc', 'stdout', 'stderr', 'lkbd', 'images'], why: FILES },
  { story: 'plain-file', step: 2, parts: ['rc', 'stdout', 'stderr'], why: FILES },
  ...[1, 3, 4, 5, 6, 7].map((step): Deviation => ({ story: 'plain-file', step, parts: ['stderr'], why: FILES })),
];

function markedOnly(story: string, step: number): readonly Deviation[] {
  return [{ story, step, parts: ['stderr'], why: COUNT_OF_MARKED }];
}

/** apply-al, the dump after it, and two steps that find the bitmap as apply-al left it. */
function lastExtent(story: string): readonly Deviation[] {
  return [
    { story, step: 4, parts: ['stderr', 'images'], why: LAST_EXTENT },
    { story, step: 5, parts: ['stdout', 'images'], why: LAST_EXTENT },
    { story, step: 6, parts: ['images'], why: LAST_EXTENT },
    { story, step: 7, parts: ['images'], why: LAST_EXTENT },
  ];
}
