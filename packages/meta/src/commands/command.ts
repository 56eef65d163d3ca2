import type { MetaContext } from '../context';
import { MetaArea, type FoundMetadata } from '../meta-area';
import { EXIT } from '../meta-exit';

/** Returns the exit code. Errors: MetaExit. */
export type Command = (context: MetaContext) => Promise<number>;

/** Opens the device for the time of `work`, which also decides what happens when the metadata is not there. */
export async function withArea(context: MetaContext, work: (area: MetaArea) => Promise<number>): Promise<number> {
  const area = await MetaArea.open(context);
  try {
    return await work(area);
  } finally {
    area.close();
  }
}

/**
 * For commands that need metadata in its proper place. `silent` ones say nothing when there is none; both fail
 * (metadata.md 6.6).
 */
export function withMetadata(
  noise: 'loud' | 'silent',
  work: (context: MetaContext, area: MetaArea, found: FoundMetadata) => Promise<number>,
): Command {
  return (context) =>
    withArea(context, async (area) => {
      const finding = area.find();
      if (finding.kind === 'in-place') return work(context, area, finding);
      if (noise === 'loud') context.err('No valid meta data found');
      return EXIT.failed;
    });
}
