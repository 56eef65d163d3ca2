/** The recorded stories of drbdmeta 9.34 again, with the built program as a process of its own on real devices. */
import { hasLoopDevices, isInstalled } from '../support/loop-device';
import { DEVIATIONS, PROCESS_DEVIATIONS } from './deviations';
import { expectAsRecorded } from './expect-as-recorded';
import { playStory, type PlayedStep } from './play-story';
import { ProcessStage } from './process-stage';
import { STORIES } from './recorded-stories';

const canRun = hasLoopDevices && isInstalled('script');
const maybe = canRun ? test : test.skip;

describe(canRun ? 'as processes' : 'as processes (skipped: needs root, losetup and script)', () => {
  /** Most of the time a process waits for its start: several stories at a time. */
  const PLAYERS = 3;
  const played = new Map<string, Promise<readonly PlayedStep[]>>();
  const counts = { equal: 0, different: 0 };

  beforeAll(async () => {
    if (!canRun) return;
    const waiting = [...STORIES];
    const player = async (): Promise<void> => {
      for (let story = waiting.shift(); story !== undefined; story = waiting.shift()) {
        const playing = playStory(story, new ProcessStage(story));
        played.set(story.name, playing);
        // Its own test tells what went wrong.
        await playing.catch(() => undefined);
      }
    };
    await Promise.all(Array.from({ length: PLAYERS }, player));
  }, 1_200_000);

  maybe.each(STORIES.map((story) => [story.name, story.what, story] as const))('%s: %s', async (name, _what, story) => {
    const steps = await played.get(name);
    const { equalCount, differentCount } = expectAsRecorded(story, steps ?? [], [...DEVIATIONS, ...PROCESS_DEVIATIONS]);
    counts.equal += equalCount;
    counts.different += differentCount;
  });

  maybe('all steps were played, and as many differ as are listed', () => {
    const runs = STORIES.flatMap(({ steps }) => steps).filter((step) => 'run' in step).length;
    console.info(`${runs} steps, ${counts.equal} equal, ${counts.different} different for a listed reason`);
    const different = DEVIATIONS.length + PROCESS_DEVIATIONS.length;
    expect(counts).toEqual({ equal: runs - different, different });
  });
});
