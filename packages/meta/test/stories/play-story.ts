/** Plays a recorded story on a stage: devices, and the program that works on them. */
import type { RunStep, Story } from './story';

/** What a run gave, in the form in which it was recorded. */
export type RunResult = Pick<RunStep, 'rc' | 'stdout' | 'stderr' | 'lkbd' | 'images'>;

export interface PlayedStep {
  readonly number: number;
  readonly expected: RunStep;
  readonly result: RunResult;
}

export interface StoryStage {
  poke(image: string, offsetBytes: number, bytes: Buffer): void;
  resize(image: string, sizeBytes: number): void;
  /** Text files beside the images, as latin1. */
  writeFile(name: string, text: string): void;
  readFile(name: string): string;
  /** Of the last run. */
  readonly lastStdout: string;
  run(step: RunStep): Promise<RunResult>;
  close(): void;
}

export async function playStory(story: Story, stage: StoryStage): Promise<readonly PlayedStep[]> {
  try {
    const played: PlayedStep[] = [];
    for (const [number, step] of story.steps.entries()) {
      if ('run' in step) played.push({ number, expected: step, result: await stage.run(step) });
      else if ('poke' in step) stage.poke(step.poke, step.offset, repeated(step.hex, step.repeat ?? 1));
      else if ('resize' in step) stage.resize(step.resize, step.size);
      else if ('file' in step) stage.writeFile(step.file, step.text);
      else if ('save' in step) stage.writeFile(step.save, stage.lastStdout);
      else stage.writeFile(step.edit, stage.readFile(step.edit).replaceAll(step.from, step.to));
    }
    return played;
  } finally {
    stage.close();
  }
}

const repeated = (hex: string, count: number): Buffer => Buffer.from(hex.repeat(count), 'hex');

const PARTS = ['rc', 'stdout', 'stderr', 'lkbd', 'images'] as const;
export type Part = (typeof PARTS)[number];

/** The parts in which a step differs, each with what was wanted and what came. */
export function differences({ expected, result }: PlayedStep) {
  const of = (step: RunResult) => ({ ...step, images: step.images.map(({ blocks }) => blocks) });
  const want = of(expected);
  const got = of(result);
  return PARTS.filter((part) => JSON.stringify(want[part]) !== JSON.stringify(got[part])).map((part) => ({
    part,
    want: want[part],
    got: got[part],
  }));
}
