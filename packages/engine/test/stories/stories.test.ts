/**
 * Each story that was recorded from two kernel nodes, re-enacted by two of ours: the same states in the same order, the
 * same sync source by the same rule, the same movement of UUIDs, the same KiB resynced, the same refusals and data.
 */
import { KNOWN_DIFFERENCES } from './known-differences';
import { playStory } from './play-story';
import { recordedStory, storyNames } from './recorded-story';

test.each(storyNames())('%s', (name) => {
  const { differences, log } = playStory(recordedStory(name));
  if (process.env['TSDRBD_STORY_LOG'] !== undefined) process.stderr.write(`${log.join('\n')}\n`);
  const known = KNOWN_DIFFERENCES.filter(({ stories }) => stories.includes(name));
  expect(differences.filter((line) => !known.some(({ pattern }) => pattern.test(line)))).toEqual([]);
  const outOfDate = known.filter(({ pattern }) => !differences.some((line) => pattern.test(line)));
  expect(outOfDate.map(({ reason }) => `no longer seen: ${reason}`)).toEqual([]);
});

test('every story is there, and every known difference belongs to one', () => {
  expect(storyNames()).toHaveLength(32);
  const names = new Set(storyNames());
  expect(KNOWN_DIFFERENCES.flatMap(({ stories }) => stories).filter((name) => !names.has(name))).toEqual([]);
});
