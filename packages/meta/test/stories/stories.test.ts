/**
 * The recorded stories of drbdmeta 9.34, played with tsdrbdmeta: exit code, both outputs, the last-known file and
 * every byte of the images after each step.
 */
import { DEVIATIONS, PROCESS_DEVIATIONS } from './deviations';
import { expectAsRecorded } from './expect-as-recorded';
import { MemoryStage } from './memory-stage';
import { playStory } from './play-story';
import { STORIES } from './recorded-stories';

test.each(STORIES.map((story) => [story.name, story.what, story] as const))('%s: %s', async (_name, _what, story) => {
  expectAsRecorded(story, await playStory(story, new MemoryStage(story)), DEVIATIONS);
});

test('every deviation belongs to a step that exists', () => {
  for (const { story, step } of [...DEVIATIONS, ...PROCESS_DEVIATIONS]) {
    expect(STORIES.find(({ name }) => name === story)?.steps[step]).toHaveProperty('run');
  }
});
