/**
 * The recorded stories of drbdmeta 9.34, played with tsdrbdmeta: exit code, both outputs, the last-known file and
 * every byte of the images after each step.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { playStory, type PlayedStep } from './play-story';
import type { Story } from './story';

const stories = gunzipSync(readFileSync(join(__dirname, '../golden/drbdmeta-9.34-stories.jsonl.gz')))
  .toString('utf8')
  .split('\n')
  .map((line) => JSON.parse(line) as Story);

let stepCount = 0;
let equalCount = 0;
const lines: string[] = [];

function differences({ expected, result }: PlayedStep): readonly string[] {
  return (['rc', 'stdout', 'stderr', 'lkbd', 'images'] as const).filter(
    (key) =>
      JSON.stringify(key === 'images' ? result.images.map((i) => i.blocks) : result[key]) !==
      JSON.stringify(key === 'images' ? expected.images.map((i) => i.blocks) : expected[key]),
  );
}

test.each(stories.map((story) => [story.name, story] as const))('%s', async (name, story) => {
  const played = await playStory(story);
  for (const step of played) {
    stepCount++;
    const different = differences(step);
    if (different.length === 0) {
      equalCount++;
      continue;
    }
    lines.push(`--- ${name} ${step.number} ${step.expected.run.join(' ')}: ${different.join(',')}`);
    for (const key of different) {
      if (key === 'images') continue;
      const k = key as 'rc' | 'stdout' | 'stderr' | 'lkbd';
      const want = String(step.expected[k]).split('\n');
      const got = String(step.result[k]).split('\n');
      const i = want.findIndex((line, n) => line !== got[n]);
      const at = i < 0 ? want.length : i;
      lines.push(`     ${k} line ${at}: want ${JSON.stringify(want[at])} got ${JSON.stringify(got[at])}`);
    }
  }
});

afterAll(() => {
  console.log(`${stepCount} steps, ${equalCount} equal\n${lines.slice(0, 150).join('\n')}`);
});
