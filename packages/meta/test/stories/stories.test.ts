/**
 * The recorded stories of drbdmeta 9.34, played with tsdrbdmeta: exit code, both outputs, the last-known file and
 * every byte of the images after each step.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DEVIATIONS } from './deviations';
import { playStory, type PlayedStep } from './play-story';
import type { Story } from './story';

const stories = gunzipSync(readFileSync(join(__dirname, '../golden/drbdmeta-9.34-stories.jsonl.gz')))
  .toString('utf8')
  .split('\n')
  .map((line) => JSON.parse(line) as Story);

const PARTS = ['rc', 'stdout', 'stderr', 'lkbd', 'images'] as const;

/** The parts in which a step differs, each with what was wanted and what came. */
function differences({ expected, result }: PlayedStep) {
  const of = (step: PlayedStep['result']) => ({ ...step, images: step.images.map(({ blocks }) => blocks) });
  const want = of(expected);
  const got = of(result);
  return PARTS.filter((part) => JSON.stringify(want[part]) !== JSON.stringify(got[part])).map((part) => ({
    part,
    want: want[part],
    got: got[part],
  }));
}

test.each(stories.map((story) => [story.name, story.what, story] as const))('%s: %s', async (name, _what, story) => {
  for (const step of await playStory(story)) {
    const found = differences(step);
    const deviation = DEVIATIONS.find((d) => d.story === name && d.step === step.number);
    const at = `step ${step.number}: ${step.expected.run.join(' ')}`;
    if (deviation === undefined) expect({ at, found }).toEqual({ at, found: [] });
    else expect({ at, parts: found.map(({ part }) => part) }).toEqual({ at, parts: deviation.parts });
  }
});

test('every deviation belongs to a step that exists', () => {
  for (const { story, step } of DEVIATIONS) {
    expect(stories.find(({ name }) => name === story)?.steps[step]).toHaveProperty('run');
  }
});
