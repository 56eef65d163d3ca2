/** Plays a recorded story with the program, in this process, on devices in memory. */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { CliIo } from '@tsdrbd/config';
import { OpenError } from '../../src/device/meta-device';
import { run } from '../../src/run';
import type { MetaSystem } from '../../src/system';
import { SparseImage } from './sparse-image';
import type { RunStep, Story } from './story';

/** What a run gave, in the form in which it was recorded. */
export type RunResult = Pick<RunStep, 'rc' | 'stdout' | 'stderr' | 'lkbd' | 'images'>;

export interface PlayedStep {
  readonly number: number;
  readonly expected: RunStep;
  readonly result: RunResult;
}

export async function playStory(story: Story): Promise<readonly PlayedStep[]> {
  const stage = new Stage(story);
  try {
    const played: PlayedStep[] = [];
    for (const [number, step] of story.steps.entries()) {
      if ('run' in step) played.push({ number, expected: step, result: await stage.run(step) });
      else if ('poke' in step) stage.image(step.poke).write(step.offset, repeated(step.hex, step.repeat ?? 1));
      else if ('resize' in step) stage.image(step.resize).resize(step.size);
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

class Stage {
  private readonly directory = mkdtempSync(join(tmpdir(), 'tsdrbdmeta-story-'));
  private readonly lastKnownDirectory = join(this.directory, 'lkbd');
  private readonly images: ReadonlyMap<string, SparseImage>;
  lastStdout = '';

  constructor(private readonly story: Story) {
    this.images = new Map(Object.entries(story.images).map(([name, { size }]) => [name, new SparseImage(size)]));
  }

  image(name: string): SparseImage {
    const image = this.images.get(name);
    if (image === undefined) throw new Error(`no image ${name}`);
    return image;
  }

  writeFile(name: string, text: string): void {
    writeFileSync(join(this.directory, name), text, 'latin1');
  }

  readFile(name: string): string {
    return readFileSync(join(this.directory, name), 'latin1');
  }

  close(): void {
    rmSync(this.directory, { recursive: true });
  }

  async run(step: RunStep): Promise<RunResult> {
    const stdout = new Collector();
    const stderr = new Collector();
    const argv = step.run.map((word) => word.replace(/@([\w.-]+)@/g, (_, name: string) => join(this.directory, name)));
    const io: CliIo = {
      env: { TZ: 'UTC' },
      cwd: this.directory,
      stdin: this.stdinOf(step),
      stdout,
      stderr,
      now: () => 1_800_000_000_000,
    };
    const rc = await run(argv, io, this.system(step));
    this.lastStdout = stdout.text();
    const minor = step.run.find((word) => /^6\d\d\d$/.test(word));
    return {
      rc,
      stdout: step.binary === true ? `sha256:${stdout.sha256()}` : this.tidy(stdout.text()),
      stderr: this.tidy(stderr.text()),
      lkbd: minor === undefined ? null : this.lastKnown(minor),
      images: step.images.map(({ image }) => ({
        image,
        size: this.image(image).sizeBytes,
        blocks: this.image(image).digest(
          (step.mask ?? []).filter(([masked]) => masked === image).map(([, offset, length]) => [offset, length]),
        ),
      })),
    };
  }

  private stdinOf(step: RunStep): CliIo['stdin'] {
    if (step.tty !== undefined) return Object.assign(Readable.from([Buffer.from(step.tty)]), { isTTY: true });
    return Readable.from(step.stdin === undefined ? [] : [this.readFile(step.stdin)]);
  }

  private system(step: RunStep): MetaSystem {
    return {
      programName: 'drbdmeta',
      hostName: 'alice',
      regularFiles: 'refused-unless-forced',
      stateDirectory: this.lastKnownDirectory,
      open: (path) => {
        const [name, definition] =
          Object.entries(this.story.images).find(([image]) => join(this.directory, image) === path) ?? [];
        if (name === undefined) throw new OpenError('ENOENT', 'No such file or directory');
        return this.image(name).asDevice(path, definition?.kind === 'file' ? 'file' : 'block');
      },
      lockMinor: async () => ({ release: () => undefined }),
      diskState: async () => step.attached ?? null,
      minorAttachedTo: async () => null,
      randomUuid: () => 0x0123456789abcdeen,
    };
  }

  private lastKnown(minor: string): string | null {
    const path = join(this.lastKnownDirectory, `drbd-minor-${minor}.lkbd`);
    return existsSync(path) ? this.tidy(readFileSync(path, 'latin1')) : null;
  }

  /** The same replacements as when it was recorded. */
  private tidy(text: string): string {
    let result = text;
    for (const name of this.images.keys()) result = result.replaceAll(join(this.directory, name), `@${name}@`);
    return result
      .replaceAll(`${this.lastKnownDirectory}/`, '@LKBD@/')
      .replaceAll(`${this.directory}/`, '')
      .replace(/^# \d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4} \[\d+\]$/gm, '# @TIME@')
      .replace(/^# [^\s>]+> /gm, '# @HOST@> ')
      .replace(/"dump_(time_utc|host)": *"[^"]*"/g, '"dump_$1": "@$1@"');
  }
}

/** Text and bytes, kept as bytes. */
class Collector {
  private readonly parts: Buffer[] = [];
  write(chunk: string | Uint8Array): void {
    this.parts.push(typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : Buffer.from(chunk));
  }
  text(): string {
    return Buffer.concat(this.parts).toString('latin1');
  }
  sha256(): string {
    return createHash('sha256').update(Buffer.concat(this.parts)).digest('hex');
  }
}
