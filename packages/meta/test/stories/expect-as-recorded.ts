import type { Deviation } from './deviations';
import { differences, type PlayedStep } from './play-story';
import type { Story } from './story';

/** Each step is as it was recorded, or differs in just those parts that are listed for it. */
export function expectAsRecorded(
  story: Story,
  played: readonly PlayedStep[],
  deviations: readonly Deviation[],
): { readonly equalCount: number; readonly differentCount: number } {
  let differentCount = 0;
  for (const step of played) {
    const found = differences(step);
    if (found.length > 0) differentCount++;
    const deviation = deviations.find((d) => d.story === story.name && d.step === step.number);
    const at = `step ${step.number}: ${step.expected.run.join(' ')}`;
    if (deviation === undefined) expect({ at, found }).toEqual({ at, found: [] });
    else expect({ at, parts: found.map(({ part }) => part) }).toEqual({ at, parts: deviation.parts });
  }
  return { equalCount: played.length - differentCount, differentCount };
}
